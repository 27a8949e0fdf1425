/**
 * The start of a long text.
 *
 * @module
 */

/** The most bytes of UTF-8 that a UTF-16 unit takes, and a character. */
const MAX_UNIT_BYTES = 3;
export const MAX_CHARACTER_BYTES = 4;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * A text that is short enough, or as many of its first characters as fit; the result does not keep
 * the rest in memory, as that of `slice` does.
 *
 * @param bytes The limit, in bytes of UTF-8.
 */
export function startOf(text: string, bytes: number): string {
  if (text.length * MAX_UNIT_BYTES <= bytes) return text;
  const start = new Uint8Array(bytes);
  const { read, written } = ENCODER.encodeInto(text, start);
  return read === text.length ? text : DECODER.decode(start.subarray(0, written));
}
