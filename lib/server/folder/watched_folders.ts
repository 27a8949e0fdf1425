/**
 * Which folders the system watches, which it should, and where it is silent. Pure; paths are on
 * disk, times in milliseconds on one clock.
 *
 * @module
 */
import { dirname } from "@std/path";
import { isAtOrUnder } from "./path_set.ts";

/** How long after a failure a folder is tried again. */
const RETRY_MS = 60_000;

/** The folders of one watcher. */
export class WatchedFolders {
  /** Since when each folder is watched. */
  readonly #since = new Map<string, number>();
  readonly #requested = new Set<string>();
  /** When each folder could not be watched. */
  readonly #failedAt = new Map<string, number>();
  /** When each folder was last the place of a change that the system reported. */
  readonly #heardAt = new Map<string, number>();
  #lastHeardAt = -Infinity;

  /** Whether no folder is known to be unwatched. */
  get isComplete(): boolean {
    return this.#failedAt.size === 0;
  }

  /** Of the folders of a scan those that have to be watched now, which counts as requested. */
  request(folders: readonly string[], now: number): string[] {
    const missing = folders.filter((folder) =>
      !this.#since.has(folder) && !this.#requested.has(folder) &&
      !(now - (this.#failedAt.get(folder) ?? -Infinity) < RETRY_MS)
    );
    for (const folder of missing) this.#requested.add(folder);
    return missing;
  }

  /** Takes what became of requested folders; returns those that did not fail before. */
  settle(watched: readonly string[], failed: readonly string[], now: number): string[] {
    for (const folder of watched) {
      // It may have been replaced since it was requested.
      if (this.#requested.delete(folder)) this.#since.set(folder, now);
      this.#failedAt.delete(folder);
    }
    const fresh = failed.filter((folder) => !this.#failedAt.has(folder));
    for (const folder of failed) {
      this.#requested.delete(folder);
      this.#failedAt.set(folder, now);
    }
    return fresh;
  }

  /** Takes paths that the system reports, and those of them that may be another file now. */
  hear(changed: readonly string[], moved: readonly string[], now: number): void {
    this.#lastHeardAt = now;
    for (const path of changed) {
      this.#heardAt.set(dirname(path), now);
      if (this.#since.has(path)) this.#heardAt.set(path, now);
    }
    this.forget(moved.filter((path) => this.#isKnown(path)));
  }

  /** Folders whose watches have ended, with all under them. */
  forget(folders: readonly string[]): void {
    if (folders.length === 0) return;
    const tops = new Set(folders);
    this.#deleteWhere((folder) => isAtOrUnder(folder, tops));
  }

  /** All watches have ended. */
  clear(): void {
    this.#deleteWhere(() => true);
  }

  /** Keeps only the folders that a scan of everything has found. */
  retain(folders: readonly string[]): void {
    const present = new Set(folders);
    this.#deleteWhere((folder) => !present.has(folder));
  }

  /**
   * Of folders with changes since `time`, those where the system reported none although it was
   * watching.
   */
  silent(folders: Iterable<string>, time: number): string[] {
    return [...new Set(folders)].filter((folder) =>
      (this.#since.get(folder) ?? Infinity) < time &&
      (this.#heardAt.get(folder) ?? -Infinity) < time
    );
  }

  /** Whether the system has reported anything since `time`. */
  hasHeardSince(time: number): boolean {
    return this.#lastHeardAt >= time;
  }

  #deleteWhere(isGone: (folder: string) => boolean): void {
    for (const known of [this.#since, this.#requested, this.#failedAt, this.#heardAt]) {
      for (const folder of [...known.keys()]) if (isGone(folder)) known.delete(folder);
    }
  }

  #isKnown(path: string): boolean {
    return this.#since.has(path) || this.#requested.has(path) || this.#failedAt.has(path);
  }
}
