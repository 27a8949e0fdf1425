import assert from "node:assert/strict";
import { PRIORITIES, type Priority } from "../../lib/client/priority.ts";
import { Scheduler } from "../../lib/client/schedule/scheduler.ts";
import { WEIGHTS } from "../../lib/client/priority.ts";

/** About how many chunks a line carries in a second. */
export const SECOND = 64;
export const CHUNK = 256 * 1024;

/** A file as the scheduler sees it: any value with an identity. */
export interface File {
  readonly priority: Priority;
}

export interface Given {
  readonly file: File;
  readonly bytes: number;
}

export function join(scheduler: Scheduler<File>, priority: Priority, count: number): File[] {
  const files = Array.from({ length: count }, () => ({ priority }));
  for (const file of files) scheduler.add(file, priority);
  return files;
}

/** Takes that many chunks from the scheduler. */
export function run(
  scheduler: Scheduler<File>,
  chunks: number,
  sizeOf: (file: File) => number = () => CHUNK,
): Given[] {
  return Array.from({ length: chunks }, () => {
    const file = scheduler.next()!;
    const bytes = sizeOf(file);
    scheduler.charge(file, bytes);
    return { file, bytes };
  });
}

export function bytesOf(given: readonly Given[], counts: (file: File) => boolean): number {
  return given.reduce((sum, { file, bytes }) => sum + (counts(file) ? bytes : 0), 0);
}

/** Asserts that each priority has its share by weight, within a fraction of the total. */
export function assertShares(
  given: readonly Given[],
  priorities: readonly Priority[] = PRIORITIES,
  within = 0.02,
): void {
  const total = bytesOf(given, () => true);
  const weights = priorities.reduce((sum, priority) => sum + WEIGHTS[priority], 0);
  for (const priority of priorities) {
    const share = bytesOf(given, (file) => file.priority === priority) / total;
    const expected = WEIGHTS[priority] / weights;
    assert.ok(Math.abs(share - expected) <= within, `${priority} has ${share}, not ${expected}`);
  }
}
