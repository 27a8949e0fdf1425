/**
 * Consequences of the inputs: for the driver, and for a later time.
 *
 * @module
 */
import type { ClientEvent } from "../events.ts";
import type { DiskAction } from "./actions.ts";
import type { FileRecord } from "./file_record.ts";

/** Consequences of the inputs, until they are taken. */
export interface Outbox {
  disk: DiskAction[];
  events: ClientEvent[];
  /** Files that came to their final phase. */
  settled: FileRecord[];
  /** Files of which more is here than before. */
  readonly moved: Set<FileRecord>;
}

/** Something to try again: the whole file, its chunks, or its digest. */
export interface Retry {
  readonly record: FileRecord;
  readonly type: "file" | "chunks" | "digest";
}
