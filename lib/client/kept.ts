/**
 * What earlier runs have kept of files that this one has not looked at.
 *
 * @module
 */
import { basename } from "@std/path";
import type { UnfinishedFile } from "./events.ts";
import { bytesClaimed, parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { readJournal } from "./read_journal.ts";

/**
 * The files, with what journals claim to be here of those of which nothing is known. What they claim
 * is not compared with the data: that takes long, and the next run does it.
 *
 * @param output The output folder, whose lock the caller holds.
 */
export async function withKept(
  output: OutputFolder,
  files: readonly UnfinishedFile[],
): Promise<UnfinishedFile[]> {
  const paths = (await output.workFiles()).filter((path) => path.endsWith(".journal"));
  const journals = new Set(paths.map((path) => basename(path)));
  if (journals.size === 0) return [...files];
  const known: UnfinishedFile[] = [];
  for (const file of files) {
    const journal = file.kept > 0 ? null : output.workPath(file.path).journal;
    const isUnknown = journal !== null && journals.has(basename(journal));
    known.push(isUnknown ? { ...file, kept: await claimedBy(journal, file) } : file);
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
