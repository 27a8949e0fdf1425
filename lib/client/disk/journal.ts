/**
 * The journal of a partial file: the chunks on disk, with their checksums. Pure.
 *
 * Text, one record a line, appended as chunks are written:
 *
 * ```
 * sluice-journal 1 {"path":"a.iso","size":123,"version":"…"} crc
 * offset length checksum crc
 * …
 * ```
 *
 * Numbers are decimal; `checksum` is the CRC-32 of the chunk's data, `crc` that of the line before
 * it, both in hexadecimal. A line that is torn, damaged or malformed is ignored. A line's chunk
 * counts only once the data has been compared with its checksum, so a journal may be ahead of data
 * that never reached the disk. A later line for the same bytes replaces an earlier one.
 *
 * A journal that has become long is rewritten with merged chunks (`journal_blocks.ts`), in the same
 * form.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** The content that a journal describes. */
export interface JournalSubject {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly version: string;
}

/** A content whose journal is sought; any version without one. */
export type SoughtSubject = Omit<JournalSubject, "version"> & Partial<JournalSubject>;

/** One chunk that a journal claims to be on disk. */
export interface JournalEntry {
  readonly offset: number;
  /** Bytes, 1 or more. */
  readonly length: number;
  /** CRC-32 of the data. */
  readonly checksum: number;
}

/** A parsed journal. */
export interface Journal {
  readonly subject: JournalSubject;
  readonly entries: readonly JournalEntry[];
}

const MAGIC = "sluice-journal 1";
/** The longest line in letters; that of the longest path is shorter. Longer ones are damaged. */
const MAX_LINE = 64 * 1024;

/** A journal's first line. */
export function journalHead({ path, size, version }: JournalSubject): string {
  return sealed(`${MAGIC} ${JSON.stringify({ path, size, version })}`);
}

/** The line of one chunk. */
export function journalLine({ offset, length, checksum }: JournalEntry): string {
  return sealed(`${offset} ${length} ${checksum.toString(16)}`);
}

/**
 * Parses a whole journal.
 *
 * @returns Its undamaged entries, or null if the first line is not that of a journal.
 */
export function parseJournal(bytes: Uint8Array): Journal | null {
  const parser = new JournalParser();
  const entries = [...parser.push(bytes), ...parser.end()];
  return parser.subject && { subject: parser.subject, entries };
}

/** Parses a journal in pieces, since it may be of any length. */
export class JournalParser {
  #subject: JournalSubject | null = null;
  #isInHead = true;
  /** The start of the line whose end has not been read. */
  #rest = "";
  readonly #decoder = new TextDecoder();

  /** The journal's content; null before the first line is read, and if it is not that of one. */
  get subject(): JournalSubject | null {
    return this.#subject;
  }

  /** Whether the first line has been read and is not that of a journal. */
  get isForeign(): boolean {
    return !this.#isInHead && this.#subject === null;
  }

  /** Whether the last line has no end; known after `end`. */
  get isTorn(): boolean {
    return this.#rest.length > 0;
  }

  /** Parses the next piece, and returns the undamaged entries that it completes. */
  push(piece: Uint8Array): JournalEntry[] {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split("\n");
    // The checksum of a line that is cut here is wrong.
    this.#rest = lines.pop()!.slice(0, MAX_LINE);
    return this.#parseAll(lines);
  }

  /** Parses a last line that has no end: it may only lack that. */
  end(): JournalEntry[] {
    this.#rest += this.#decoder.decode();
    return this.#parseAll([this.#rest]);
  }

  #parseAll(lines: readonly string[]): JournalEntry[] {
    return lines.map((line) => this.#parse(line)).filter((entry) => entry !== null);
  }

  #parse(sealed: string): JournalEntry | null {
    const line = unsealed(sealed);
    if (!this.#isInHead) {
      return this.#subject && line !== null ? parseEntry(line, this.#subject.size) : null;
    }
    this.#isInHead = false;
    this.#subject = parseSubject(line);
    return null;
  }
}

/** Whether a journal describes exactly this content. */
export function isOf(subject: JournalSubject, { path, size, version }: SoughtSubject): boolean {
  return subject.path === path && subject.size === size &&
    (version === undefined || subject.version === version);
}

function parseSubject(line: string | null): JournalSubject | null {
  if (!line?.startsWith(`${MAGIC} `)) return null;
  try {
    const { path, size, version } = JSON.parse(line.slice(MAGIC.length + 1));
    const isValid = typeof path === "string" && typeof version === "string" &&
      Number.isSafeInteger(size) && size >= 0;
    return isValid ? { path, size, version } : null;
  } catch {
    return null;
  }
}

function parseEntry(line: string, size: number): JournalEntry | null {
  const match = /^(\d{1,16}) (\d{1,16}) ([0-9a-f]{1,8})$/.exec(line);
  if (!match) return null;
  const [offset, length, checksum] = [Number(match[1]), Number(match[2]), parseInt(match[3]!, 16)];
  return length > 0 && offset + length <= size ? { offset, length, checksum } : null;
}

function sealed(text: string): string {
  return `${text} ${crc32(text).toString(16)}\n`;
}

/** A line without its checksum, or null if the checksum is wrong. */
function unsealed(line: string): string | null {
  const at = line.lastIndexOf(" ");
  const text = line.slice(0, Math.max(0, at));
  return at > 0 && crc32(text).toString(16) === line.slice(at + 1) ? text : null;
}
