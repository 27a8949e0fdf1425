/**
 * What a download would find of a file on the disk, as far as that is known without reading data:
 * nothing is changed, and nothing of what a journal or a modification time says is proven.
 *
 * @module
 */
import type { ListedFile } from "../protocol/payloads.ts";
import { isOf, type Journal, parseJournal } from "./journal.ts";
import { OutputError, type OutputFolder } from "./output_folder.ts";
import type { Found } from "./partial_file.ts";
import { Ranges } from "./ranges.ts";
import { readJournal } from "./read_journal.ts";
import { hasSameTime } from "./same_time.ts";
import { unlessMissing } from "./unless_missing.ts";

/** What there is of one file. */
export interface Outlook {
  /**
   * What stands under its name: nothing, what looks like the file (size and time), something of its
   * size, or something else.
   */
  readonly present: "nothing" | "same" | "same size" | "other";
  /** Bytes of an earlier download that are there as its journal says. */
  readonly kept: number;
  /** Why what was kept would be dropped. */
  readonly dropped: Found["dropped"];
  /** Why the file cannot be put under its name; null if nothing is in the way. */
  readonly obstacle: string | null;
}

/** Looks for what there is of a file. */
export async function lookAt(file: ListedFile, output: OutputFolder): Promise<Outlook> {
  const bytes = await readJournal(output.workPath(file.path).journal);
  const journal = bytes && parseJournal(bytes);
  const isUsable = journal !== null && isOf(journal, file);
  return {
    ...presentOf(file, output),
    kept: isUsable ? await keptOf(journal, output) : 0,
    dropped: bytes === null || isUsable ? null : journal ? "outdated" : "unreadable",
  };
}

function presentOf(
  file: ListedFile,
  output: OutputFolder,
): Pick<Outlook, "present" | "obstacle"> {
  try {
    return { present: kindOf(output.present(file.path), file), obstacle: null };
  } catch (error) {
    if (error instanceof OutputError) return { present: "nothing", obstacle: error.message };
    throw error;
  }
}

function kindOf(info: Deno.FileInfo | null, file: ListedFile): Outlook["present"] {
  if (!info) return "nothing";
  if (info.size !== file.size) return "other";
  return hasSameTime(info, file) ? "same" : "same size";
}

/** Bytes that a journal names and that the data is long enough for. */
async function keptOf({ subject, entries }: Journal, output: OutputFolder): Promise<number> {
  const data = await unlessMissing(Deno.lstat(output.workPath(subject.path).data));
  const kept = new Ranges();
  for (const { offset, length } of entries) {
    kept.add({ start: offset, end: Math.min(offset + length, data?.size ?? 0) });
  }
  return kept.size;
}
