/**
 * Text from a peer or a file name, made safe for a terminal or a log line. Pure.
 *
 * Not guarded against: letters that look alike, and any number of combining marks on one letter.
 *
 * This room turns values into text and writes it: `sanitize.ts` (this), `json_line.ts` (a value as
 * one safe line of JSON), `start_of.ts` (the start of a long text),
 * `shell_quote.ts` (a word of a command line), `write_text.ts` (text to an
 * output that may be closed), `output_queue.ts` (lines written in the background). It imports
 * `async`; every other room may import it.
 *
 * @module
 */

/**
 * Characters that act on a terminal or are invisible: control characters, lone surrogates, line
 * and paragraph separators, bidirectional controls, characters without a glyph, tags.
 *
 * Two without a glyph are missing on purpose: U+200C and U+200D, which Persian, Indic scripts and
 * emoji need.
 */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u180e\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
const EACH_UNSAFE = new RegExp(UNSAFE, "gu");

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** The longest text that `quoted` shows whole, in UTF-16 units. */
const MAX_QUOTED = 120;

/**
 * A text with unsafe characters written as escapes: `\n`, `\x1b`, `\u{202e}`.
 *
 * A backslash stays as it is, so the result cannot be parsed back. A safe text is returned
 * unchanged, so nothing is escaped twice.
 *
 * @example
 * ```ts
 * sanitize("a\x1b[2Jb"); // "a\\x1b[2Jb"
 * ```
 */
export function sanitize(text: string): string {
  return escapeUnsafe(text, escapeOf);
}

/** A text with each unsafe character replaced by the result of `escape`. */
export function escapeUnsafe(text: string, escape: (character: string) => string): string {
  return UNSAFE.test(text) ? text.replace(EACH_UNSAFE, (character) => escape(character)) : text;
}

/** A sanitized text in double quotes; a text over 120 characters is cut, with `…` at its end. */
export function quoted(text: string): string {
  if (text.length <= MAX_QUOTED) return `"${sanitize(text)}"`;
  const whole = isPairAt(text, MAX_QUOTED - 2) ? MAX_QUOTED - 2 : MAX_QUOTED - 1;
  return `"${sanitize(text.slice(0, whole))}…"`;
}

/** Whether a cut after this UTF-16 unit would split a character. */
function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT_ESCAPES[character] ??
    (code <= 0xff ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`);
}
