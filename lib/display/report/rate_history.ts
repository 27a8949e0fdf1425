/**
 * Bytes over time by key, for runs of any length in bounded memory.
 *
 * @module
 */

/** Milliseconds of a span at first; doubled whenever there are too many spans. */
const FIRST_SPAN = 500;

/** The maximum number of spans. */
const MAX_SPANS = 240;

/** Bytes by key, in spans of equal length. */
export class RateHistory {
  #span = FIRST_SPAN;
  #spans: Map<string, number>[] = [];

  /** The length of one span in milliseconds. */
  get span(): number {
    return this.#span;
  }

  /** Bytes by key in each span, from time 0 on. */
  get spans(): readonly ReadonlyMap<string, number>[] {
    return this.#spans;
  }

  /** Adds bytes received evenly from one time to another, in milliseconds from 0 on. */
  add(key: string, bytes: number, from: number, to: number): void {
    while (to >= this.#span * MAX_SPANS) this.#mergePairs();
    const begin = Math.min(from, to);
    const first = Math.floor(begin / this.#span);
    const last = Math.floor(to / this.#span);
    for (let index = first; index <= last; index++) {
      const start = Math.max(begin, index * this.#span);
      const end = Math.min(to, (index + 1) * this.#span);
      this.#count(index, key, to > begin ? bytes * (end - start) / (to - begin) : bytes);
    }
  }

  #count(index: number, key: string, bytes: number): void {
    while (this.#spans.length <= index) this.#spans.push(new Map());
    const span = this.#spans[index]!;
    span.set(key, (span.get(key) ?? 0) + bytes);
  }

  #mergePairs(): void {
    const old = this.#spans;
    this.#span *= 2;
    this.#spans = [];
    for (const [index, span] of old.entries()) {
      for (const [key, bytes] of span) this.#count(Math.floor(index / 2), key, bytes);
    }
  }
}
