/**
 * The numbers of a run's summary. Pure.
 *
 * Remembers the paths of files that were fetched, done or failed; nothing of the others.
 *
 * @module
 */
import type { FailedFile } from "../events.ts";
import type { FileRecord } from "./file_record.ts";

/** Counts. Times are in milliseconds. */
export class RunStats {
  /** Bytes of files received over the wire, and how many of them were received again. */
  received = 0;
  repeated = 0;
  /** By path: whether the file was complete before anything of it was fetched. */
  readonly #done = new Map<string, boolean>();
  readonly #failed = new Map<string, FailedFile>();
  readonly #fetched = new Set<string>();
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** Counts a received chunk, of which `useful` bytes were never received before. */
  onChunk({ file: { path } }: FileRecord, bytes: number, useful: number): void {
    this.received += bytes;
    this.repeated += bytes - useful;
    this.#fetched.add(path);
  }

  /** Takes a file that is queued, for the first time or again. */
  onQueued(path: string, now: number): void {
    this.#activeSince ??= now;
    this.#done.delete(path);
    this.#failed.delete(path);
  }

  /** Counts a file that is complete. */
  onDone(path: string, alreadyThere: boolean): void {
    this.#done.set(path, alreadyThere && !this.#fetched.has(path));
  }

  /** Counts a file that has failed. */
  onFailed(failed: FailedFile): void {
    this.#failed.set(failed.path, failed);
  }

  /** Takes a file that is no longer planned; one that is complete stays counted. */
  onDropped(path: string): void {
    this.#failed.delete(path);
  }

  /** Ends a span of activity. */
  onIdle(now: number): void {
    this.#activeBefore = this.activeTime(now);
    this.#activeSince = null;
  }

  /** The number of complete files. */
  get done(): number {
    return this.#done.size;
  }

  /** The number of those that were complete before. */
  get alreadyThere(): number {
    return this.#done.values().reduce((sum, already) => sum + (already ? 1 : 0), 0);
  }

  /** The files that failed. */
  get failed(): FailedFile[] {
    return [...this.#failed.values()];
  }

  /** The time in which there was something to do. */
  activeTime(now: number): number {
    return this.#activeBefore + (this.#activeSince === null ? 0 : now - this.#activeSince);
  }
}
