/**
 * A partial file: the data of a file in progress, its journal, and its commit.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { type JournalEntry, journalHead, journalLine } from "./journal.ts";
import type { OutputFolder, WorkPath } from "./output_folder.ts";
import { Ranges } from "./byte_ranges.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { findJournal, type FoundJournal } from "./read_journal.ts";
import { writeAllSync } from "../../fs/write_all.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";
import type { PlacedFile } from "./placements.ts";
import { takeSynced } from "./synced_data.ts";
import type { WriteHandles } from "./write_handles.ts";

/** The data found from an earlier run. */
export interface Found {
  /** Bytes that are on disk and undamaged. */
  readonly resumableBytes: number;
  /** Bytes that the journal claims, but whose data does not match. */
  readonly damaged: number;
  /** Why the partial file was discarded; null if it was not. */
  readonly discardReason: FoundJournal["discardReason"];
}

const NO_JOURNAL: FoundJournal = { journal: null, isTorn: false, discardReason: null };

/** A file in progress. */
export class PartialFile {
  /** The path of the data. */
  readonly dataPath: string;

  readonly #journalPath: string;
  readonly #file: ListedFile;
  readonly #handles: WriteHandles;
  readonly #output: OutputFolder;
  readonly #lacking: Ranges;
  #received: number;
  /** Whether there is a journal of this version on disk. */
  #journaled: boolean;
  /** Whether the journal's last line has no end. */
  #isTorn: boolean;
  #syncing: Promise<void> | undefined;
  /** The data's metadata when it was synced. */
  #synced: Deno.FileInfo | undefined;
  /** Whether the file has its final name. */
  #isPublished = false;

  private constructor(
    file: ListedFile,
    output: OutputFolder,
    handles: WriteHandles,
    lacking: Ranges,
    work: WorkPath,
    { journal, isTorn }: FoundJournal,
  ) {
    this.dataPath = work.data;
    this.#journalPath = work.journal;
    this.#file = file;
    this.#output = output;
    this.#handles = handles;
    this.#lacking = lacking;
    this.#received = file.size - lacking.size;
    this.#journaled = journal !== null;
    this.#isTorn = isTorn;
  }

