/**
 * Bytes of an older version of a file that may be the beginning of the present one: in its partial
 * file, or under its final name. They are kept if the server has the same digest of them.
 *
 * @module
 */
import { rename } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { writeAllSync } from "../../fs/write_all.ts";
import { nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { Ranges } from "./byte_ranges.ts";
import { type JournalEntry, journalHead, journalLine } from "./journal.ts";
import { JournalBlocks } from "./journal_blocks.ts";
import type { OutputFolder } from "./output_folder.ts";
import type { PartialFile } from "./partial_file.ts";
import { proveJournal } from "./prove_journal.ts";
import { findJournal } from "./read_journal.ts";

/** Bytes from the start of a file that may be those of its present version. */
export interface KeptBytes {
  /** Whether they are in the partial file of another version, or under the final name. */
  readonly source: "partial" | "final";
  /** How many. */
  readonly length: number;
}

/** Fewer bytes than this are fetched sooner than they are hashed and asked about. */
const MIN_KEPT = 64 * 1024;
/** The size of a chunk that is copied, in bytes. */
const COPIED_CHUNK = 1024 * 1024;
const NOTHING: readonly KeptBytes[] = [];

/** The bytes that the journal of another version claims to be on disk from the start of the file. */
export class OtherPrefix {
  readonly #end: number;
  readonly #lacking: Ranges;

  /** @param end The end of the bytes of interest, beyond which no entry may lead. */
  constructor(end: number) {
    this.#end = end;
    this.#lacking = new Ranges({ start: 0, end });
  }

  /** Takes entries of the journal. */
  take(entries: readonly JournalEntry[]): void {
    for (const { offset, length } of entries) {
      const end = offset + length;
      if (end <= this.#end) this.#lacking.remove({ start: offset, end });
    }
  }

  /** How many bytes follow from the start without a gap. */
  get length(): number {
    return this.#lacking.first ?? this.#end;
  }
}

/**
 * The bytes to try, those that may save most first.
 *
 * @param file The file on the server.
 * @param partial How many bytes the journal of another version claims from the start.
 * @param finalSize The size of another file under the final name; null if there is none.
 */
export function keptBytes(
  file: ListedFile,
  partial: number,
  finalSize: number | null,
): readonly KeptBytes[] {
  const final = Math.min(finalSize ?? 0, file.size);
  if (partial < MIN_KEPT && final < MIN_KEPT) return NOTHING;
  const kept: KeptBytes[] = [
    { source: "partial", length: partial },
    { source: "final", length: final },
  ];
  return kept.filter(({ length }) => length >= MIN_KEPT).sort((a, b) => b.length - a.length);
}

/** The number of bytes from the start of the file that a journal of another version proves. */
export async function provenPrefix(
  file: ListedFile,
  output: OutputFolder,
  signal: AbortSignal,
): Promise<number> {
  const { lacking } = await proveJournal(file, output.workPath(file.path), "other", signal);
  return lacking.first ?? file.size;
}

/**
 * Makes the journal of another version one of the present version, of its first bytes. A crash leaves
 * either journal.
 *
 * @param length How many bytes both versions have in common.
 */
export async function adoptPartial(
  file: ListedFile,
  output: OutputFolder,
  length: number,
): Promise<void> {
  const { journal, newJournal } = output.workPath(file.path);
  const blocks = new JournalBlocks(file.size);
  let isThere = false;
  await findJournal(journal, file, () => {}, {
    takeOther: (entries) => {
      isThere = true;
      for (const entry of entries) if (entry.offset + entry.length <= length) blocks.add(entry);
    },
  });
  if (!isThere) return;
  const lines = [journalHead(file), ...Array.from(blocks, journalLine)];
  removeIfExists(newJournal);
  using written = Deno.openSync(newJournal, { write: true, createNew: true });
  writeAllSync(written, new TextEncoder().encode(lines.join("")));
  await written.syncData();
  await rename(newJournal, journal);
}

/**
 * Copies the first bytes of the file under the final name to a fresh partial file, chunk by chunk, as
 * if they had been received.
 *
 * @param length How many.
 */
export async function copyFinal(
  final: string,
  partial: PartialFile,
  length: number,
  signal: AbortSignal,
): Promise<void> {
  using source = await nullIfNotFound(Deno.open(final));
  const buffer = new Uint8Array(Math.min(COPIED_CHUNK, length));
  for (let offset = 0; source && offset < length;) {
    signal.throwIfAborted();
    const read = await source.read(buffer.subarray(0, Math.min(buffer.length, length - offset)));
    // It was cut off meanwhile: the rest is fetched.
    if (read === null) return;
    const bytes = buffer.subarray(0, read);
    partial.write(offset, bytes, crc32(bytes));
    offset += read;
  }
}
