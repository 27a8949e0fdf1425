/**
 * The one decision about a file that is complete: do its digests say that it is the file? Pure.
 *
 * @module
 */
import { type FileRecord, wantsDigest } from "./file_record.ts";

/** The result of comparing digests. */
export type Verdict =
  /** The file is right, as far as anybody asks. */
  | { readonly type: "right" }
  /** That depends on a digest that is not known. */
  | { readonly type: "unknown" }
  | WrongDigest;

/** The file is not the one that is wanted. */
export interface WrongDigest {
  readonly type: "wrong";
  /** The digests, as a phrase. */
  readonly reason: string;
  /** Whether the server has just this content, so that it would come again. */
  readonly inVain: boolean;
}

/**
 * Compares the digest of what was written with the input list's or the server's.
 *
 * @param verify Whether files are compared with the server's digest.
 */
export function judge(record: FileRecord, verify: boolean): Verdict {
  if (!wantsDigest(record, verify)) return { type: "right" };
  const { localDigest, serverDigest, digestState, planned: { sha256, line } } = record;
  const wanted = sha256 ?? serverDigest;
  if (localDigest === null || wanted === null) return { type: "unknown" };
  if (localDigest === wanted) return { type: "right" };
  // Fetching it again helps only if it was not fetched right: does the server have this content?
  if (serverDigest === null && digestState !== "unavailable") return { type: "unknown" };
  const says = sha256 === null ? `the server says ${wanted}` : `line ${line} says ${wanted}`;
  const reason = `its SHA-256 is ${localDigest}, ${says}`;
  return { type: "wrong", reason, inVain: serverDigest === localDigest };
}
