/**
 * Quoting for command lines that are shown to the user. Pure.
 *
 * @module
 */

/** A text that every shell takes as one word without quotes. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** Characters that some shell interprets inside double quotes. */
const ACTIVE_IN_QUOTES = /["$`!%]|\\\\|\\$/;

/** A text as one word of a command line: in double quotes, which all shells have, if possible. */
export function shellQuote(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  return ACTIVE_IN_QUOTES.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
