/**
 * The format of `input.txt`: from bytes to entries. Pure.
 *
 * ```
 * # name or glob        [priority]   [expected digest]
 * ubuntu.iso            CRITICAL     sha256:9f86d081…
 * photos/*.jpg          HIGH
 * "two words HIGH"
 * !photos/raw/**
 * ```
 *
 * A line is parsed from its right end, so that a name needs quotes only if it ends in a word that
 * would be read as a priority or a digest, or if it begins or ends with a blank or begins with
 * a quote, `#` or `!`. A line that `sha256sum` has written is an entry, too. In quotes `\"` is a quote and `\\` a backslash. Blanks are spaces and tabs.
 *
 * @module
 */
import { type Priority, priorityOf } from "../priority.ts";
import { expandBraces, isGlob, MAX_ALTERNATIVES } from "./glob.ts";
import { formRefusalOf } from "../../fs/safe_path.ts";
import { quoted } from "../../text/sanitize.ts";
import { toUtf8 } from "./text_encoding.ts";

/** One line that names something to download. */
export interface InputEntry {
  /** The line's number, from 1. */
  readonly line: number;
  /** A server's path, a folder with `/` behind it, or a glob; without quotes and without `./`. */
  readonly name: string;
  readonly priority: Priority;
  /** The digest that the file must have: 64 lower-case hexadecimal digits; null if not given. */
  readonly sha256: string | null;
  /** Whether the files that it names are not downloaded. @default {false} */
  readonly excludes?: true;
}

/** One line with a mistake. */
export interface InputProblem {
  /** The line's number, from 1. */
  readonly line: number;
  /** The mistake and its remedy, to follow "line 3: "; printable. */
  readonly message: string;
  /** Whether the line is not understood: something that it names may be missing from the entries. */
  readonly isMisread: boolean;
}

/** The contents of an input file. */
export interface InputList {
  /** By line; no name twice. */
  readonly entries: readonly InputEntry[];
  /** By line. */
  readonly problems: readonly InputProblem[];
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** A line ends at a line feed, a carriage return, or both. */
const LINE_END = /\r\n|\n|\r/;
const BYTE_ORDER_MARK = "\ufeff";
const decoder = new TextDecoder("utf-8", { fatal: true });
const lenientDecoder = new TextDecoder();
const DIGEST_PREFIX = /^sha256:/i;
const DIGEST = /^sha256:([0-9a-f]{64})$/i;
const BARE_DIGEST = /^[0-9a-f]{64}$/i;
/** A line of `sha256sum`: a digest, a space, a space or a star, the name. */
const CHECKSUM_LINE = /^([0-9a-f]{64}) [ *](.+)$/i;

/**
 * Parses an input file into its entries and its wrong lines; a wrong line does not affect others.
 *
 * If several lines have one name, the last counts and the others are problems. Digest and priority
 * may stand in either order. A UTF-8 byte-order mark is skipped at the start of any line, since
 * concatenated files have them there.
 *
 * @param bytes The whole file.
 */
export function parseInputList(bytes: Uint8Array): InputList {
  const entries = new Map<string, InputEntry>();
  const problems: InputProblem[] = [];
  const lines = splitLines(bytes);
  // Backwards, since the last line of one name counts.
  for (let line = lines.length; line >= 1; line--) {
    try {
      const entry = parseLine(lines[line - 1]!);
      if (entry === null) continue;
      const replacement = entries.get(writtenName(entry));
      if (replacement !== undefined) {
        const later = `${quoted(writtenName(entry))} is named again in line ${replacement.line}`;
        const message = `${later}, which counts instead: remove one of the two`;
        problems.push({ line, message, isMisread: false });
        continue;
      }
      entries.set(writtenName(entry), { line, ...entry });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push({ line, message: error.message, isMisread: true });
    }
  }
  return { entries: [...entries.values()].reverse(), problems: problems.reverse() };
}

/**
 * The texts of all lines, without line ends and surrounding blanks; invalid UTF-8 becomes U+FFFD.
 *
 * @param bytes The whole file.
 */
export function inputLines(bytes: Uint8Array): string[] {
  const lines = lenientDecoder.decode(toUtf8(bytes)).split(LINE_END).map(trimBlanks);
  // There is no further line after the last line end.
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** The texts of all lines; null for a line that is not valid UTF-8. */
function splitLines(bytes: Uint8Array): (string | null)[] {
  const text = toUtf8(bytes);
  // In one piece where possible: a long list is parsed at each edit.
  const whole = decode(text);
  if (whole !== null) return whole.split(LINE_END);
  return splitBytes(text).map(decode);
}

function splitBytes(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte !== NEWLINE && byte !== RETURN) continue;
    lines.push(bytes.subarray(start, at));
    if (byte === RETURN && bytes[at + 1] === NEWLINE) at++;
    start = at + 1;
  }
  return [...lines, bytes.subarray(start)];
}

/** An entry's name with the `!` of an exclusion. */
export function writtenName({ name, excludes }: Pick<InputEntry, "name" | "excludes">): string {
  return excludes ? `!${name}` : name;
}

type Entry = Omit<InputEntry, "line">;
type Attributes = Pick<Entry, "priority" | "sha256">;

/** @throws {SyntaxError} If the line is wrong. */
function parseLine(line: string | null): Entry | null {
  if (line === null) throw new SyntaxError("it is not valid UTF-8: save the file as UTF-8");
  const text = trimBlanks(line.startsWith(BYTE_ORDER_MARK) ? line.slice(1) : line);
  if (text === "" || text.startsWith("#")) return null;
  const [, digest, name] = CHECKSUM_LINE.exec(text) ?? [];
  if (digest !== undefined && name !== undefined) {
    const sha256 = digest.toLowerCase();
    return { name: checkedName(name), priority: "NORMAL", sha256 };
  }
  if (text.startsWith("!")) return parseExclusion(trimBlanks(text.slice(1)));
  return parseNamed(text);
}

type NamedEntry = Attributes & { readonly name: string };

function parseNamed(text: string): NamedEntry {
  const entry = text.startsWith('"') ? parseQuoted(text) : parsePlain(text);
  return { ...entry, name: checkedName(entry.name) };
}

function parseExclusion(text: string): Entry {
  const rule = 'write the name in quotes if it begins with "!"';
  if (text === "") throw new SyntaxError(`it excludes no name: ${rule}`);
  const entry = parseNamed(text);
  if (entry.sha256 !== null || entry.priority !== "NORMAL") {
    throw new SyntaxError("an exclusion has no priority and no digest: remove them");
  }
  return { ...entry, excludes: true };
}

/** The text of bytes; null if they are not valid UTF-8. */
function decode(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function parsePlain(text: string): NamedEntry {
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

function parseQuoted(text: string): NamedEntry {
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
function takeAttributes(text: string): Attributes & { rest: string } {
  let rest = text;
  let priority: Priority | undefined;
  let sha256: string | null = null;
  for (;;) {
    const word = lastWord(rest);
    const named = priorityOf(word);
    if (sha256 === null && DIGEST_PREFIX.test(word)) sha256 = parseDigest(word);
    // Alone it is a name.
    else if (sha256 === null && BARE_DIGEST.test(word) && word !== rest) {
      sha256 = word.toLowerCase();
    } else if (priority === undefined && named !== undefined) priority = named;
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
    throw new SyntaxError(`${quoted(written)} cannot be a file of the server: ${reason}; ${rule}`);
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

/** Trims without a regular expression: `/[ ]+$/` takes quadratic time on many blanks. */
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
