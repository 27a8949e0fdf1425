/**
 * What earlier downloads left of files that are not wanted any more.
 *
 * @module
 */
import { basename } from "@std/path";
import type { UnfinishedFile } from "../events.ts";
import { readJournal } from "./read_journal.ts";
import { bytesClaimed, parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** One file's leftover. */
export interface Leftover {
  /** The file's path on the server; null if its journal does not say. */
  readonly path: string | null;
  /** Bytes on the disk. */
  readonly size: number;
  /** What is on the disk. */
  readonly files: readonly string[];
}

/** A journal's head is in its beginning: so much of it is read, in bytes. */
const HEAD_SIZE = 64 * 1024;

/**
 * Finds what the work folder holds of files that are not wanted.
 *
 * @param output The output folder. A caller that removes something afterwards holds its lock.
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

/** Which file a journal is of; null if there is no journal, or none that can be understood. */
async function subjectOf(journal: string): Promise<string | null> {
  try {
    // A named pipe would keep its reader waiting.
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
 * The files, with what journals claim to be here of those of which nothing is known. What they claim
 * is not compared with the data: that takes long, and the next run does it.
 *
 * @param output The output folder, whose lock the caller holds.
 */
export async function withResumableBytes(
  output: OutputFolder,
  files: readonly UnfinishedFile[],
): Promise<UnfinishedFile[]> {
  const paths = (await output.workFiles()).filter((path) => path.endsWith(".journal"));
  const journals = new Set(paths.map((path) => basename(path)));
  if (journals.size === 0) return [...files];
  const known: UnfinishedFile[] = [];
  for (const file of files) {
    const journal = file.resumableBytes > 0 ? null : output.workPath(file.path).journal;
    const isUnknown = journal !== null && journals.has(basename(journal));
    known.push(isUnknown ? { ...file, resumableBytes: await claimedBy(journal, file) } : file);
  }
  return known;
}

async function claimedBy(path: string, file: UnfinishedFile): Promise<number> {
  // What cannot be read is of no use to the next run either.
  const bytes = await readJournal(path).catch(() => null);
  const journal = bytes && parseJournal(bytes);
  const isOfFile = journal?.subject.path === file.path && journal.subject.size === file.size;
  return isOfFile ? bytesClaimed(journal) : 0;
}
