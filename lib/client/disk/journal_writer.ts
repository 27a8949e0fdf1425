/**
 * Writes the journal of one file: a line for each chunk, and now and then all of it, shorter.
 *
 * @module
 */
import { nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";
import { writeAllSync } from "../../fs/write_all.ts";
import { type JournalEntry, journalHead, journalLine, type JournalSubject } from "./journal.ts";
import { JournalBlocks } from "./journal_blocks.ts";
import type { OutputFolder, WorkPath } from "./output_folder.ts";
import type { FoundJournal } from "./read_journal.ts";
import type { WriteHandles } from "./write_handles.ts";

/** A shorter journal than this, in bytes, is not rewritten. */
const MIN_REWRITE = 1024 * 1024;

/** The journal of one file in progress. */
export class JournalWriter {
  readonly #subject: JournalSubject;
  readonly #work: WorkPath;
  readonly #output: OutputFolder;
  readonly #handles: WriteHandles;
  /** Missing until the first chunk of a fresh file: a file of one chunk needs none. */
  #blocks: JournalBlocks | undefined;
  /** Whether there is a journal of this content on disk. */
  #exists: boolean;
  /** Whether its last line has no end. */
  #isTorn: boolean;
  /** Its length in bytes, and that from which on it is rewritten. */
  #length: number;
  #rewriteAt = MIN_REWRITE;

  /**
   * @param found The journal on disk.
   * @param blocks The chunks that are proven; owned from now on.
   */
  constructor(
    subject: JournalSubject,
    output: OutputFolder,
    handles: WriteHandles,
    work: WorkPath,
    found: FoundJournal,
    blocks?: JournalBlocks,
  ) {
    this.#subject = subject;
    this.#work = work;
    this.#output = output;
    this.#handles = handles;
    this.#blocks = blocks;
    this.#exists = found.isUsable;
    this.#isTorn = found.isTorn;
    this.#length = found.length;
  }

  /** Whether there is a journal of this content on disk. */
  get exists(): boolean {
    return this.#exists;
  }

  /**
   * Adds a chunk that has been written.
   *
   * @throws {Error} If the write fails.
   */
  append(entry: JournalEntry): void {
    const { journal: path } = this.#work;
    const file = this.#handles.open(path, !this.#exists);
    file.seekSync(0, Deno.SeekMode.End);
    const opening = this.#exists ? (this.#isTorn ? "\n" : "") : journalHead(this.#subject);
    const text = new TextEncoder().encode(opening + journalLine(entry));
    writeAllSync(file, text);
    if (!this.#exists) this.#output.listing.add(path);
    this.#exists = true;
    this.#isTorn = false;
    this.#length += text.length;
    this.#blocks ??= new JournalBlocks(this.#subject.size);
    this.#blocks.add(entry);
    if (this.#length >= this.#rewriteAt) this.#rewrite(this.#blocks);
  }

  /** Closes the journal, which stays on disk. */
  close(): void {
    this.#handles.close(this.#work.journal);
  }

  /** Removes the journal from the disk. */
  async remove(): Promise<void> {
    this.close();
    await nullIfNotFound(Deno.remove(this.#work.journal));
  }

  /**
   * Replaces the journal by a shorter one with merged chunks. It is flushed before the rename: after
   * a power cut one of the two is there. A failure costs nothing, since the journal stays.
   */
  #rewrite(blocks: JournalBlocks): void {
    const { journal: path, newJournal } = this.#work;
    const lines = Array.from(blocks, journalLine);
    const text = new TextEncoder().encode(journalHead(this.#subject) + lines.join(""));
    this.#rewriteAt = 2 * Math.max(this.#length, MIN_REWRITE);
    // Many gaps leave little to merge.
    if (text.length > this.#length / 2) return;
    try {
      removeIfExists(newJournal);
      {
        using file = Deno.openSync(newJournal, { write: true, createNew: true });
        writeAllSync(file, text);
        file.syncDataSync();
      }
      this.close();
      Deno.renameSync(newJournal, path);
    } catch {
      return;
    }
    this.#length = text.length;
    this.#rewriteAt = Math.max(2 * text.length, MIN_REWRITE);
  }
}
