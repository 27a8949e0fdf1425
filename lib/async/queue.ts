/**
 * A first-in, first-out queue.
 *
 * This room has helpers for asynchronous code: `queue.ts` (this), `limiter.ts` (a bound on
 * concurrent calls), `rate_bound.ts` (a bound on events in time), `sleep.ts` (an abortable delay), `timeout.ts` (waiting with a time limit).
 * It imports nothing outside the room; every other room may import it.
 *
 * @module
 */

/** The array is compacted once this many slots, and at least half of them, are empty. */
const MIN_COMPACTED = 1_024;

/** A queue with `push` and `shift` in constant time, whatever its length. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Removes and returns the oldest item, or returns undefined if the queue is empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= MIN_COMPACTED && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
