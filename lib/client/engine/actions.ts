/**
 * The engine's outputs.
 *
 * @module
 */
import type {
  DiskAction as DiskActionOf,
  DiskResult as DiskResultOf,
} from "../disk/disk_actions.ts";
import type { FileRecord } from "./file_record.ts";
import type { ServerRequest } from "./request_planner.ts";

/** An action on the disk, whose handle is the record. */
export type DiskAction = DiskActionOf<FileRecord>;

/** The result of an action on the disk. */
export type DiskResult = DiskResultOf<FileRecord>;

/** The next things to do; all of them can be done together. */
export interface Actions {
  readonly disk: readonly DiskAction[];
  /** Requests to send. */
  readonly requests: readonly ServerRequest[];
}
