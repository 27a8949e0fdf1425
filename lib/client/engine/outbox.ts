/**
 * The outputs of the engine's parts, until the engine passes them on; and retries.
 *
 * @module
 */
import type { ClientEvent } from "../events.ts";
import type { DiskAction } from "./actions.ts";
import type { FailedRange, FileRecord } from "./file_record.ts";

/** Outputs that wait to be taken. */
export interface Outbox {
  disk: DiskAction[];
  events: ClientEvent[];
  /** Files that have reached their final phase. */
  settled: FileRecord[];
  /** Files whose received bytes have changed. */
  readonly moved: Set<FileRecord>;
}

/** A retry: of the whole file, its digest, or one range of it. */
export type Retry =
  | { readonly record: FileRecord; readonly type: "file" | "digest" }
  | { readonly record: FileRecord; readonly type: "chunk"; readonly range: FailedRange };
