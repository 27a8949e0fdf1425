/**
 * A partial file: the data of a file in progress, its journal, and its commit.
 *
 * @module
 */
import { dirname } from "@std/path";
import { flushFolder } from "./flush_folder.ts";
import { JournalWriter } from "./journal_writer.ts";
import type { OutputFolder } from "./output_folder.ts";
import { Ranges } from "./byte_ranges.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { proveJournal } from "./prove_journal.ts";
import { type FoundJournal, NO_JOURNAL } from "./read_journal.ts";
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

/** A file in progress. */
export class PartialFile {
  /** The path of the data. */
  readonly dataPath: string;

  readonly #journal: JournalWriter;
  readonly #file: ListedFile;
  readonly #handles: WriteHandles;
  readonly #output: OutputFolder;
  readonly #lacking: Ranges;
  #received: number;
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
    journal: JournalWriter,
    dataPath: string,
  ) {
    this.dataPath = dataPath;
    this.#journal = journal;
    this.#file = file;
    this.#output = output;
    this.#handles = handles;
    this.#lacking = lacking;
    this.#received = file.size - lacking.size;
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
    const work = output.workPath(file.path);
    const { journal: found, lacking, blocks, damaged } = await proveJournal(
      file,
      work,
      "present",
      signal,
    );
    const journal = new JournalWriter(file, output, handles, work, found, blocks);
    const partial = new PartialFile(file, output, handles, lacking, journal, work.data);
    const { discardReason } = found;
    if (discardReason !== null) await partial.discard();
    // No chunk will create an empty file.
    if (file.size === 0) handles.open(partial.dataPath, true);
    return { partial, found: { resumableBytes: partial.#received, damaged, discardReason } };
  }

  /** Begins with nothing, where nothing was left. */
  static fresh(file: ListedFile, output: OutputFolder, handles: WriteHandles): PartialFile {
    const lacking = new Ranges({ start: 0, end: file.size });
    const work = output.workPath(file.path);
    const journal = new JournalWriter(file, output, handles, work, NO_JOURNAL);
    return new PartialFile(file, output, handles, lacking, journal, work.data);
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
    this.#journal.append({ offset, length: bytes.length, checksum });
  }

  /**
   * Flushes the complete data to the disk, so that a name that survives a power cut has its data.
   * The data stays open if possible.
   *
   * @throws {Error} If the flush fails.
   */
  sync(): Promise<void> {
    this.#syncing ??= this.#sync().catch((error) => {
      // It may have lacked a descriptor, and is tried again.
      this.#syncing = undefined;
      throw error;
    });
    return this.#syncing;
  }

  async #sync(): Promise<void> {
    this.#journal.close();
    const data = this.#handles.take(this.dataPath);
    try {
      const { size, modified } = this.#file;
      // Resumed data may be longer than the file.
      if (this.#journal.exists) data.truncateSync(size);
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
    if (this.#journal.exists || !this.#handles.flusher.isQuick(this.#file.size)) return false;
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
    if (this.#journal.exists) return null;
    let data: Deno.FsFile;
    try {
      // Of hundreds of files at once, the first have been closed meanwhile.
      data = this.#handles.holds(this.dataPath)
        ? this.#handles.take(this.dataPath)
        : takeSynced(this.#handles, this.dataPath, this.#synced!);
    } catch {
      return null;
    }
    if (!this.#output.publishSync(this.dataPath, this.#file.path)) {
      this.#handles.keep(this.dataPath, data);
      return null;
    }
    this.#isPublished = true;
    return this.#placed(data);
  }

  /**
   * Moves the complete file to its final name.
   *
   * @throws {OutputError} If an obstacle is in the way, or it did not arrive there.
   */
  async commit(): Promise<void> {
    await this.sync();
    using data = takeSynced(this.#handles, this.dataPath, this.#synced!);
    using copy = await this.#output.publish(this.dataPath, this.#file.path);
    this.#isPublished = true;
    const placed = this.#placed(copy ?? data, copy?.statSync());
    const { placements } = this.#output;
    if (placements.doubtful([placed]).length > 0) await placements.settle(placed);
    if (!this.#journal.exists) return;
    // The name is on the disk before the journal is not.
    await flushFolder(dirname(placed.final));
    await this.#journal.remove();
  }

  #placed(data: Deno.FsFile, numbers = this.#synced!): PlacedFile {
    return { final: this.#output.finalPath(this.#file.path), data, numbers };
  }

  /** Closes the data and the journal, which stay on disk. */
  close(): void {
    this.#handles.close(this.dataPath);
    this.#journal.close();
  }

  /** Closes the file and keeps for later what can be resumed: data that has a journal. */
  async suspend(): Promise<void> {
    await this.#syncing?.catch(() => {});
    this.close();
    if (this.#journal.exists || this.#isPublished) return;
    await nullIfNotFound(Deno.remove(this.dataPath));
    this.#received = 0;
  }

  /** Removes the data and the journal. */
  async discard(): Promise<void> {
    this.close();
    await this.#journal.remove();
    await nullIfNotFound(Deno.remove(this.dataPath));
  }
}

/** Sets the modification time. A time that the file system refuses must not lose the file. */
function setModified(file: Deno.FsFile, modified: number): void {
  try {
    file.utimeSync(new Date(modified), new Date(modified));
  } catch {
    // The file keeps the time of its download.
  }
}
