/**
 * A journal from the disk.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { isOf, type Journal, type JournalSubject, parseJournal } from "./journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** What the journal in a file's place says of it. */
export interface FoundJournal {
  /** The journal; null if there is none of this very content. */
  readonly journal: Journal | null;
  /** Whether its last line has no end. */
  readonly isTorn: boolean;
  /** Why what is there is of no use: it is of another version, or says nothing. */
  readonly discardReason: "outdated" | "unreadable" | null;
}

/** The largest file that is taken for a journal, in bytes: that of some terabytes is smaller. */
const MAX_SIZE = 256 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Looks for the journal of a file. */
export async function findJournal(path: string, subject: JournalSubject): Promise<FoundJournal> {
  const bytes = await readJournal(path);
  const journal = bytes && parseJournal(bytes);
  if (journal && isOf(journal, subject)) {
    return { journal, isTorn: bytes.at(-1) !== NEWLINE, discardReason: null };
  }
  const reason = journal ? "outdated" : "unreadable";
  return { journal: null, isTorn: false, discardReason: bytes && reason };
}

/** A journal's bytes; none if what is there can never be read. Null if nothing is. */
export async function readJournal(path: string): Promise<Uint8Array | null> {
  // Mostly there is none, and an error would take longer.
  if (!existsSync(path)) return null;
  try {
    const { isFile, size } = Deno.lstatSync(path);
    // A named pipe would keep its reader waiting, and a link leads to what is none of ours.
    if (!isFile || size > MAX_SIZE) return new Uint8Array();
    return await nullIfNotFound(Deno.readFile(path));
  } catch (error) {
    const isNone = error instanceof Deno.errors.PermissionDenied ||
      error instanceof Deno.errors.IsADirectory;
    if (isNone) return new Uint8Array();
    throw error;
  }
}
