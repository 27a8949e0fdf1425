/**
 * Reads a journal from the disk as a stream: a long one takes time, but no memory.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { Ranges } from "./byte_ranges.ts";
import {
  isOf,
  type JournalEntry,
  JournalParser,
  type JournalSubject,
  type SoughtSubject,
} from "./journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** The result of a search for a file's journal. */
export interface FoundJournal {
  /** Whether there is a journal of exactly this content. */
  readonly isUsable: boolean;
  /** Whether its last line has no end. */
  readonly isTorn: boolean;
  /** Its length in bytes. */
  readonly length: number;
  /** Why an existing journal is unusable; null if there is none or it is usable. */
  readonly discardReason: "outdated" | "unreadable" | null;
}

/** How a journal is read. */
export interface ReadOptions {
  /** Aborts the reading. */
  readonly signal?: AbortSignal | undefined;
  /** Takes the entries of another version of the file; they are skipped by default. */
  readonly takeOther?: TakeEntries;
}

/** Takes entries of a journal, in their order. */
export type TakeEntries = (entries: readonly JournalEntry[]) => void | Promise<void>;

/** The result if there is no journal. */
export const NO_JOURNAL: FoundJournal = {
  isUsable: false,
  isTorn: false,
  length: 0,
  discardReason: null,
};

/** Entries are read in pieces of so many bytes. */
const PIECE_SIZE = 64 * 1024;

/**
 * Reads the journal of a file.
 *
 * @param take Takes the entries, if the journal is usable.
 * @throws {DOMException} If it was aborted.
 */
export async function findJournal(
  path: string,
  subject: SoughtSubject,
  take: TakeEntries,
  { signal, takeOther }: ReadOptions = {},
): Promise<FoundJournal> {
  const opened = await openJournal(path);
  if (opened === null) return NO_JOURNAL;
  const unreadable: FoundJournal = { ...NO_JOURNAL, discardReason: "unreadable" };
  if (opened === "unreadable") return unreadable;
  using file = opened;
  const takerOf = (found: JournalSubject) => {
    if (isOf(found, subject)) return take;
    return found.path === subject.path ? takeOther : undefined;
  };
  const parser = new JournalParser();
  const piece = new Uint8Array(PIECE_SIZE);
  let length = 0;
  for (let read = await file.read(piece); read !== null; read = await file.read(piece)) {
    signal?.throwIfAborted();
    length += read;
    const entries = parser.push(piece.subarray(0, read));
    if (parser.isForeign) return unreadable;
    if (!parser.subject) continue;
    const takes = takerOf(parser.subject);
    if (!takes) break;
    await takes(entries);
  }
  const last = parser.end();
  const { isTorn } = parser;
  if (!parser.subject) return unreadable;
  await takerOf(parser.subject)?.(last);
  if (!isOf(parser.subject, subject)) return { ...NO_JOURNAL, discardReason: "outdated" };
  return { isUsable: true, isTorn, length, discardReason: null };
}

/**
 * Adds the bytes that entries claim to be on disk.
 *
 * @param end The end of the data, beyond which claims do not count.
 */
export function addClaims(
  claimed: Ranges,
  entries: readonly JournalEntry[],
  end = Infinity,
): void {
  for (const { offset, length } of entries) {
    claimed.add({ start: offset, end: Math.min(offset + length, end) });
  }
}

/** Opens a journal; "unreadable" if the path can never be read, null if nothing is there. */
async function openJournal(path: string): Promise<Deno.FsFile | "unreadable" | null> {
  // Mostly nothing is there, and an error would take longer.
  if (!existsSync(path)) return null;
  try {
    // Reading a named pipe would block, and a link may lead out of the folder.
    if (!Deno.lstatSync(path).isFile) return "unreadable";
    return await nullIfNotFound(Deno.open(path));
  } catch (error) {
    const isUnreadable = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.IsADirectory;
    if (isUnreadable) return "unreadable";
    throw error;
  }
}
