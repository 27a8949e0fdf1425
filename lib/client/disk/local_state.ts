/**
 * The state of a file on the disk, as far as it is known without reading its data. Nothing is changed,
 * and the claims of journals and modification times are not verified.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { Ranges } from "./byte_ranges.ts";
import type { JournalEntry } from "./journal.ts";
import { type KeptBytes, keptBytes, OtherPrefix } from "./kept_bytes.ts";
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
  /** Bytes of another version to try against this one, those that may save most first. */
  readonly kept: readonly KeptBytes[];
  /** Why the file cannot be published; null if nothing is in the way. */
  readonly obstacle: string | null;
}

/** Inspects a file without a promise; null if an earlier run may have left a partial file. */
export function inspectSync(file: ListedFile, output: OutputFolder): LocalState | null {
  if (output.listing.has(output.workPath(file.path).journal)) return null;
  const { finalSize, ...present } = presentOf(file, output);
  const kept = keptBytes(file, 0, finalSize);
  return { ...present, hasJournal: false, resumableBytes: 0, discardReason: null, kept };
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
  const other = new OtherPrefix(Math.min(end, file.size));
  const { isUsable, discardReason } = await findJournal(work.journal, file, take, {
    signal,
    takeOther: (entries) => other.take(entries),
  });
  const { finalSize, ...present } = presentOf(file, output);
  return {
    ...present,
    hasJournal: isUsable,
    resumableBytes: claimed.size,
    discardReason,
    kept: keptBytes(file, other.length, finalSize),
  };
}

/** The file under the final name, and the size of one that may be of another version. */
function presentOf(
  file: ListedFile,
  output: OutputFolder,
): Pick<LocalState, "present" | "obstacle"> & { readonly finalSize: number | null } {
  try {
    const info = output.statFinal(file.path);
    const present = kindOf(info, file);
    return { present, obstacle: null, finalSize: info && present !== "same" ? info.size : null };
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    return { present: "nothing", obstacle: error.message, finalSize: null };
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
