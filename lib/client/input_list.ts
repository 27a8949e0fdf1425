/**
 * `input.txt`: from bytes to wishes, and what a wish's name matches. Pure.
 *
 * ```
 * # name or glob        [priority]   [expected digest]
 * ubuntu.iso            CRITICAL     sha256:9f86d081…
 * photos/*.jpg          HIGH
 * "two words HIGH"
 * ```
 *
 * A line is read from its right end, so that a name needs quotes only if it ends in a word that
 * would be taken for a priority or a digest, or if it begins or ends with a blank or begins with
 * a quote or `#`. In quotes `\"` is a quote and `\\` a backslash. Blanks are spaces and tabs.
 *
 * @module
 */
import { PRIORITIES, type Priority } from "./events.ts";
import { formRefusalOf } from "../safe_path.ts";
import { quoted } from "../printable.ts";

/** One line that names something to download. */
export interface Wish {
  /** The line's number, from 1. */
  readonly line: number;
  /** A server's path or a glob, without quotes and without `./`. */
  readonly name: string;
  readonly priority: Priority;
  /** The digest that the file must have: 64 lower-case hexadecimal digits; null if not given. */
  readonly sha256: string | null;
}

/** One line that does not count. */
export interface InputProblem {
  /** The line's number, from 1. */
  readonly line: number;
  /** What is wrong and what to do, to go after "line 3: "; printable. */
  readonly message: string;
}

/** What an input file says. */
export interface InputList {
  /** By line; no name twice. */
  readonly wishes: readonly Wish[];
  /** By line. */
  readonly problems: readonly InputProblem[];
}

/** Most names that the braces of one glob may stand for. */
export const MAX_ALTERNATIVES = 1000;

const NEWLINE = 0x0a;
const decoder = new TextDecoder("utf-8", { fatal: true });
const DIGEST_PREFIX = /^sha256:/i;
const DIGEST = /^sha256:([0-9a-f]{64})$/i;

/**
 * The wishes of an input file, and its lines that are wrong; a wrong line stops no other.
 *
 * Of several lines with one name the last counts, the others are problems. Digest and priority
 * may stand in either order. A UTF-8 byte-order mark is skipped at the start of any line, as
 * files put together have them.
 *
 * @param bytes The whole file.
 */
export function parseInputList(bytes: Uint8Array): InputList {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { wishes: [], problems: [{ line: 1, message: "the file is UTF-16: save it as UTF-8" }] };
  }
  const wishes = new Map<string, Wish>();
  const problems: InputProblem[] = [];
  const lines = splitLines(bytes);
  // From the last line on, since of one name the last line counts.
  for (let line = lines.length; line >= 1; line--) {
    try {
      const entry = parseLine(lines[line - 1] ?? new Uint8Array());
      if (entry === null) continue;
      const replacement = wishes.get(entry.name);
      if (replacement !== undefined) {
        const later = `${quoted(entry.name)} is named again in line ${replacement.line}`;
        throw new SyntaxError(`${later}, which counts instead: remove one of the two`);
      }
      wishes.set(entry.name, { line, ...entry });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push({ line, message: error.message });
    }
  }
  return { wishes: [...wishes.values()].reverse(), problems: problems.reverse() };
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) return [...lines, bytes.subarray(start)];
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
}

type Entry = Omit<Wish, "line">;

/** @throws {SyntaxError} If the line is wrong. */
function parseLine(bytes: Uint8Array): Entry | null {
  const text = trimBlanks(decode(bytes));
  if (text === "" || text.startsWith("#")) return null;
  const entry = text.startsWith('"') ? parseQuoted(text) : parsePlain(text);
  return { ...entry, name: checkedName(entry.name) };
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new SyntaxError("it is not valid UTF-8: save the file as UTF-8", { cause: error });
  }
}

function parsePlain(text: string): Entry {
  const { rest, ...attributes } = takeAttributes(text);
  if (rest === "") {
    const rule = `if a file is called ${quoted(text)}, write the name in quotes`;
    throw new SyntaxError(`it names no file: ${rule}`);
  }
  if (DIGEST_PREFIX.test(lastWord(rest))) {
    throw new SyntaxError("it has two digests: leave one, or write the name in quotes");
  }
  return { name: rest, ...attributes };
}

