/**
 * When will each file be complete? The schedule of `scheduler.ts` as a fluid, at a steady rate. Pure.
 *
 * Priorities that compete share the rate by their weights, and the active files of one priority
 * share its part equally. A file that waits begins when an active one of its priority ends.
 *
 * @module
 */
import { perPriority, PRIORITIES, type Priority, WEIGHTS } from "../priority.ts";

/** A file with bytes to receive. */
export interface PendingFile {
  readonly priority: Priority;
  /** Bytes to receive. */
  readonly left: number;
}

/** A file, and the bytes that its priority has received when it is complete. */
interface Finish<F> {
  readonly file: F;
  readonly work: number;
}

/** The files of one priority, in the order in which they will be complete. */
interface Lane<F> {
  readonly weight: number;
  readonly finishes: readonly Finish<F>[];
  /** The number of files that are complete. */
  next: number;
  /** Bytes received. */
  done: number;
}

/**
 * Computes when each file will be complete, in O(n log n).
 *
 * @param files The files in the order in which they begin.
 * @param rate Bytes per second of all files together, more than 0.
 * @param maxActive The maximum number of active files of one priority.
 * @returns Milliseconds from now, by file.
 */
export function forecast<F extends PendingFile>(
  files: Iterable<F>,
  rate: number,
  maxActive: number,
): Map<F, number> {
  const groups = perPriority((): F[] => []);
  for (const file of files) groups[file.priority].push(file);
  const lanes = PRIORITIES.map((priority): Lane<F> => ({
    weight: WEIGHTS[priority],
    finishes: finishesOf(groups[priority], maxActive),
    next: 0,
    done: 0,
  }));
  const times = new Map<F, number>();
  let now = 0;
  for (let open = openOf(lanes); open.length > 0; open = openOf(lanes)) {
    const weights = open.reduce((sum, { weight }) => sum + weight, 0);
    const rateOf = ({ weight }: Lane<F>) => rate * weight / weights / 1000;
    const untilEmpty = (lane: Lane<F>) => (lane.finishes.at(-1)!.work - lane.done) / rateOf(lane);
    const span = Math.min(...open.map(untilEmpty));
    for (const lane of open) {
      // The lane that ends the span is empty, whatever the rounding.
      const end = untilEmpty(lane) <= span ? Infinity : lane.done + span * rateOf(lane);
      for (; lane.next < lane.finishes.length; lane.next++) {
        const { file, work } = lane.finishes[lane.next]!;
        if (work > end) break;
        times.set(file, now + (work - lane.done) / rateOf(lane));
      }
      lane.done = end;
    }
    now += span;
  }
  return times;
}

function openOf<F>(lanes: readonly Lane<F>[]): Lane<F>[] {
  return lanes.filter(({ next, finishes }) => next < finishes.length);
}

/** The order in which the files of one priority are complete, while each active one gets as much. */
function finishesOf<F extends PendingFile>(files: readonly F[], maxActive: number): Finish<F>[] {
  /** A binary heap of active files by the bytes per file at which each is complete. */
  const active: { readonly file: F; readonly at: number }[] = [];
  const finishes: Finish<F>[] = [];
  let perFile = 0;
  let work = 0;
  let next = 0;
  const begin = () => push(active, { file: files[next]!, at: perFile + files[next++]!.left });
  while (next < files.length && active.length < maxActive) begin();
  while (active.length > 0) {
    const { file, at } = active[0]!;
    work += (at - perFile) * active.length;
    perFile = at;
    finishes.push({ file, work });
    pop(active);
    if (next < files.length) begin();
  }
  return finishes;
}

function push<T extends { readonly at: number }>(heap: T[], item: T): void {
  let index = heap.length;
  for (heap.push(item); index > 0;) {
    const parent = (index - 1) >> 1;
    if (heap[parent]!.at <= item.at) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = item;
}

/** Removes the first item. */
function pop<T extends { readonly at: number }>(heap: T[]): void {
  const item = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
    if (heap[child]!.at >= item.at) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = item;
}
