/**
 * Leftovers: partial files of earlier runs that no entry names.
 *
 * @module
 */
import { basename } from "@std/path";
import type { UnfinishedFile } from "../events.ts";
import { Ranges } from "./byte_ranges.ts";
import { addClaims, findJournal } from "./read_journal.ts";
import { parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** One file's leftover. */
export interface Leftover {
  /** The file's path on the server; null if its journal is unreadable. */
  readonly path: string | null;
  /** Bytes on the disk. */
  readonly size: number;
  /** The paths on the disk. */
  readonly files: readonly string[];
}

/** The part of a journal that is read for its first line, in bytes. */
const HEAD_SIZE = 64 * 1024;
/** How long the journals of unfinished files are read at the end of a run, in milliseconds. */
const CLAIMS_MS = 200;

/**
 * Finds the files in the work folder that belong to no wanted file.
 *
 * @param output The output folder. A caller that removes leftovers must hold its lock.
 * @param isWanted Whether the file with this path on the server is wanted.
 */
export async function findLeftovers(
  output: OutputFolder,
  isWanted: (path: string) => boolean,
): Promise<Leftover[]> {
  const byStem = new Map<string, string[]>();
  for (const file of await output.workFiles()) {
    const stem = file.replace(/\.(data|journal)$/, "");
    if (stem === file) continue;
    byStem.set(stem, [...byStem.get(stem) ?? [], file]);
  }
  const leftovers: Leftover[] = [];
  for (const [stem, files] of byStem) {
    const path = await subjectOf(`${stem}.journal`);
    if (path !== null && isWanted(path)) continue;
    let size = 0;
    for (const file of files) size += (await nullIfNotFound(Deno.lstat(file)))?.size ?? 0;
    leftovers.push({ path, size, files });
  }
  return leftovers;
}

/** Removes leftovers from the disk. */
export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<void> {
  for (const file of leftovers.flatMap(({ files }) => files)) await Deno.remove(file);
}

/** The path that a journal describes; null if there is no readable journal. */
async function subjectOf(journal: string): Promise<string | null> {
  try {
    // Reading a named pipe would block.
    if (!(await Deno.lstat(journal)).isFile) return null;
    using file = await Deno.open(journal);
    const head = new Uint8Array(HEAD_SIZE);
    const read = await file.read(head);
    return parseJournal(head.subarray(0, read ?? 0))?.subject.path ?? null;
  } catch {
    return null;
  }
}

/**
 * Completes the resumable bytes of files for which they are 0 with the claims of their journals. The
 * claims are not compared with the data: that takes long, and the next run does it. Of journals that
 * take long to read, only the first claims count.
 *
 * @param output The output folder, whose lock the caller must hold.
 */
export async function withResumableBytes(
  output: OutputFolder,
  files: readonly UnfinishedFile[],
): Promise<UnfinishedFile[]> {
  const paths = (await output.workFiles()).filter((path) => path.endsWith(".journal"));
  const journals = new Set(paths.map((path) => basename(path)));
  if (journals.size === 0) return [...files];
  const signal = AbortSignal.timeout(CLAIMS_MS);
  const completed: UnfinishedFile[] = [];
  for (const file of files) {
    const journal = file.resumableBytes > 0 ? null : output.workPath(file.path).journal;
    const isUnknown = journal !== null && journals.has(basename(journal));
    completed.push(
      isUnknown ? { ...file, resumableBytes: await claimedBy(journal, file, signal) } : file,
    );
  }
  return completed;
}

async function claimedBy(
  journal: string,
  { path, size }: UnfinishedFile,
  signal: AbortSignal,
): Promise<number> {
  const claimed = new Ranges();
  try {
    await findJournal(journal, { path, size }, (entries) => addClaims(claimed, entries), {
      signal,
    });
  } catch {
    // The next run cannot use an unreadable journal either.
  }
  return claimed.size;
}
