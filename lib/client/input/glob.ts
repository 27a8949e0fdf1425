/**
 * Globs: names that match many paths. Pure.
 *
 * @module
 */
import { quoted } from "../../text/sanitize.ts";

/** The most names that the braces of one glob may expand to. */
export const MAX_ALTERNATIVES = 1000;

/**
 * Whether a name is a glob: it has `*`, `?`, `[…]` or `{…,…}`. A name in which a `[` or `{` is not
 * closed is no glob; it matches itself.
 */
export function isGlob(name: string): boolean {
  if (!/[*?[{]/.test(name)) return false;
  let depth = 0;
  let found = false;
  for (const part of partsOf(name)) {
    if (part === "[") return false;
    else if (part === "{") depth++;
    else if (part === "}" && depth > 0) depth--;
    else found ||= isWildcard(part) || (part === "," && depth > 0);
  }
  return found && depth === 0;
}

/**
 * Returns a function that tests whether a name matches a server's path: whether it is that path or,
 * if it is a glob, describes it.
 *
 * - `*` is any text within a segment, also an empty one or a leading dot; `?` is one character.
 * - `**` as a whole segment is any number of segments; at the end, one or more.
 * - `[a-z]` is one of these characters, `[!a-z]` or `[^a-z]` one of all others but `/`.
 * - `{a,b}` is any of these, which may be globs, contain `/` and be empty.
 * - Everything else is itself, a backslash too; `[*]` is a star. Capital letters matter.
 *
 * Takes at most quadratic time. `globToRegExp` of `@std/path` is not used, since its expressions
 * take exponential time: six stars against 200 letters took it minutes.
 *
 * @throws {RangeError} If the braces expand to more than 1,000 names.
 */
export function matcherOf(name: string): (path: string) => boolean {
  if (!isGlob(name)) return (path) => path === name;
  const alternatives = expandBraces(name);
  if (alternatives === null) {
    throw new RangeError(
      `Cannot match ${quoted(name)}: its braces stand for more than ${MAX_ALTERNATIVES} names`,
    );
  }
  const head = name.slice(0, name.search(/[*?[{]/));
  const tail = /[^*?\]}/]*$/.exec(name)?.[0] ?? "";
  const patterns = alternatives.map(compileGlob);
  return (path) => {
    if (!path.startsWith(head) || !path.endsWith(tail)) return path === name;
    const segments = path.split("/");
    return path === name || patterns.some((pattern) => matchesPattern(segments, pattern));
  };
}

/** The classes and single characters that a glob is made of. */
function partsOf(glob: string): readonly string[] {
  return glob.match(/\[(?:[!^][^/]|[^/!^])[^\]/]*\]|[^]/gu) ?? [];
}

function isWildcard(part: string): boolean {
  return /^[*?[]/.test(part);
}

/** The globs that a glob with braces expands to; null if they are too many. */
export function expandBraces(glob: string): string[] | null {
  const expanded: string[] = [];
  const open = [partsOf(glob)];
  for (let parts = open.pop(); parts !== undefined; parts = open.pop()) {
    const start = parts.indexOf("{");
    if (start === -1) expanded.push(parts.join(""));
    else {
      const alternatives: string[][] = [[]];
      let end = start + 1;
      for (let depth = 1; end < parts.length; end++) {
        const part = parts[end] ?? "";
        depth += part === "{" ? 1 : part === "}" ? -1 : 0;
        if (depth === 0) break;
        if (part === "," && depth === 1) alternatives.push([]);
        else alternatives.at(-1)?.push(part);
      }
      if (alternatives.length === 1) alternatives[0] = ["[{]", ...alternatives[0] ?? [], "}"];
      for (const alternative of alternatives) {
        open.push([...parts.slice(0, start), ...alternative, ...parts.slice(end + 1)]);
      }
    }
    if (expanded.length + open.length > MAX_ALTERNATIVES) return null;
  }
  return expanded;
}

/** Whether a character, or a segment, matches. */
type Test = (item: string) => boolean;

const STAR = Symbol("any number of items");

/** The tests that items must pass, in order. */
type Pattern = readonly (Test | typeof STAR)[];

function compileGlob(glob: string): Pattern {
  const pattern = glob.split("/").map((segment) =>
    segment === "**" ? STAR : compileSegment(partsOf(segment))
  );
  if (pattern.at(-1) === STAR) pattern.push(() => true);
  return pattern;
}

function compileSegment(parts: readonly string[]): Test {
  const wildcards = parts.filter(isWildcard);
  const [before = "", after = ""] = parts.join("").split("*");
  if (wildcards.length === 0) return (text) => text === before;
  if (wildcards.length === 1 && wildcards[0] === "*") {
    const shortest = before.length + after.length;
    return (text) => text.length >= shortest && text.startsWith(before) && text.endsWith(after);
  }
  const pattern = parts.map((part) => part === "*" ? STAR : compileCharacter(part));
  return (text) => matchesPattern(Array.from(text), pattern);
}

function compileCharacter(part: string): Test {
  if (part === "?") return () => true;
  if (!isWildcard(part)) return (character) => character === part;
  const isNegated = /^\[[!^]/.test(part);
  const members = part.slice(isNegated ? 2 : 1, -1).matchAll(/(.)(?:-(.))?/gsu);
  const ranges = Array.from(members, ([, first = "", last = first]) => ({ first, last }));
  return (character) =>
    ranges.some(({ first, last }) => first <= character && character <= last) !== isNegated;
}

/** Backtracks to the last star only: more text for an earlier one gains nothing. */
function matchesPattern(items: readonly string[], pattern: Pattern): boolean {
  let next = 0;
  let afterStar = -1;
  let starEnd = 0;
  for (let at = 0; at < items.length;) {
    const part = pattern[next];
    if (part === STAR) {
      afterStar = ++next;
      starEnd = at;
    } else if (part?.(items[at] ?? "")) {
      next++;
      at++;
    } else if (afterStar >= 0) {
      next = afterStar;
      at = ++starEnd;
    } else return false;
  }
  while (pattern[next] === STAR) next++;
  return next === pattern.length;
}
