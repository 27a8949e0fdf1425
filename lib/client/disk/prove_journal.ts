/**
 * Compares the claims of a journal with the data on disk, while it reads the journal.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import type { ListedFile } from "../../protocol/payloads.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";
import { Ranges } from "./byte_ranges.ts";
import type { JournalEntry } from "./journal.ts";
import { JournalBlocks } from "./journal_blocks.ts";
import type { WorkPath } from "./output_folder.ts";
import { findJournal, type FoundJournal } from "./read_journal.ts";

/** What is left of a file from an earlier run. */
export interface Proof {
  readonly journal: FoundJournal;
  /** The bytes that are not on disk, or damaged. */
  readonly lacking: Ranges;
  /** The undamaged chunks. */
  readonly blocks: JournalBlocks;
  /** The number of claimed bytes whose data does not match. */
  readonly damaged: number;
}

/** Data is read in pieces of so many bytes: most chunks are small, and follow each other. */
const PIECE_SIZE = 1024 * 1024;

/**
 * Finds what is left of a file.
 *
 * @param version Whether its present version is meant, or another one: of that, the chunks that are
 * wholly within the present size.
 * @param signal Aborts the reading of journal and data.
 * @throws {DOMException} If it was aborted.
 */
export async function proveJournal(
  file: ListedFile,
  work: WorkPath,
  version: "present" | "other",
  signal: AbortSignal,
): Promise<Proof> {
  const lacking = new Ranges({ start: 0, end: file.size });
  const claimed = new Ranges();
  const blocks = new JournalBlocks(file.size);
  using data = await openForReading(work.data);
  const reader = data && new DataReader(data, signal);
  const prove = async (entry: JournalEntry) => {
    const { offset, length, checksum } = entry;
    const range = { start: offset, end: offset + length };
    claimed.add(range);
    // A later line for the same bytes counts: they were written again.
    if (await reader?.crc32Of(offset, length) === checksum) {
      lacking.remove(range);
      blocks.add(entry);
    } else lacking.add(range);
  };
  const proveAll = async (entries: readonly JournalEntry[]) => {
    for (const entry of entries) {
      signal.throwIfAborted();
      if (entry.offset + entry.length <= file.size) await prove(entry);
    }
  };
  const isPresent = version === "present";
  const journal = await findJournal(
    work.journal,
    file,
    isPresent ? proveAll : () => {},
    isPresent ? { signal } : { signal, takeOther: proveAll },
  );
  const claims = claimed.size;
  for (const range of lacking) claimed.remove(range);
  return { journal, lacking, blocks, damaged: claims - claimed.size };
}

/** Opens a regular file, or returns null if there is none: reading a named pipe would block. */
async function openForReading(path: string): Promise<Deno.FsFile | null> {
  const info = await nullIfNotFound(Deno.stat(path));
  return info?.isFile ? await nullIfNotFound(Deno.open(path)) : null;
}

/** Reads data ahead: a read for each small chunk would take longer than its checksum. */
class DataReader {
  readonly #data: Deno.FsFile;
  readonly #signal: AbortSignal;
  readonly #buffer = new Uint8Array(PIECE_SIZE);
  /** The position of the bytes in the buffer, and their number. */
  #start = 0;
  #length = 0;

  constructor(data: Deno.FsFile, signal: AbortSignal) {
    this.#data = data;
    this.#signal = signal;
  }

  /** The CRC-32 of some bytes; null if they are not there or cannot be read. */
  async crc32Of(offset: number, length: number): Promise<number | null> {
    let crc = 0;
    for (let at = offset, end = offset + length; at < end;) {
      const isBuffered = at >= this.#start && at < this.#start + this.#length;
      if (!isBuffered && !await this.#read(at)) return null;
      const from = at - this.#start;
      const bytes = this.#buffer.subarray(from, Math.min(this.#length, from + end - at));
      crc = crc32(bytes, crc);
      at += bytes.length;
    }
    return crc;
  }

  async #read(at: number): Promise<boolean> {
    this.#signal.throwIfAborted();
    this.#length = 0;
    try {
      await this.#data.seek(at, Deno.SeekMode.Start);
      this.#length = await this.#data.read(this.#buffer) ?? 0;
    } catch {
      return false;
    }
    this.#start = at;
    return this.#length > 0;
  }
}
