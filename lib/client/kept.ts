/**
 * What earlier runs have kept of files that this one has not looked at.
 *
 * @module
 */
import { basename } from "@std/path";
import type { UnfinishedFile } from "./events.ts";
import { parseJournal } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { Ranges } from "./ranges.ts";

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
  return files.map((file) => {
    if (file.kept > 0 || journals.size === 0) return file;
    const { journal } = output.workPath(file.path);
    return journals.has(basename(journal)) ? { ...file, kept: claimedBy(journal, file) } : file;
  });
}

function claimedBy(journalPath: string, { path, size }: UnfinishedFile): number {
  try {
    const journal = parseJournal(Deno.readFileSync(journalPath));
    if (journal?.subject.path !== path || journal.subject.size !== size) return 0;
    const claimed = new Ranges();
    for (const { offset, length } of journal.entries) {
      claimed.add({ start: offset, end: offset + length });
    }
    return claimed.size;
  } catch {
    // What cannot be read is of no use to the next run either.
    return 0;
  }
}
