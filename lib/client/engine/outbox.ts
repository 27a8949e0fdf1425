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
  /** Files that have reached their final phase, and when. */
  settled: { readonly record: FileRecord; readonly at: number }[];
  /** Files whose received bytes have changed. */
  readonly moved: Set<FileRecord>;
}

/** A retry: of the whole file, its digest, or one range of it; or the end of the rest of a file. */
export type Retry =
  | { readonly type: "file" | "digest"; readonly record: FileRecord }
  | { readonly type: "chunk"; readonly record: FileRecord; readonly range: FailedRange }
  | { readonly type: "rest"; readonly path: string };