  /**
   * Resumes what an earlier run left, or starts from nothing.
   *
   * @param file The file to download.
   * @param signal Aborts the check of the data on disk.
   */
  static async open(
    file: ListedFile,
    output: OutputFolder,
    handles: WriteHandles,
    signal: AbortSignal,
  ): Promise<{ partial: PartialFile; found: Found }> {
    const lacking = new Ranges({ start: 0, end: file.size });
    const work = output.workPath(file.path);
    const found = await findJournal(work.journal, file);
    const { journal, discardReason } = found;
    let damaged = 0;
    if (journal) damaged = await subtractProven(lacking, work.data, journal.entries, signal);
    const partial = new PartialFile(file, output, handles, lacking, work, found);
    if (discardReason !== null) await partial.discard();
    // No chunk will create an empty file.
    if (file.size === 0) handles.open(partial.dataPath, true);
    return { partial, found: { resumableBytes: partial.#received, damaged, discardReason } };
  }

  /** Begins with nothing, where nothing was left. */
  static fresh(file: ListedFile, output: OutputFolder, handles: WriteHandles): PartialFile {
    const lacking = new Ranges({ start: 0, end: file.size });
    return new PartialFile(file, output, handles, lacking, output.workPath(file.path), NO_JOURNAL);
  }

  /** Received bytes: those on disk now. */
  get received(): number {
    return this.#received;
  }

  /** The number of bytes on disk from the start of the file without a gap. */
  get prefix(): number {
    return this.#lacking.first ?? this.#file.size;
  }

  /** The ranges that are not on disk. */
  get lacking(): Iterable<{ start: number; end: number }> {
    return this.#lacking;
  }

  /**
   * Writes a chunk, and then its line in the journal. A file of one chunk needs no journal.
   *
   * Synchronous: a chunk is at most 1 MiB, so an interrupt is not delayed for long.
   *
   * @param checksum The CRC-32 of the bytes.
   * @throws {Error} If the write fails.
   */
  write(offset: number, bytes: Uint8Array, checksum: number): void {
    const isFresh = this.#received === 0;
    const data = this.#handles.open(this.dataPath, isFresh);
    if (!isFresh || offset > 0) data.seekSync(offset, Deno.SeekMode.Start);
    writeAllSync(data, bytes);
    this.#received += this.#lacking.remove({ start: offset, end: offset + bytes.length });
    if (bytes.length === this.#file.size) return;
    const line = journalLine({ offset, length: bytes.length, checksum });
    const journal = this.#handles.open(this.#journalPath, !this.#journaled);
    journal.seekSync(0, Deno.SeekMode.End);
    const opening = this.#journaled ? (this.#isTorn ? "\n" : "") : journalHead(this.#file);
    writeAllSync(journal, new TextEncoder().encode(opening + line));
    if (!this.#journaled) this.#output.listing.add(this.#journalPath);
    this.#journaled = true;
    this.#isTorn = false;
  }

  /**
   * Flushes the complete data to the disk, so that a name that survives a power cut has its data.
   * The data stays open if possible.
   *
   * @throws {Error} If the flush fails.
   */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync();
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    this.#handles.close(this.#journalPath);
    const data = this.#handles.take(this.dataPath);
    try {
      const { size, modified } = this.#file;
      // Resumed data may be longer than the file.
      if (this.#journaled) data.truncateSync(size);
      setModified(data, modified);
      await this.#handles.flusher.flush(data, size);
      this.#synced = data.statSync();
    } catch (error) {
      data.close();
      throw error;
    }
    this.#handles.keep(this.dataPath, data);
  }

  /**
   * Makes complete data that came in one piece final, if that takes but a moment on this disk.
   *
   * @returns Whether it did; else `sync` does.
   */
  syncQuickly(): boolean {
    if (this.#journaled || !this.#handles.flusher.isQuick(this.#file.size)) return false;
    const data = this.#handles.open(this.dataPath, false);
    setModified(data, this.#file.modified);
    this.#handles.flusher.flushSync(data);
    this.#synced = data.statSync();
    this.#syncing = Promise.resolve();
    return true;
  }

  /**
   * Moves a complete file that came in one piece to its name, if that takes but a moment.
   *
   * @returns The file in its place, which the caller proves and closes; null if `commit` has to move
   * it, or to say why it cannot.
   */
  commitSync(): PlacedFile | null {
    if (this.#journaled || !this.#handles.holds(this.dataPath)) return null;
    if (!this.#output.publishSync(this.dataPath, this.#file.path)) return null;
    this.#isPublished = true;
    return this.#placed(this.#handles.take(this.dataPath));
  }

  /**
   * Moves the complete file to its final name.
   *
   * @throws {OutputError} If an obstacle is in the way, or it did not arrive there.
   */
  async commit(): Promise<void> {
    await this.sync();
    using data = takeSynced(this.#handles, this.dataPath, this.#synced!);
    await this.#output.publish(this.dataPath, this.#file.path);
    this.#isPublished = true;
    if (this.#journaled) await nullIfNotFound(Deno.remove(this.#journalPath));
    const placed = this.#placed(data);
    const { placements } = this.#output;
    if (placements.doubtful([placed]).length > 0) await placements.settle(placed);
  }

  #placed(data: Deno.FsFile): PlacedFile {
    return { final: this.#output.finalPath(this.#file.path), data, numbers: this.#synced! };
  }

  /** Closes the data and the journal, which stay on disk. */
  close(): void {
    this.#handles.close(this.dataPath);
    this.#handles.close(this.#journalPath);
  }

  /** Closes the file and keeps for later what can be resumed: data that has a journal. */
  async suspend(): Promise<void> {
    await this.#syncing?.catch(() => {});
    this.close();
    if (this.#journaled || this.#isPublished) return;
    await nullIfNotFound(Deno.remove(this.dataPath));
    this.#received = 0;
  }

  /** Removes the data and the journal. */
  async discard(): Promise<void> {
    this.close();
    await nullIfNotFound(Deno.remove(this.#journalPath));
    await nullIfNotFound(Deno.remove(this.dataPath));
  }
}

/**
 * Removes from `lacking` the bytes that the journal claims and whose data matches its checksums.
 *
 * @returns The number of claimed bytes whose data does not match.
 */
async function subtractProven(
  lacking: Ranges,
  dataPath: string,
  entries: readonly JournalEntry[],
  signal: AbortSignal,
): Promise<number> {
  using data = await openForReading(dataPath);
  const claimed = new Ranges();
  for (const { offset, length, checksum } of entries) {
    signal.throwIfAborted();
    const range = { start: offset, end: offset + length };
    claimed.add(range);
    // Unreadable data does not match.
    const found = data && await crc32Of(data, offset, length).catch(() => null);
    const isProven = found === checksum;
    // A later line for the same bytes counts: they were written again.
    if (isProven) lacking.remove(range);
    else lacking.add(range);
  }
  const claims = claimed.size;
  for (const range of lacking) claimed.remove(range);
  return claims - claimed.size;
}

/** Opens a regular file, or returns null if there is none: reading a named pipe would block. */
async function openForReading(path: string): Promise<Deno.FsFile | null> {
  const info = await nullIfNotFound(Deno.stat(path));
  return info?.isFile ? await nullIfNotFound(Deno.open(path)) : null;
}

async function crc32Of(data: Deno.FsFile, offset: number, length: number): Promise<number | null> {
  const buffer = new Uint8Array(Math.min(length, 1024 * 1024));
  await data.seek(offset, Deno.SeekMode.Start);
  let crc = 0;
  for (let done = 0; done < length;) {
    const read = await data.read(buffer.subarray(0, Math.min(buffer.length, length - done)));
    if (read === null) return null;
    crc = crc32(buffer.subarray(0, read), crc);
    done += read;
  }
  return crc;
}

/** Sets the modification time. A time that the file system refuses must not lose the file. */
function setModified(file: Deno.FsFile, modified: number): void {
  try {
    file.utimeSync(new Date(modified), new Date(modified));
  } catch {
    // The file keeps the time of its download.
  }
}
