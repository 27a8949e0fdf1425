/**
 * The interface of the disk to the engine: actions on files, and their results. The engine passes
 * `bytes` through and never reads them.
 *
 * @module
 */
import type { ListedFile } from "../../protocol/payloads.ts";
import type { Range } from "./byte_ranges.ts";
import type { FinalFile, Keeping } from "./final_file.ts";
import type { KeptBytes } from "./kept_bytes.ts";
import type { LocalState } from "./local_state.ts";

/** A file of the disk, compared by identity. */
export interface StoredFile {
  readonly file: ListedFile;
}

/** An action on the disk. The actions of one file are performed in their order. */
export type DiskAction<F extends StoredFile = StoredFile> =
  /** Determine the state of the file without reading data: `inspected`. */
  | {
    readonly type: "inspect";
    readonly record: F;
    /** Whether the digest will be needed. */
    readonly hash: boolean;
  }
  /** Compute the digest of the file under the final name: `hashed`. */
  | { readonly type: "hash"; readonly record: F }
  /** Compute the digest of the bytes that are kept of another version: `tried`. */
  | { readonly type: "try"; readonly record: F; readonly source: KeptBytes["source"] }
  /** Make kept bytes those of a partial file of this version: `opened`. */
  | { readonly type: "adopt"; readonly record: F; readonly kept: KeptBytes }
  /** Open a partial file, and prove its data by its journal: `opened`. */
  | { readonly type: "open"; readonly record: F }
  /** Write a chunk. One that is the whole file is sealed, too: `sealed`. */
  | {
    readonly type: "write";
    readonly record: F;
    readonly offset: number;
    /**
     * Valid during the call. Large ones at the start of a buffer (`OWN_BUFFER_SIZE`) are all of it,
     * and may be transferred to another thread.
     */
    readonly bytes: Uint8Array;
    /** The CRC-32 of the bytes, which was checked. */
    readonly checksum: number;
    /** Whether the digest of the complete file is needed. */
    readonly hash: boolean;
  }
  /** Seal the complete data: flush it, and compute its digest if it is needed: `sealed`. */
  | { readonly type: "seal"; readonly record: F; readonly hash: boolean }
  /** Move the sealed file to its final name: `committed`. */
  | { readonly type: "commit"; readonly record: F; readonly keeping: Keeping }
  /** Remove the partial file: `discarded`. */
  | { readonly type: "discard"; readonly record: F }
  /** Suspend the file: close it and keep what can be resumed: `released`. */
  | { readonly type: "release"; readonly record: F };

/** The result of an action on the disk. */
export type DiskResult<F extends StoredFile = StoredFile> =
  | { readonly type: "inspected"; readonly record: F; readonly local: LocalState }
  /** The digest; null if the file cannot be read. */
  | { readonly type: "hashed"; readonly record: F; readonly digest: string | null }
  /** The bytes, as far as they are proven, and their digest; null if there are none. */
  | {
    readonly type: "tried";
    readonly record: F;
    readonly length: number;
    readonly digest: string | null;
  }
  | {
    readonly type: "opened";
    readonly record: F;
    /** The ranges to fetch, in order. */
    readonly lacking: readonly Range[];
    /** Bytes that the journal claims, but whose data does not match. */
    readonly damaged: number;
    /** Why the partial file was discarded; null if it was not. */
    readonly discardReason: LocalState["discardReason"];
  }
  /** The digest is null if it is not needed. */
  | { readonly type: "sealed"; readonly record: F; readonly digest: string | null }
  | {
    readonly type: "committed";
    readonly record: F;
    /** The file in its place that was not Sluice's; null if there was none. */
    readonly replaced: FinalFile | null;
  }
  | { readonly type: "discarded"; readonly record: F }
  /** Bytes that a later run can resume. */
  | { readonly type: "released"; readonly record: F; readonly resumable: number }
  /** An action failed; later actions of the file are not performed. */
  | { readonly type: "failed"; readonly record: F; readonly error: unknown };
