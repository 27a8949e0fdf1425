/**
 * Values as lines of JSON that can be looked at. Pure.
 *
 * @module
 */
import { escapeUnsafe } from "./sanitize.ts";

/**
 * A value as JSON in one line. What acts on a terminal or hides in a line is written as `\u…`, so
 * the line is safe to look at, and parsed it is the very value.
 *
 * @param value What JSON can hold.
 * @example
 * ```ts
 * jsonLine({ path: "a\x9b" }); // '{"path":"a\\u009b"}'
 * ```
 */
export function jsonLine(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value), unitsOf);
}

/** Each UTF-16 unit by its number, as JSON writes characters. */
function unitsOf(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
