/**
 * Times of retries. Pure: the driver reads the earliest one and sets the only real timer.
 *
 * @module
 */

/** Items by the time at which they are due. Times are in milliseconds. */
export class Timers<T> {
  #entries: { readonly at: number; readonly item: T }[] = [];
  #next = Infinity;

  /** The earliest time; Infinity if there is none. */
  get next(): number {
    return this.#next;
  }

  /** Adds an item. */
  add(at: number, item: T): void {
    this.#entries.push({ at, item });
    this.#next = Math.min(this.#next, at);
  }

  /** Takes out the items that are due. */
  take(now: number): T[] {
    if (now < this.#next) return [];
    const due: T[] = [];
    const later = this.#entries.filter(({ at, item }) => {
      if (at <= now) due.push(item);
      return at > now;
    });
    this.#entries = later;
    this.#next = later.reduce((min, { at }) => Math.min(min, at), Infinity);
    return due;
  }

  /** Removes all. */
  clear(): void {
    this.#entries = [];
    this.#next = Infinity;
  }
}
