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
 * that never reached the disk.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { Ranges } from "./byte_ranges.ts";

/** The content that a journal describes. */
export interface JournalSubject {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly version: string;
}

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
const decoder = new TextDecoder();

/** A journal's first line. */
export function journalHead({ path, size, version }: JournalSubject): string {
  return sealed(`${MAGIC} ${JSON.stringify({ path, size, version })}`);
}

/** The line of one chunk. */
export function journalLine({ offset, length, checksum }: JournalEntry): string {
  return sealed(`${offset} ${length} ${checksum.toString(16)}`);
}

/**
 * Reads a journal.
 *
 * @returns Its undamaged entries, or null if the first line is not that of a journal.
 */
export function parseJournal(bytes: Uint8Array): Journal | null {
  const lines = decoder.decode(bytes).split("\n").map(unsealed);
  const subject = parseSubject(lines[0] ?? null);
  if (!subject) return null;
  const entries = lines.slice(1).map((line) =>
    line === null ? null : parseEntry(line, subject.size)
  );
  return { subject, entries: entries.filter((entry) => entry !== null) };
}

/**
 * The number of bytes that a journal claims to be on disk.
 *
 * @param end The end of the data, beyond which claims do not count.
 */
export function bytesClaimed({ entries }: Journal, end = Infinity): number {
  const claimed = new Ranges();
  for (const { offset, length } of entries) {
    claimed.add({ start: offset, end: Math.min(offset + length, end) });
  }
  return claimed.size;
}

/** The entries of a journal that are wholly in the first `end` bytes. */
export function entriesWithin({ entries }: Journal, end: number): JournalEntry[] {
  return entries.filter(({ offset, length }) => offset + length <= end);
}

/**
 * The number of bytes that a journal claims to be on disk from the start of the file without a gap.
 *
 * @param end The end of the bytes of interest, beyond which no entry may lead.
 */
export function prefixClaimed(journal: Journal, end: number): number {
  const lacking = new Ranges({ start: 0, end });
  for (const { offset, length } of entriesWithin(journal, end)) {
    lacking.remove({ start: offset, end: offset + length });
  }
  return lacking.first ?? end;
}

/** Whether a journal describes exactly this content. */
export function isOf({ subject }: Journal, { path, size, version }: JournalSubject): boolean {
  return subject.path === path && subject.size === size && subject.version === version;
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
