/**
 * The encodings in which systems write text files. Pure.
 *
 * @module
 */

/** The encodings with their byte-order marks. */
const MARKED = [
  { encoding: "utf-16le", mark: [0xff, 0xfe] },
  { encoding: "utf-16be", mark: [0xfe, 0xff] },
] as const;

/**
 * Returns a text as UTF-8. UTF-16 is known by its byte-order mark; PowerShell's `>` writes it. Any
 * other text is returned as it is.
 */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  const found = MARKED.find(({ mark }) => mark.every((byte, at) => bytes[at] === byte));
  if (!found) return bytes;
  return new TextEncoder().encode(new TextDecoder(found.encoding).decode(bytes));
}
