/**
 * Random numbers that a seed reproduces.
 *
 * @module
 */

/** A source of random numbers. */
export interface Random {
  /** A number from 0 to below 1. */
  next(): number;
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  /** One of the items, of which there must be one. */
  pick<T>(items: readonly T[]): T;
}

/** Random numbers that depend only on the seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return { next, below, pick: (items) => items[below(items.length)]! };
}

/** A random seed. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
