/**
 * Texts for the user to type. Pure.
 *
 * @module
 */

/** What a shell takes for one plain word. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** What some shell takes for more than a letter in double quotes. */
const ACTIVE_IN_QUOTES = /["$`!%]|\\\\|\\$/;

/** A text as one word of a command line: in quotes that all shells know, if that is possible. */
export function shellQuote(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  return ACTIVE_IN_QUOTES.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
