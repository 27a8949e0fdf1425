/**
 * Medians and ratios of few and noisy figures. Pure.
 *
 * @module
 */

/** The median of some figures, with their minimum and maximum. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The median of some figures; for an even number, the mean of the middle two.
 *
 * @throws {RangeError} If there are none.
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot find the median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of some figures, with their minimum and maximum.
 *
 * @throws {RangeError} If there are none.
 */
export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/**
 * The median of the ratios of two rows of figures, pair by pair: load that slows a whole round slows
 * both figures of a pair, and cancels out.
 *
 * @param above The dividends, by round; null where there is none.
 * @param below The divisors.
 * @returns Null if no round has both.
 */
export function pairedRatio(
  above: readonly (number | null)[],
  below: readonly (number | null)[],
): number | null {
  const ratios: number[] = [];
  for (const [round, value] of above.entries()) {
    const other = below[round] ?? null;
    if (value !== null && other !== null && other > 0) ratios.push(value / other);
  }
  return ratios.length === 0 ? null : median(ratios);
}
