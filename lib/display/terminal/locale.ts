/**
 * Whether a terminal shows more than ASCII.
 *
 * @module
 */

/** The variables that name the locale; the first one that is set counts, as in POSIX. */
const VARIABLES = ["LC_ALL", "LC_CTYPE", "LANG"] as const;

/**
 * Whether the terminal can be assumed to show Unicode: unless the environment names another
 * encoding. A program without permission to read the environment assumes it, too.
 *
 * @param read A variable's value, or undefined if it is not set or may not be read.
 */
export function isUnicodeLocale(read: (name: string) => string | undefined): boolean {
  const locale = VARIABLES.map(read).find((value) => value !== undefined && value !== "");
  return locale === undefined || /utf-?8/i.test(locale);
}

/** A variable of the environment, if this program may read it. Never prompts for permission. */
export function readPermitted(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