function parseQuoted(text: string): Entry {
  const match = /^"((?:[^"\\]|\\["\\]|\\(?!["\\]))*)"/.exec(text);
  if (match === null) throw new SyntaxError('the quote is not closed: end the name with "');
  const after = text.slice(match[0].length);
  const { rest, ...attributes } = takeAttributes(trimBlanks(after));
  if (rest !== "" || (after !== "" && !isBlank(after, 0))) {
    const rule = 'only a blank, a priority, a digest may; write \\" for a quote in a name';
    throw new SyntaxError(`after the closing quote stands ${quoted(after)}: ${rule}`);
  }
  return { name: (match[1] ?? "").replace(/\\(["\\])/g, "$1"), ...attributes };
}

/** Takes at most one digest and one priority off the right end of a text. */
function takeAttributes(text: string): Omit<Entry, "name"> & { rest: string } {
  let rest = text;
  let priority: Priority | undefined;
  let sha256: string | null = null;
  for (;;) {
    const word = lastWord(rest);
    const named = PRIORITIES.find((known) => known === word.toUpperCase());
    if (sha256 === null && DIGEST_PREFIX.test(word)) sha256 = parseDigest(word);
    else if (priority === undefined && named !== undefined) priority = named;
    else return { rest, priority: priority ?? "NORMAL", sha256 };
    rest = trimBlanks(rest.slice(0, rest.length - word.length));
  }
}

function parseDigest(word: string): string {
  const digits = DIGEST.exec(word)?.[1];
  if (digits !== undefined) return digits.toLowerCase();
  const wanted = "sha256: and 64 hexadecimal digits, correct it or remove it";
  throw new SyntaxError(`the digest ${quoted(word)} is not ${wanted}`);
}

function checkedName(written: string): string {
  let name = written;
  while (name.startsWith("./")) name = name.slice(2);
  const isFolder = name.length > 1 && name.endsWith("/");
  const path = isFolder ? name.slice(0, -1) : name;
  const reason = formRefusalOf(path);
  if (reason !== null) {
    const rule = "write names as --list shows them";
    throw new SyntaxError(`${quoted(written)} can be no file of a server: ${reason}; ${rule}`);
  }
  if (isFolder) {
    throw new SyntaxError(
      `${quoted(written)} is a folder: write ${quoted(`${path}/**`)} for all files in it`,
    );
  }
  if (isGlob(name) && expandBraces(name) === null) {
    const rule = `stand for more than ${MAX_ALTERNATIVES} names: use * or several lines`;
    throw new SyntaxError(`the braces of ${quoted(written)} ${rule}`);
  }
  return name;
}

function isBlank(text: string, at: number): boolean {
  return text[at] === " " || text[at] === "\t" || text[at] === "\r";
}

/** Not with a regular expression: `/[ ]+$/` takes quadratic time on many blanks. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text, start)) start++;
  while (end > start && isBlank(text, end - 1)) end--;
  return text.slice(start, end);
}

function lastWord(text: string): string {
  let start = text.length;
  while (start > 0 && !isBlank(text, start - 1)) start--;
  return text.slice(start);
}

/**
 * Whether a name is a glob: has `*`, `?`, `[…]` or `{…,…}`. A name in which a `[` or `{` is not
 * closed is none; it stands for itself.
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
 * Tells whether a server's path is one that a name means: that very path or, if the name is a
 * glob, one of those that it describes.
 *
 * - `*` is any text within a segment, also none, also at a leading dot; `?` one character there.
 * - `**` as a whole segment is any number of segments; at the end, one or more.
 * - `[a-z]` is one of these characters, `[!a-z]` or `[^a-z]` one of all others but `/`.
 * - `{a,b}` is any of these, which may be globs, hold `/` and be empty.
 * - Everything else is itself, a backslash too; `[*]` is a star. Capital letters matter.
 *
 * Takes at most quadratic time. `globToRegExp` of `@std/path` is not used, since its expressions
 * take exponential time: six stars against 200 letters took it minutes.
 *
 * @throws {RangeError} If the braces stand for more than 1,000 names.
 */
export function matcherOf(name: string): (path: string) => boolean {
  if (!isGlob(name)) return (path) => path === name;
  const alternatives = expandBraces(name);
  if (alternatives === null) {
    throw new RangeError(`Cannot match ${quoted(name)}: its braces stand for too many names`);
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

/** The globs that a glob with braces stands for; null if they are too many. */
function expandBraces(glob: string): string[] | null {
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

/** Whether a character, or a segment, is one that is meant. */
type Test = (item: string) => boolean;

const STAR = Symbol("any number of items");

/** What items must be, in order. */
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

/** Only the last star is ever tried again: more text for an earlier one gains nothing. */
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
