/**
 * The numbers of a run's summary. Pure.
 *
 * Paths are kept of files that are done or failed, nothing of the others.
 *
 * @module
 */
import type { FailedFile } from "../events.ts";
import type { FileRecord } from "./file_record.ts";

/** Counts. Times are in milliseconds. */
export class RunStats {
  /** Bytes of files that came over the wire, and those of them that came twice. */
  received = 0;
  repeated = 0;
  /** By path: whether it was complete before anything of it was fetched. */
  readonly #done = new Map<string, boolean>();
  readonly #failed = new Map<string, FailedFile>();
  readonly #fetched = new Set<string>();
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** Counts a chunk that came; `useful` bytes of it were not here before. */
  onChunk({ file: { path } }: FileRecord, bytes: number, useful: number): void {
    this.received += bytes;
    this.repeated += bytes - useful;
    this.#fetched.add(path);
  }

  /** A file is wanted, or wanted again. */
  onQueued(path: string, now: number): void {
    this.#activeSince ??= now;
    this.#done.delete(path);
    this.#failed.delete(path);
  }

  /** A file is complete. */
  onDone(path: string, alreadyThere: boolean): void {
    this.#done.set(path, alreadyThere && !this.#fetched.has(path));
  }

  /** A file will not be complete. */
  onFailed(failed: FailedFile): void {
    this.#failed.set(failed.path, failed);
  }

  /** A file is not wanted any more; one that is complete stays done. */
  onDropped(path: string): void {
    this.#failed.delete(path);
  }

  /** Nothing is left to do for now. */
  onIdle(now: number): void {
    this.#activeBefore = this.activeTime(now);
    this.#activeSince = null;
  }

  /** How many files are complete. */
  get done(): number {
    return this.#done.size;
  }

  /** How many of them were complete before. */
  get alreadyThere(): number {
    return this.#done.values().reduce((sum, already) => sum + (already ? 1 : 0), 0);
  }

  /** The files that failed. */
  get failed(): FailedFile[] {
    return [...this.#failed.values()];
  }

  /** For how long there was something to do. */
  activeTime(now: number): number {
    return this.#activeBefore + (this.#activeSince === null ? 0 : now - this.#activeSince);
  }
}
