/**
 * The files of a client, with their sums and their order kept up to date at each change, so that
 * drawing a few of ten thousand costs little.
 *
 * @module
 */
import type { Priority } from "../client/events.ts";

/** How far a file's work has come. */
export type FileStage = "queued" | "active" | "verifying" | "done" | "failed";

/** One file. Sizes are in bytes. */
export interface FileState {
  readonly path: string;
  readonly priority: Priority;
  readonly size: number;
  readonly stage: FileStage;
  /** Bytes that are here, 0 to `size`. */
  readonly received: number;
  /** Bytes that came over the wire, also those that had to come twice. */
  readonly fetched: number;
  /** Whether it was complete before anything of it was fetched. */
  readonly alreadyThere: boolean;
}

/** Sums over the files that are wanted. Those that failed count as files only. */
export interface Totals {
  readonly files: number;
  readonly done: number;
  /** Those of the done that were complete before. */
  readonly alreadyThere: number;
  readonly failed: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that are here. */
  readonly received: number;
}

/** Files by path, with totals. */
export class FileTable {
  #files = new Map<string, FileState>();
  #active = new Set<FileState>();
  #queued = new Set<FileState>();
  #totals = { files: 0, done: 0, alreadyThere: 0, failed: 0, size: 0, received: 0 };

  /** Files under way or being verified, in the order in which they started. */
  get active(): ReadonlySet<FileState> {
    return this.#active;
  }

  /** Files whose turn has not come, in the order in which they came. */
  get queued(): ReadonlySet<FileState> {
    return this.#queued;
  }

  get totals(): Totals {
    return this.#totals;
  }

  get(path: string): FileState | undefined {
    return this.#files.get(path);
  }

  /** Adds a file, in place of one of the same path. */
  add(file: FileState): void {
    const known = this.#files.get(file.path);
    if (known) this.remove(known);
    this.#files.set(file.path, file);
    this.#enter(file);
  }

  /** Changes a file in place. */
  update(file: FileState, change: Partial<Omit<FileState, "path">>): void {
    this.#count(file, -1);
    Object.assign(file, change);
    this.#enter(file);
  }

  remove(file: FileState): void {
    this.#count(file, -1);
    this.#files.delete(file.path);
    this.#queued.delete(file);
    this.#active.delete(file);
  }

  #enter(file: FileState): void {
    this.#count(file, 1);
    putIf(file.stage === "queued", this.#queued, file);
    putIf(file.stage === "active" || file.stage === "verifying", this.#active, file);
  }

  #count(file: FileState, sign: 1 | -1): void {
    const totals = this.#totals;
    totals.files += sign;
    if (file.stage === "done") totals.done += sign;
    if (file.stage === "done" && file.alreadyThere) totals.alreadyThere += sign;
    if (file.stage === "failed") {
      totals.failed += sign;
      return;
    }
    totals.size += sign * file.size;
    totals.received += sign * file.received;
  }
}

/** Whether nothing more will come of a file. */
export function hasEnded(file: FileState): boolean {
  return file.stage === "done" || file.stage === "failed";
}

function putIf<Item>(belongs: boolean, set: Set<Item>, item: Item): void {
  if (belongs) set.add(item);
  else set.delete(item);
}
