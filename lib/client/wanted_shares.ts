/**
 * How the bandwidth is to be shared. Pure.
 *
 * @module
 */
import { PRIORITIES, type Priority } from "./events.ts";
import { WEIGHTS } from "./scheduler.ts";

/**
 * The share of the bandwidth, 0 to 1, that each priority gets together while files of these
 * compete; all 0 if none does.
 *
 * @param files How many files of each priority have something to ask for.
 */
export function wantedShares(files: Readonly<Record<Priority, number>>): Record<Priority, number> {
  const weights = PRIORITIES.map((priority) => files[priority] > 0 ? WEIGHTS[priority] : 0);
  const total = Math.max(1, weights.reduce((sum, weight) => sum + weight, 0));
  const [CRITICAL = 0, HIGH = 0, NORMAL = 0] = weights.map((weight) => weight / total);
  return { CRITICAL, HIGH, NORMAL };
}
