/**
 * The disk's side of the engine: actions on files, and their results. `bytes` are passed through and
 * never read by the engine.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import type { Range } from "./byte_ranges.ts";
import type { LocalState } from "./local_state.ts";

/** A file as the disk knows it: by identity. */
export interface StoredFile {
  readonly file: ListedFile;
}

/** An action on the disk. Those of one file are performed in the order in which they come. */
export type DiskAction<F extends StoredFile = StoredFile> =
  /** Find out what is here of the file, without reading data: `inspected`. */
  | {
    readonly type: "inspect";
    readonly record: F;
    /** Whether the digest will be wanted. */
    readonly hash: boolean;
  }
  /** Compute the digest of the file under the final name: `hashed`. */
  | { readonly type: "hash"; readonly record: F }
  /** Take up what an earlier run has left, and prove it by its journal: `opened`. */
  | { readonly type: "open"; readonly record: F }
  /** Write a chunk; of a whole file in one chunk, also make it final: `sealed`. */
  | {
    readonly type: "write";
    readonly record: F;
    readonly offset: number;
    /** Valid during the call. */
    readonly bytes: Uint8Array;
    /** The CRC-32 of the bytes, as checked. */
    readonly checksum: number;
    /** Whether the digest is wanted when all is here. */
    readonly hash: boolean;
  }
  /** All is written: sync it, and compute its digest if it is wanted: `sealed`. */
  | { readonly type: "seal"; readonly record: F; readonly hash: boolean }
  /** Move the sealed file to its final name: `committed`. */
  | { readonly type: "commit"; readonly record: F }
  /** Remove what is here, to begin with nothing: `discarded`. */
  | { readonly type: "discard"; readonly record: F }
  /** Close the file and keep what can be taken up again: `released`. */
  | { readonly type: "release"; readonly record: F };

/** The result of an action on the disk. */
export type DiskResult<F extends StoredFile = StoredFile> =
  | { readonly type: "inspected"; readonly record: F; readonly local: LocalState }
  /** The digest; null if the file cannot be read. */
  | { readonly type: "hashed"; readonly record: F; readonly digest: string | null }
  | {
    readonly type: "opened";
    readonly record: F;
    /** The ranges that have to come, in order. */
    readonly lacking: readonly Range[];
    /** Bytes that the journal claims and the data does not show. */
    readonly damaged: number;
    /** Why what was there was discarded, if it was. */
    readonly discardReason: LocalState["discardReason"];
  }
  /** The digest is null where it was not wanted. */
  | { readonly type: "sealed"; readonly record: F; readonly digest: string | null }
  | { readonly type: "committed"; readonly record: F }
  | { readonly type: "discarded"; readonly record: F }
  /** Bytes that a later run can take up. */
  | { readonly type: "released"; readonly record: F; readonly resumable: number }
  /** An action failed; the later ones of the file were not performed. */
  | { readonly type: "failed"; readonly record: F; readonly error: unknown };
