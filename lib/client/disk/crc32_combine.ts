/**
 * The CRC-32 of joined data from the checksums of its parts, without the data. Pure.
 *
 * Appending n bytes to data multiplies its checksum by x^(8n), modulo the polynomial of CRC-32. As
 * in the checksum itself, the bits of a polynomial are reversed: the highest one is that of x^0.
 *
 * @module
 */

const POLYNOMIAL = 0xedb88320;
/** The polynomial 1. */
const ONE = 0x80000000;

/** x to the power of 2^i, for each i; the sequence repeats after 32 of them. */
const POWERS: readonly number[] = powers();

/** The factor for the last length: most chunks of a file have the same one. */
let last = { length: 0, factor: ONE };

/**
 * Returns the CRC-32 of two parts, one behind the other.
 *
 * @param first The checksum of the first part.
 * @param second The checksum of the second part.
 * @param length The length of the second part in bytes.
 */
export function crc32Combine(first: number, second: number, length: number): number {
  if (last.length !== length) last = { length, factor: factorOf(length) };
  return (multiplied(last.factor, first) ^ second) >>> 0;
}

/** x^(8n). */
function factorOf(length: number): number {
  let factor = ONE;
  // The power of 2^3 is that of one byte.
  for (let rest = length, i = 3; rest > 0; rest = Math.floor(rest / 2), i++) {
    if (rest % 2 === 1) factor = multiplied(POWERS[i % POWERS.length]!, factor);
  }
  return factor;
}

/** The product of two polynomials, modulo that of CRC-32. */
function multiplied(a: number, b: number): number {
  let product = 0;
  for (let bit = ONE, shifted = b; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}

function powers(): number[] {
  const all = [ONE >>> 1];
  while (all.length < 32) all.push(multiplied(all.at(-1)!, all.at(-1)!));
  return all;
}
