/**
 * The priorities of files, and how those that compete share the bandwidth: 10 : 4 : 1. Pure.
 *
 * @module
 */

/** The priorities, most urgent first. */
export const PRIORITIES = ["CRITICAL", "HIGH", "NORMAL"] as const;

/** How urgent a file is. */
export type Priority = typeof PRIORITIES[number];

/** The priority that a word names, in any case; undefined if it names none. */
export function priorityOf(word: string): Priority | undefined {
  return PRIORITIES.find((known) => known === word.toUpperCase());
}

/** Makes one value for each priority. */
export function perPriority<T>(make: (priority: Priority) => T): Record<Priority, T> {
  return { CRITICAL: make("CRITICAL"), HIGH: make("HIGH"), NORMAL: make("NORMAL") };
}

/** How bandwidth is shared between priorities that compete. */
export const WEIGHTS: Readonly<Record<Priority, number>> = { CRITICAL: 10, HIGH: 4, NORMAL: 1 };

/**
 * The share of the bandwidth, 0 to 1, that each priority gets together while files of these
 * compete; all 0 if there are no such files.
 *
 * @param files How many files of each priority have chunks to request.
 */
export function expectedShares(
  files: Readonly<Record<Priority, number>>,
): Record<Priority, number> {
  const weights = PRIORITIES.map((priority) => files[priority] > 0 ? WEIGHTS[priority] : 0);
  const total = Math.max(1, weights.reduce((sum, weight) => sum + weight, 0));
  const [CRITICAL = 0, HIGH = 0, NORMAL = 0] = weights.map((weight) => weight / total);
  return { CRITICAL, HIGH, NORMAL };
}
