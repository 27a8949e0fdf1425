/**
 * Parts of a file, as a set of byte ranges. Pure.
 *
 * @module
 */

/** The bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A set of bytes, kept as ranges that neither overlap nor touch, in order. */
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

  /** How many bytes the set has. */
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

  /** Takes bytes away; how many of them were there. */
  remove({ start, end }: Range): number {
    if (start >= end) return 0;
    const from = this.#firstWhere(({ end: last }) => last > start);
    let to = from;
    let removed = 0;
    const kept: Range[] = [];
    for (; to < this.#ranges.length && this.#ranges[to]!.start < end; to++) {
      const range = this.#ranges[to]!;
      removed += Math.min(end, range.end) - Math.max(start, range.start);
      if (range.start < start) kept.push({ start: range.start, end: start });
      if (range.end > end) kept.push({ start: end, end: range.end });
    }
    this.#ranges.splice(from, to - from, ...kept);
    return removed;
  }

  /** Takes away and returns up to `most` bytes from the low end, or undefined if there are none. */
  takeFirst(most: number): Range | undefined {
    const first = this.#ranges[0];
    if (!first) return undefined;
    const taken = { start: first.start, end: Math.min(first.end, first.start + most) };
    this.remove(taken);
    return taken;
  }

  /** The index of the first range for which `reaches` holds; it holds from there on. */
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
