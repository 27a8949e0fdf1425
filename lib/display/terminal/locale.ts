/**
 * Whether a terminal shows more than ASCII.
 *
 * @module
 */

/** The variables that say it, the first that is set counts; as POSIX has it. */
const VARIABLES = ["LC_ALL", "LC_CTYPE", "LANG"] as const;

/**
 * Whether the environment allows to assume that the terminal shows Unicode. It does unless it says
 * otherwise; a program without permission to look at it assumes so, too.
 *
 * @param read A variable's value, or undefined if it is not set or may not be read.
 */
export function isUnicodeLocale(read: (name: string) => string | undefined): boolean {
  const locale = VARIABLES.map(read).find((value) => value !== undefined && value !== "");
  return locale === undefined || /utf-?8/i.test(locale);
}

/** A variable of the environment, if this program may read it; it asks nobody. */
export function readPermitted(variable: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  return state === "granted" ? Deno.env.get(variable) : undefined;
}
