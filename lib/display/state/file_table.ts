/**
 * The files of a client. Their sums and their order are updated at each change, so that drawing a
 * few of ten thousand files costs little.
 *
 * @module
 */
import { perPriority, PRIORITIES, type Priority } from "../../client/priority.ts";

/** The stage of a file. */
export type FileStage = "queued" | "active" | "verifying" | "done" | "failed";

/** One file. Sizes are in bytes. */
export interface FileState {
  readonly path: string;
  readonly priority: Priority;
  /** The line of the input list that names it. */
  readonly line: number;
  readonly size: number;
  readonly stage: FileStage;
  /** The most bytes that were ever on disk, 0 to `size`: shown, so that percentages never go back. */
  readonly peakReceived: number;
  /** Bytes on disk now; fewer than `peakReceived` while some have to be fetched again. */
  readonly received: number;
  /** Bytes received over the connection, including repeated ones. */
  readonly fetched: number;
  /** Whether it was complete before any byte was fetched. */
  readonly alreadyThere: boolean;
}

/** Files below this size, in bytes, are small: they end before one can read their rows. */
const SMALL_SIZE = 1024 * 1024;

/** Sums over the wanted files. */
export interface Totals {
  readonly files: number;
  readonly done: number;
  /** Those of `done` that were complete before the run. */
  readonly alreadyThere: number;
  readonly failed: number;
  /** Files whose digest is being compared. */
  readonly verifying: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes on disk now. */
  readonly received: number;
  /** The sum of the files' `peakReceived`. */
  readonly peakReceived: number;
  /** Bytes still to be received. */
  readonly left: number;
}

/** Files by priority, in the order in which they were added. */
export class FileGroup implements Iterable<FileState> {
  readonly #sets = perPriority(() => new Set<FileState>());

  get size(): number {
    return PRIORITIES.reduce((sum, priority) => sum + this.#sets[priority].size, 0);
  }

  /** The files of one priority. */
  of(priority: Priority): Set<FileState> {
    return this.#sets[priority];
  }

  *[Symbol.iterator](): Iterator<FileState> {
    for (const priority of PRIORITIES) yield* this.#sets[priority];
  }
}

/** Files by path, with totals. */
export class FileTable {
  #files = new Map<string, FileState>();
  #active = new FileGroup();
  #queued = new FileGroup();
  #totals = noFiles();
  #small = perPriority(noFiles);

  /** Files being downloaded or verified, in the order in which they started. */
  get active(): FileGroup {
    return this.#active;
  }

  /** Files that have not started, in the order in which they were queued. */
  get queued(): FileGroup {
    return this.#queued;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** The sums over the small files of one priority. */
  small(priority: Priority): Totals {
    return this.#small[priority];
  }

  get(path: string): FileState | undefined {
    return this.#files.get(path);
  }

  /** Adds a file, replacing one of the same path. */
  add(file: FileState): void {
    const known = this.#files.get(file.path);
    if (known) this.remove(known);
    this.#files.set(file.path, file);
    this.#count(file, 1);
    this.#groupOf(file)?.add(file);
  }

  /** Changes a file in place. */
  update(file: FileState, change: Partial<Omit<FileState, "path">>): void {
    const before = this.#groupOf(file);
    this.#count(file, -1);
    Object.assign(file, change);
    this.#count(file, 1);
    const after = this.#groupOf(file);
    if (after === before) return;
    before?.delete(file);
    after?.add(file);
  }

  remove(file: FileState): void {
    this.#count(file, -1);
    this.#groupOf(file)?.delete(file);
    this.#files.delete(file.path);
  }

  #groupOf({ stage, priority }: FileState): Set<FileState> | undefined {
    if (stage === "queued") return this.#queued.of(priority);
    return stage === "active" || stage === "verifying" ? this.#active.of(priority) : undefined;
  }

  #count(file: FileState, sign: 1 | -1): void {
    add(this.#totals, file, sign);
    if (isSmall(file)) add(this.#small[file.priority], file, sign);
  }
}

function noFiles() {
  return {
    files: 0,
    done: 0,
    alreadyThere: 0,
    failed: 0,
    verifying: 0,
    size: 0,
    received: 0,
    peakReceived: 0,
    left: 0,
  };
}

function add(totals: ReturnType<typeof noFiles>, file: FileState, sign: 1 | -1): void {
  totals.files += sign;
  if (file.stage === "done") totals.done += sign;
  if (file.stage === "done" && file.alreadyThere) totals.alreadyThere += sign;
  if (file.stage === "failed") totals.failed += sign;
  if (file.stage === "verifying") totals.verifying += sign;
  totals.size += sign * file.size;
  totals.received += sign * file.received;
  totals.peakReceived += sign * file.peakReceived;
  totals.left += sign * (hasEnded(file) ? 0 : file.size - file.received);
}

/** Whether a file is small: many such files of one priority are shown as one. */
export function isSmall({ size }: Pick<FileState, "size">): boolean {
  return size < SMALL_SIZE;
}

/** Whether a file is done or has failed. */
export function hasEnded(file: FileState): boolean {
  return file.stage === "done" || file.stage === "failed";
}
