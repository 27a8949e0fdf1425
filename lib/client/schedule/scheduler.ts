/**
 * Which chunk next? The decision that makes priorities count. Pure.
 *
 * The schedule room decides which file gets the next request and how much is in flight. Its parts:
 * this file (which file next), `request_window.ts` (how much in flight, in chunks of which size),
 * `share_meter.ts` (which shares the priorities received), and `forecast.ts` (when each file will be
 * complete). All are pure: no I/O, no clock. The
 * room `engine` imports it; it imports only `priority.ts` and `events.ts`.
 *
 * Fair queueing at two levels, each by virtual time (Parekh and Gallager's generalized processor
 * sharing, in the start-time form of Goyal, Vin and Cheng). A priority's virtual time is the bytes
 * charged to it divided by its weight; the priority with the least virtual time is next. Within it,
 * the file with the fewest bytes charged is next. A file or priority that joins starts at the
 * present virtual time: it neither catches up on the past nor is in debt. So the shares are exact
 * to the chunk whenever the same files compete, and no file starves.
 *
 * @module
 */
import { perPriority, PRIORITIES, type Priority, WEIGHTS } from "../priority.ts";

/** The maximum number of active files of one priority; the others of it wait. */
export const MAX_ACTIVE_FILES = 512;

interface ScheduledFile<F> {
  readonly file: F;
  readonly queue: Queue<F>;
  /** Bytes charged, on top of the queue's `fileVirtualTime` when the file joined. */
  virtualTime: number;
  /** Position in the order of joining, which breaks ties. */
  readonly order: number;
  /** Index in the queue's heap. */
  index: number;
}

/** The files of one priority. */
interface Queue<F> {
  readonly weight: number;
  /** A binary heap with the least virtual time first. */
  readonly heap: ScheduledFile<F>[];
  /** Bytes charged to the priority, divided by its weight. */
  virtualTime: number;
  /** The virtual time at which files join. */
  fileVirtualTime: number;
}

/** Decides which file the next chunk is requested from. */
export class Scheduler<F> {
  readonly #entries = new Map<F, ScheduledFile<F>>();
  readonly #queues = perPriority<Queue<F>>((priority) => ({
    weight: WEIGHTS[priority],
    heap: [],
    virtualTime: 0,
    fileVirtualTime: 0,
  }));
  /** Virtual time of the priority that was charged last, at which priorities join. */
  #virtualTime = 0;
  #joinCount = 0;
  /** Cached, since it is read for each chunk. */
  #competing: readonly Priority[] = [];

  /** Whether the scheduler has a file. */
  has(file: F): boolean {
    return this.#entries.has(file);
  }

  /** The priorities that have files, most urgent first. */
  get competing(): readonly Priority[] {
    return this.#competing;
  }

  /** Adds a file, or moves it to another priority. */
  add(file: F, priority: Priority): void {
    const queue = this.#queues[priority];
    const present = this.#entries.get(file);
    if (present?.queue === queue) return;
    if (present) this.remove(file);
    if (queue.heap.length === 0) queue.virtualTime = Math.max(queue.virtualTime, this.#virtualTime);
    const entry = {
      file,
      queue,
      virtualTime: queue.fileVirtualTime,
      order: this.#joinCount++,
      index: queue.heap.length,
    };
    this.#entries.set(file, entry);
    queue.heap.push(entry);
    siftUp(queue.heap, entry.index);
    if (queue.heap.length === 1) this.#updateCompeting();
  }

  /** Removes a file, if it is there. */
  remove(file: F): void {
    const entry = this.#entries.get(file);
    if (!entry) return;
    this.#entries.delete(file);
    const { queue, queue: { heap } } = entry;
    // Otherwise a file removed and added again after each chunk would always be first.
    queue.fileVirtualTime = Math.max(queue.fileVirtualTime, entry.virtualTime);
    const last = heap.pop()!;
    if (heap.length === 0) this.#updateCompeting();
    if (last === entry) return;
    heap[entry.index] = last;
    last.index = entry.index;
    siftUp(heap, last.index);
    siftDown(heap, last.index);
  }

  #updateCompeting(): void {
    this.#competing = PRIORITIES.filter((priority) => this.#queues[priority].heap.length > 0);
  }

  /** The file to request the next chunk from, or undefined if there is none. */
  next(): F | undefined {
    let best: Queue<F> | undefined;
    for (const priority of PRIORITIES) {
      const queue = this.#queues[priority];
      if (queue.heap.length > 0 && (!best || queue.virtualTime < best.virtualTime)) best = queue;
    }
    return best?.heap[0]?.file;
  }

  /**
   * Charges requested bytes to a file; does nothing if the scheduler does not have it.
   */
  charge(file: F, bytes: number): void {
    const entry = this.#entries.get(file);
    if (!entry) return;
    const { queue } = entry;
    this.#virtualTime = queue.virtualTime;
    queue.virtualTime += bytes / queue.weight;
    queue.fileVirtualTime = Math.max(queue.fileVirtualTime, entry.virtualTime);
    entry.virtualTime += bytes;
    siftDown(queue.heap, entry.index);
  }

  /** Takes back the charge of bytes that are not received; only of a file that is there. */
  refund(file: F, bytes: number): void {
    const entry = this.#entries.get(file);
    if (!entry) return;
    const { queue } = entry;
    queue.virtualTime -= bytes / queue.weight;
    entry.virtualTime -= bytes;
    siftUp(queue.heap, entry.index);
  }
}

function isBefore<F>(a: ScheduledFile<F>, b: ScheduledFile<F>): boolean {
  return a.virtualTime < b.virtualTime || (a.virtualTime === b.virtualTime && a.order < b.order);
}

function siftUp<F>(heap: ScheduledFile<F>[], index: number): void {
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(heap[index]!, heap[parent]!)) return;
    swap(heap, index, parent);
    index = parent;
  }
}

function siftDown<F>(heap: ScheduledFile<F>[], index: number): void {
  for (;;) {
    let first = index;
    for (const child of [2 * index + 1, 2 * index + 2]) {
      if (child < heap.length && isBefore(heap[child]!, heap[first]!)) first = child;
    }
    if (first === index) return;
    swap(heap, index, first);
    index = first;
  }
}

function swap<F>(heap: ScheduledFile<F>[], i: number, j: number): void {
  const entry = heap[i]!;
  heap[i] = heap[j]!;
  heap[j] = entry;
  heap[i].index = i;
  entry.index = j;
}
