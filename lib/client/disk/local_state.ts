/**
 * The state of a file on the disk, as far as it is known without reading its data. Nothing is changed,
 * and the claims of journals and modification times are not verified.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { Ranges } from "./byte_ranges.ts";
import type { JournalEntry } from "./journal.ts";
import type { OutputFolder } from "./output_folder.ts";
import { OutputError } from "../../errors.ts";
import type { Found } from "./partial_file.ts";
import { addClaims, findJournal } from "./read_journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** Modification times closer than this, in milliseconds, count as equal. */
const SAME_TIME_MS = 2_000;

/** The local state of one file. */
export interface LocalState {
  /**
   * The file under its final name: nothing, a file of the same size and time, one of the same size
   * only, or another file.
   */
  readonly present: "nothing" | "same" | "same size" | "other";
  /** Whether there is a journal of this very content, whatever is left of the data. */
  readonly hasJournal: boolean;
  /** Bytes left from an earlier run, as its journal claims. */
  readonly resumableBytes: number;
  /** Why the partial file would be discarded; null if it would not. */
  readonly discardReason: Found["discardReason"];
  /** Why the file cannot be published; null if nothing is in the way. */
  readonly obstacle: string | null;
  /** What the user can do about it, if that is not to make way for the file. */
  readonly advice?: string;
}

/** Inspects a file without a promise; null if an earlier run may have left a partial file. */
export function inspectSync(file: ListedFile, output: OutputFolder): LocalState | null {
  if (output.listing.has(output.workPath(file.path).journal)) return null;
  return { ...presentOf(file, output), hasJournal: false, resumableBytes: 0, discardReason: null };
}

/**
 * Inspects the local state of a file.
 *
 * @param signal Aborts the reading of a long journal.
 * @throws {DOMException} If it was aborted.
 */
export async function inspect(
  file: ListedFile,
  output: OutputFolder,
  signal?: AbortSignal,
): Promise<LocalState> {
  const work = output.workPath(file.path);
  const end = (await nullIfNotFound(Deno.lstat(work.data)))?.size ?? 0;
  const claimed = new Ranges();
  const take = (entries: readonly JournalEntry[]) => addClaims(claimed, entries, end);
  const { isUsable, discardReason } = await findJournal(work.journal, file, take, signal);
  return {
    ...presentOf(file, output),
    hasJournal: isUsable,
    resumableBytes: claimed.size,
    discardReason,
  };
}

function presentOf(
  file: ListedFile,
  output: OutputFolder,
): Pick<LocalState, "present" | "obstacle" | "advice"> {
  try {
    return { present: kindOf(output.statFinal(file.path), file), obstacle: null };
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    const { message: obstacle, advice } = error;
    return { present: "nothing", obstacle, ...(advice === undefined ? {} : { advice }) };
  }
}

function kindOf(info: Deno.FileInfo | null, file: ListedFile): LocalState["present"] {
  if (!info) return "nothing";
  if (info.size !== file.size) return "other";
  return hasSameTime(info, file) ? "same" : "same size";
}

/** Whether two files were modified at the same time, at the precision of all file systems. */
function hasSameTime(info: Deno.FileInfo, { modified }: ListedFile): boolean {
  return Math.abs((info.mtime?.getTime() ?? 0) - modified) < SAME_TIME_MS;
}
