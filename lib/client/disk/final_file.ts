/**
 * The file under a final name, by size and time, and whether it may be replaced. Pure.
 *
 * A file there is known if it is what the server lists, or what this client found complete or put
 * there in this run. Of earlier runs there is no record: their files are known while they are listed.
 *
 * @module
 */
import { OutputError } from "../../errors.ts";

/** Modification times closer than this, in milliseconds, count as equal. */
const SAME_TIME_MS = 2_000;

/** A file under its final name. */
export interface FinalFile {
  /** Bytes. */
  readonly size: number;
  /** The modification time, in milliseconds since 1970. */
  readonly modified: number;
}

/** The rule about a file that is under the final name of another one. */
export interface Keeping {
  /** The file that this client put there, or found complete, in this run; null if none. */
  readonly placed: FinalFile | null;
  /** Whether any other file there stays, and the download fails. */
  readonly keepExisting: boolean;
}

/** The reason for which a file fails with `--keep-existing`. */
export const KEPT_REASON =
  "another file has its name, and --keep-existing keeps files that this run did not put there";

/** Whether two files were modified at the same time, at the precision of all file systems. */
export function hasSameTime(a: FinalFile, b: FinalFile): boolean {
  return Math.abs(a.modified - b.modified) < SAME_TIME_MS;
}

/** Whether two files have the same size and time. */
export function looksSame(a: FinalFile, b: FinalFile): boolean {
  return a.size === b.size && hasSameTime(a, b);
}

/**
 * Whether a file under a final name is not Sluice's.
 *
 * @param existing The file there; null if there is none.
 * @param wanted The file that belongs there.
 */
export function isForeign(
  existing: FinalFile | null,
  wanted: FinalFile,
  { placed }: Keeping,
): existing is FinalFile {
  if (existing === null) return false;
  const known = placed === null ? [wanted] : [wanted, placed];
  return !known.some((file) => looksSame(file, existing));
}

/** Whether a file under a final name is not Sluice's, and stays. */
export function isKept(existing: FinalFile | null, wanted: FinalFile, keeping: Keeping): boolean {
  return keeping.keepExisting && isForeign(existing, wanted, keeping);
}

/**
 * The file that another one replaces under its name and that is not Sluice's; null if there is none.
 *
 * @throws {OutputError} If it is kept.
 */
export function replacedBy(
  wanted: FinalFile,
  existing: FinalFile | null,
  keeping: Keeping,
): FinalFile | null {
  if (isKept(existing, wanted, keeping)) throw new OutputError(KEPT_REASON);
  return isForeign(existing, wanted, keeping) ? existing : null;
}
