/**
 * Sets of a file's bytes, as ranges. Pure.
 *
 * @module
 */

/** The bytes from `start` to `end`, not including `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of bytes, stored as ordered ranges that neither overlap nor touch. */
export class Ranges {
  readonly #ranges: Range[];

  constructor(...ranges: Range[]) {
    this.#ranges = [];
    for (const range of ranges) this.add(range);
  }

  /** The lowest byte of the set, or undefined if it is empty. */
  get first(): number | undefined {
    return this.#ranges[0]?.start;
  }

  /** The number of bytes in the set. */
  get size(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + (end - start), 0);
  }

  /** The ranges, in order. */
  [Symbol.iterator](): Iterator<Range> {
    return this.#ranges.values();
  }

  /** Adds bytes. */
  add({ start, end }: Range): void {
    if (start >= end) return;
    const from = this.#firstWhere(({ end: last }) => last >= start);
    let to = from;
    while (to < this.#ranges.length && this.#ranges[to]!.start <= end) to++;
    const touched = this.#ranges.slice(from, to);
    this.#ranges.splice(from, to - from, {
      start: Math.min(start, touched[0]?.start ?? start),
      end: Math.max(end, touched.at(-1)?.end ?? end),
    });
  }

  /** Removes bytes, and returns how many of them were in the set. */
  remove({ start, end }: Range): number {
    if (start >= end) return 0;
    const from = this.#firstWhere(({ end: last }) => last > start);
    let to = from;
    let removed = 0;
    const rest: Range[] = [];
    for (; to < this.#ranges.length && this.#ranges[to]!.start < end; to++) {
      const range = this.#ranges[to]!;
      removed += Math.min(end, range.end) - Math.max(start, range.start);
      if (range.start < start) rest.push({ start: range.start, end: start });
      if (range.end > end) rest.push({ start: end, end: range.end });
    }
    this.#ranges.splice(from, to - from, ...rest);
    return removed;
  }

  /** Removes and returns up to `max` bytes of the first range, or undefined if there is none. */
  takeFirst(max: number): Range | undefined {
    const first = this.#ranges[0];
    if (!first) return undefined;
    const taken = { start: first.start, end: Math.min(first.end, first.start + max) };
    this.remove(taken);
    return taken;
  }

  /** The index of the first range for which `reaches` holds, which must hold for all later ones. */
  #firstWhere(reaches: (range: Range) => boolean): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reaches(this.#ranges[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
