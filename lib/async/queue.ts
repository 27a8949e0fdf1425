/**
 * First in, first out.
 *
 * @module
 */

/** Space is given back once this many, and most, of the places are empty. */
const WORTH_MOVING = 1_024;

/** A queue whose two ends take the same short time, however long it is. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Takes the one that has been in it for longest, or undefined if it is empty. */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= WORTH_MOVING && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
