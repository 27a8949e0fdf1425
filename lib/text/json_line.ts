/**
 * Values as lines of JSON that are safe to show on a terminal. Pure.
 *
 * @module
 */
import { escapeUnsafe } from "./sanitize.ts";

/**
 * A value as JSON in one line. Characters that act on a terminal or are invisible are written as
 * `\u…`: the line is safe to show, and parsing it gives the same value.
 *
 * @param value A value that JSON can represent.
 * @example
 * ```ts
 * jsonLine({ path: "a\x9b" }); // '{"path":"a\\u009b"}'
 * ```
 */
export function jsonLine(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value), escapeUnits);
}

/** Each UTF-16 unit as a JSON escape `\uXXXX`. */
function escapeUnits(character: string): string {
  return Array.from(
    { length: character.length },
    (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
