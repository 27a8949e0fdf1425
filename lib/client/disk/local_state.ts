/**
 * The state of a file on the disk, as far as it is known without reading its data. Nothing is changed,
 * and the claims of journals and modification times are not verified.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import { Ranges } from "./byte_ranges.ts";
import { type FinalFile, hasSameTime } from "./final_file.ts";
import type { JournalEntry } from "./journal.ts";
import { type KeptBytes, keptBytes, OtherPrefix } from "./kept_bytes.ts";
import type { OutputFolder } from "./output_folder.ts";
import { OutputError } from "../../errors.ts";
import type { Found } from "./partial_file.ts";
import { addClaims, findJournal } from "./read_journal.ts";
import { nullIfNotFound } from "../../fs/not_found.ts";

/** The local state of one file. */
export interface LocalState {
  /**
   * The file under its final name: nothing, a file of the same size and time, one of the same size
   * only, or another file.
   */
  readonly present: "nothing" | "same" | "same size" | "other";
  /** That file; null if there is none. */
  readonly existing: FinalFile | null;
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
  /** A remedy for the user, if that is not to make way for the file. */
  readonly advice?: string;
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
): Pick<LocalState, "present" | "existing" | "obstacle" | "advice"> & {
  readonly finalSize: number | null;
} {
  try {
    const existing = output.finalFile(file.path);
    const present = kindOf(existing, file);
    const finalSize = existing && present !== "same" ? existing.size : null;
    return { present, existing, obstacle: null, finalSize };
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    const { message: obstacle, advice } = error;
    const state = { present: "nothing", existing: null, obstacle, finalSize: null } as const;
    return advice === undefined ? state : { ...state, advice };
  }
}

function kindOf(existing: FinalFile | null, file: ListedFile): LocalState["present"] {
  if (!existing) return "nothing";
  if (existing.size !== file.size) return "other";
  return hasSameTime(existing, file) ? "same" : "same size";
}
