/**
 * How much came of what and when, over a time of any length in room of a bounded one.
 *
 * @module
 */

/** Milliseconds of a span at first; it doubles whenever there are too many. */
const FIRST_SPAN = 500;

/** The most spans. */
const MAX_SPANS = 240;

/** Bytes by key, in spans of equal length. */
export class RateHistory {
  #span = FIRST_SPAN;
  #spans: Map<string, number>[] = [];

  /** Milliseconds of one span. */
  get span(): number {
    return this.#span;
  }

  /** Bytes by key in each span, from time 0 on. */
  get spans(): readonly ReadonlyMap<string, number>[] {
    return this.#spans;
  }

  /** Adds bytes that came evenly from one time to another, in milliseconds from 0 on. */
  add(key: string, bytes: number, from: number, to: number): void {
    while (to >= this.#span * MAX_SPANS) this.#halve();
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

  #halve(): void {
    const old = this.#spans;
    this.#span *= 2;
    this.#spans = [];
    for (const [index, span] of old.entries()) {
      for (const [key, bytes] of span) this.#count(Math.floor(index / 2), key, bytes);
    }
  }
}
