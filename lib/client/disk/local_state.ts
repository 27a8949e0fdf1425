/**
 * What a download would find of a file on the disk, as far as that is known without reading data:
 * nothing is changed, and nothing of what a journal or a modification time says is proven.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { bytesClaimed } from "./journal.ts";
import { OutputError, type OutputFolder } from "./output_folder.ts";
import type { Found } from "./partial_file.ts";
import { findJournal } from "./read_journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** Modification times closer than this, in milliseconds, are taken for the same. */
const SAME_TIME_MS = 2_000;

/** What there is of one file. */
export interface LocalState {
  /**
   * What stands under its name: nothing, what looks like the file (size and time), something of its
   * size, or something else.
   */
  readonly present: "nothing" | "same" | "same size" | "other";
  /** Whether there is a journal of this very content, whatever is left of the data. */
  readonly hasJournal: boolean;
  /** Bytes of an earlier download that are there as its journal says. */
  readonly resumableBytes: number;
  /** Why what was resumableBytes would be dropped. */
  readonly discardReason: Found["discardReason"];
  /** Why the file cannot be put under its name; null if nothing is in the way. */
  readonly obstacle: string | null;
}

/** Finds out at once what there is of a file; null if an earlier download may have left something. */
export function inspectSync(file: ListedFile, output: OutputFolder): LocalState | null {
  if (output.listing.has(output.workPath(file.path).journal)) return null;
  return { ...presentOf(file, output), hasJournal: false, resumableBytes: 0, discardReason: null };
}

/** Looks for what there is of a file. */
export async function inspect(file: ListedFile, output: OutputFolder): Promise<LocalState> {
  const work = output.workPath(file.path);
  const { journal, discardReason } = await findJournal(work.journal, file);
  const data = journal && await nullIfNotFound(Deno.lstat(work.data));
  const resumableBytes = journal ? bytesClaimed(journal, data?.size ?? 0) : 0;
  return {
    ...presentOf(file, output),
    hasJournal: journal !== null,
    resumableBytes,
    discardReason,
  };
}

function presentOf(
  file: ListedFile,
  output: OutputFolder,
): Pick<LocalState, "present" | "obstacle"> {
  try {
    return { present: kindOf(output.statFinal(file.path), file), obstacle: null };
  } catch (error) {
    if (error instanceof OutputError) return { present: "nothing", obstacle: error.message };
    throw error;
  }
}

function kindOf(info: Deno.FileInfo | null, file: ListedFile): LocalState["present"] {
  if (!info) return "nothing";
  if (info.size !== file.size) return "other";
  return hasSameTime(info, file) ? "same" : "same size";
}

/** Whether two files were modified at the same time, as exactly as all file systems keep it. */
export function hasSameTime(info: Deno.FileInfo, { modified }: ListedFile): boolean {
  return Math.abs((info.mtime?.getTime() ?? 0) - modified) < SAME_TIME_MS;
}
