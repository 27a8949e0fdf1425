/**
 * The one decision about a complete file: do its digests agree? Pure.
 *
 * @module
 */
import { type FileRecord, wantsDigest } from "./file_record.ts";

/** The result of comparing digests. */
export type Verdict =
  /** The file is right, or no digest is compared. */
  | { readonly type: "right" }
  /** A digest that decides is not known yet. */
  | { readonly type: "unknown" }
  | WrongDigest;

/** The file has a wrong digest. */
export interface WrongDigest {
  readonly type: "wrong";
  /** The digests, as a phrase. */
  readonly reason: string;
  /** Whether the server has this very content, so that fetching it again is in vain. */
  readonly inVain: boolean;
}

/**
 * Compares the digest of the written data with that of the input list or the server.
 *
 * @param verify Whether files are compared with the server's digest.
 */
export function judge(record: FileRecord, verify: boolean): Verdict {
  if (!wantsDigest(record, verify)) return { type: "right" };
  const { localDigest, serverDigest, digestState, planned: { sha256, line } } = record;
  const wanted = sha256 ?? serverDigest;
  if (localDigest === null || wanted === null) return { type: "unknown" };
  if (localDigest === wanted) return { type: "right" };
  // Fetching it again helps only if the server has other content, so its digest is needed too.
  if (serverDigest === null && digestState !== "unavailable") return { type: "unknown" };
  const says = sha256 === null ? `the server says ${wanted}` : `line ${line} says ${wanted}`;
  const reason = `its SHA-256 is ${localDigest}, ${says}`;
  return { type: "wrong", reason, inVain: serverDigest === localDigest };
}
