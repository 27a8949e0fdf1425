/**
 * A file that is being downloaded: its data, its journal, and its move to its name.
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
import { lstatOrNull, nullIfNotFound } from "../../fs/not_found.ts";
import type { WriteHandles } from "./write_handles.ts";

/** What was found of an earlier download. */
export interface Found {
  /** Bytes that are there and undamaged. */
  readonly resumableBytes: number;
  /** Bytes that the journal claims, but the data does not show. */
  readonly damaged: number;
  /** Why what was there is dropped. */
  readonly discardReason: FoundJournal["discardReason"];
}

const NO_JOURNAL: FoundJournal = { journal: null, isTorn: false, discardReason: null };

/** A file's data on its way. */
export class PartialFile {
  /** Where the data is. */
  readonly dataPath: string;

  readonly #journalPath: string;
  readonly #file: ListedFile;
  readonly #handles: WriteHandles;
  readonly #output: OutputFolder;
  readonly #lacking: Ranges;
  #received: number;
  /** Whether the journal on disk is of this version. */
  #journaled: boolean;
  /** Whether the journal's last line has no end. */
  #isTorn: boolean;
  #syncing: Promise<void> | undefined;
  /** What the data was when it was closed. */
  #synced: Deno.FileInfo | undefined;
  /** Whether the file has its name. */
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
   * Takes up what an earlier download left, or begins anew.
   *
   * @param file What to download.
   * @param signal Ends the checking of what is there.
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
    // An empty file will have no chunk that makes it.
    if (file.size === 0) handles.open(partial.dataPath, true);
    return { partial, found: { resumableBytes: partial.#received, damaged, discardReason } };
  }

  /** Begins with nothing, where nothing was left. */
  static fresh(file: ListedFile, output: OutputFolder, handles: WriteHandles): PartialFile {
    const lacking = new Ranges({ start: 0, end: file.size });
    return new PartialFile(file, output, handles, lacking, output.workPath(file.path), NO_JOURNAL);
  }

  /** Bytes that are here. */
  get received(): number {
    return this.#received;
  }

  /** How many bytes are here from the file's beginning on without a gap. */
  get prefix(): number {
    return this.#lacking.first ?? this.#file.size;
  }

  /** What is not here. */
  get lacking(): Iterable<{ start: number; end: number }> {
    return this.#lacking;
  }

  /**
   * Writes a chunk, and then its line in the journal. What comes in one piece needs no journal.
   *
   * Synchronous, a chunk at a time: a chunk is at most 1 MiB, so an interrupt is heard soon.
   *
   * @param checksum The CRC-32 of the bytes.
   * @throws {Error} If the disk does not take it.
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
   * Makes the complete data final and closes it: a name that outlives a power cut must not have
   * lost its data.
   *
   * @throws {Error} If the disk does not take it.
   */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync();
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    this.#handles.close(this.#journalPath);
    using data = this.#handles.take(this.dataPath);
    const { size, modified } = this.#file;
    // What was taken up may have more behind it.
    if (this.#journaled) data.truncateSync(size);
    setModified(data, modified);
    if (this.#journaled) this.#synced = data.statSync();
    await this.#handles.flusher.flush(data, size);
  }

  /**
   * Makes complete data that came in one piece final, if that takes but a moment on this disk.
   *
   * @returns Whether it did; else `sync` does.
   */
  syncQuickly(): boolean {
    if (this.#journaled || !this.#handles.flusher.isQuick(this.#file.size)) return false;
    using data = this.#handles.take(this.dataPath);
    setModified(data, this.#file.modified);
    this.#handles.flusher.flushSync(data);
    this.#syncing = Promise.resolve();
    return true;
  }

  /**
   * Moves a complete file that came in one piece to its name, if that takes but a moment.
   *
   * @returns Whether it did; else `commit` does, or says why it cannot.
   */
  commitSync(): boolean {
    if (this.#journaled || !this.#output.publishSync(this.dataPath, this.#file.path)) return false;
    this.#isPublished = true;
    return true;
  }

  /**
   * Moves the complete file to its name.
   *
   * @throws {OutputError} If something stands in the way.
   */
  async commit(): Promise<void> {
    await this.sync();
    // What came in one piece was there for no more than a moment.
    if (this.#synced && !isAt(this.dataPath, this.#synced)) {
      throw new Error("its data was removed or replaced while it was being written");
    }
    await this.#output.publish(this.dataPath, this.#file.path);
    this.#isPublished = true;
    if (this.#journaled) await nullIfNotFound(Deno.remove(this.#journalPath));
  }

  /** Closes the files; what is here stays for later. */
  close(): void {
    this.#handles.close(this.dataPath);
    this.#handles.close(this.#journalPath);
  }

  /** Closes the files, and keeps what can be taken up again: data that has a journal. */
  async suspend(): Promise<void> {
    await this.#syncing?.catch(() => {});
    this.close();
    if (this.#journaled || this.#isPublished) return;
    await nullIfNotFound(Deno.remove(this.dataPath));
    this.#received = 0;
  }

  /** Removes what is here. */
  async discard(): Promise<void> {
    this.close();
    await nullIfNotFound(Deno.remove(this.#journalPath));
    await nullIfNotFound(Deno.remove(this.dataPath));
  }
}

/**
 * Takes away what the journal claims and the data shows.
 *
 * @returns How many bytes are claimed, but not shown.
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
    // What cannot be read is not there.
    const found = data && await crc32Of(data, offset, length).catch(() => null);
    const proven = found === checksum;
    // A later line about the same bytes counts: they were written again.
    if (proven) lacking.remove(range);
    else lacking.add(range);
  }
  const claims = claimed.size;
  for (const range of lacking) claimed.remove(range);
  return claims - claimed.size;
}

/** A file, or null if none is there: a named pipe would keep its reader waiting. */
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

/** Whether a path leads to a file, without following a link. */
function isAt(path: string, { ino, dev }: Deno.FileInfo): boolean {
  const there = lstatOrNull(path);
  return there !== null && there.ino === ino && there.dev === dev;
}

/** A time that the file system does not take is no reason to lose the file. */
function setModified(file: Deno.FsFile, modified: number): void {
  try {
    file.utimeSync(new Date(modified), new Date(modified));
  } catch {
    // It keeps the time of its download.
  }
}
