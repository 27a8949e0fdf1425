/**
 * Which chunk next? The one decision from which priorities follow. Pure.
 *
 * Fair queueing at two levels, each by virtual time (Parekh and Gallager's generalized processor
 * sharing, in the start-time form of Goyal, Vin and Cheng). A priority's virtual time is the bytes
 * that it was given divided by its weight; the priority that is furthest behind is next. Within
 * it, the file that was given the fewest bytes is next. Whoever joins, joins at the present
 * virtual time: it neither catches up on the past nor is owed to. So the shares are exact to the
 * chunk whenever the same files compete, and nobody starves.
 *
 * @module
 */
import { perPriority, PRIORITIES, type Priority, WEIGHTS } from "../priority.ts";

interface ScheduledFile<F> {
  readonly file: F;
  readonly queue: Queue<F>;
  /** Bytes given, counted from the queue's time when the file joined. */
  virtualTime: number;
  /** Order of joining: equal times are served in it. */
  readonly order: number;
  /** Where it stands in the queue's heap. */
  index: number;
}

/** The files of one priority. */
interface Queue<F> {
  readonly weight: number;
  /** A binary heap: the file that was given least first. */
  readonly heap: ScheduledFile<F>[];
  /** Bytes given to the priority, divided by its weight. */
  virtualTime: number;
  /** Where files that join begin. */
  fileVirtualTime: number;
}

/** Decides which file the next chunk is asked of. */
export class Scheduler<F> {
  readonly #entries = new Map<F, ScheduledFile<F>>();
  readonly #queues = perPriority<Queue<F>>((priority) => ({
    weight: WEIGHTS[priority],
    heap: [],
    virtualTime: 0,
    fileVirtualTime: 0,
  }));
  /** The time of the priority that was served last: where priorities that join begin. */
  #virtualTime = 0;
  #joined = 0;
  /** Remembered: it is asked for with each chunk. */
  #competing: readonly Priority[] = [];

  /** Whether a file takes part. */
  has(file: F): boolean {
    return this.#entries.has(file);
  }

  /** The priorities that have a file which takes part, most urgent first. */
  get competing(): readonly Priority[] {
    return this.#competing;
  }

  /** Lets a file take part, or moves it to another priority. */
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
      order: this.#joined++,
      index: queue.heap.length,
    };
    this.#entries.set(file, entry);
    queue.heap.push(entry);
    siftUp(queue.heap, entry.index);
    if (queue.heap.length === 1) this.#noteCompeting();
  }

  /** Lets a file take part no more. */
  remove(file: F): void {
    const entry = this.#entries.get(file);
    if (!entry) return;
    this.#entries.delete(file);
    const { queue, queue: { heap } } = entry;
    // Or who leaves after each chunk and comes back would be first again and again.
    queue.fileVirtualTime = Math.max(queue.fileVirtualTime, entry.virtualTime);
    const last = heap.pop()!;
    if (heap.length === 0) this.#noteCompeting();
    if (last === entry) return;
    heap[entry.index] = last;
    last.index = entry.index;
    siftUp(heap, last.index);
    siftDown(heap, last.index);
  }

  #noteCompeting(): void {
    this.#competing = PRIORITIES.filter((priority) => this.#queues[priority].heap.length > 0);
  }

  /** The file to ask a chunk of, or undefined if no file takes part. */
  next(): F | undefined {
    let best: Queue<F> | undefined;
    for (const priority of PRIORITIES) {
      const queue = this.#queues[priority];
      if (queue.heap.length > 0 && (!best || queue.virtualTime < best.virtualTime)) best = queue;
    }
    return best?.heap[0]?.file;
  }

  /**
   * Notes that bytes were asked of a file that takes part.
   *
   * @param bytes How many.
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
