/**
 * Reads a journal from the disk.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { isOf, type Journal, type JournalSubject, parseJournal } from "./journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** The result of a search for a file's journal. */
export interface FoundJournal {
  /** The journal; null if there is none for exactly this content. */
  readonly journal: Journal | null;
  /** The journal of another version of the file; null if there is none. */
  readonly other: Journal | null;
  /** Whether its last line has no end. */
  readonly isTorn: boolean;
  /** Why an existing journal is unusable; null if there is none or it is usable. */
  readonly discardReason: "outdated" | "unreadable" | null;
}

/** The largest journal that is read, in bytes; that of a file of some terabytes is smaller. */
const MAX_JOURNAL_SIZE = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Finds the journal of a file. */
export async function findJournal(path: string, subject: JournalSubject): Promise<FoundJournal> {
  const bytes = await readJournal(path);
  const journal = bytes && parseJournal(bytes);
  if (journal && isOf(journal, subject)) {
    return { journal, other: null, isTorn: bytes.at(-1) !== NEWLINE, discardReason: null };
  }
  const reason = journal ? "outdated" : "unreadable";
  const other = journal?.subject.path === subject.path ? journal : null;
  return { journal: null, other, isTorn: false, discardReason: bytes && reason };
}

/** A journal's bytes; empty if the path can never be read, null if nothing is there. */
export async function readJournal(path: string): Promise<Uint8Array | null> {
  // Mostly nothing is there, and an error would take longer.
  if (!existsSync(path)) return null;
  try {
    const { isFile, size } = Deno.lstatSync(path);
    // Reading a named pipe would block, and a link may lead out of the folder.
    if (!isFile || size > MAX_JOURNAL_SIZE) return new Uint8Array();
    return await nullIfNotFound(Deno.readFile(path));
  } catch (error) {
    const isUnreadable = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.IsADirectory;
    if (isUnreadable) return new Uint8Array();
    throw error;
  }
}
