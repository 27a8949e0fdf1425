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
/** The most folders that are remembered after their watch has ended. */
const MAX_ENDED = 10_000;

/** The folders of one watcher. */
export class WatchedFolders {
  /** Since when each folder is watched. */
  readonly #since = new Map<string, number>();
  readonly #requested = new Set<string>();
  /** When each folder that could not be watched is tried again. */
  readonly #retryAt = new Map<string, number>();
  /** Folders that this watcher has watched, and does not any more. */
  readonly #ended = new Set<string>();
  #isStale = false;
  /** When each folder was last the place of a change that the system reported. */
  readonly #heardAt = new Map<string, number>();
  #lastHeardAt = -Infinity;

  /** Whether no folder is known to be unwatched. */
  get isComplete(): boolean {
    return this.#retryAt.size === 0 && !this.#isStale;
  }

  /**
   * Whether only another watcher can watch all folders. For Deno a path stays watched until all
   * folders are closed that were watched together with it, even if the system has dropped its watch
   * since the folder was moved: watching it again has no effect.
   */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** Of the folders of a scan those that have to be watched now, which counts as requested. */
  request(folders: readonly string[], now: number): string[] {
    const missing = folders.filter((folder) =>
      !this.#since.has(folder) && !this.#requested.has(folder) &&
      now >= (this.#retryAt.get(folder) ?? -Infinity)
    );
    for (const folder of missing) {
      this.#requested.add(folder);
      if (this.#ended.has(folder)) this.#isStale = true;
    }
    return missing;
  }

  /**
   * Takes what became of requested folders.
   *
   * @param retryIn How long after now those that failed are tried again.
   * @returns Those that did not fail before.
   */
  settle(
    watched: readonly string[],
    failed: readonly string[],
    now: number,
    retryIn = RETRY_MS,
  ): string[] {
    for (const folder of watched) {
      // It may have been replaced since it was requested.
      if (this.#requested.delete(folder)) this.#since.set(folder, now);
      this.#retryAt.delete(folder);
    }
    const fresh = failed.filter((folder) => !this.#retryAt.has(folder));
    for (const folder of failed) {
      this.#requested.delete(folder);
      // An earlier request of the same folder may have been settled since.
      this.#since.delete(folder);
      this.#retryAt.set(folder, now + retryIn);
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

  /** The system has dropped reports: which folders it watches is not known any more. */
  lose(): void {
    this.#isStale = true;
  }

  /** Another watcher begins. */
  clear(): void {
    this.#deleteWhere(() => true);
    this.#ended.clear();
    this.#isStale = false;
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
    for (const folder of this.#since.keys()) if (isGone(folder)) this.#ended.add(folder);
    if (this.#ended.size > MAX_ENDED) this.#isStale = true;
    for (const known of [this.#since, this.#requested, this.#retryAt, this.#heardAt]) {
      for (const folder of [...known.keys()]) if (isGone(folder)) known.delete(folder);
    }
  }

  #isKnown(path: string): boolean {
    return this.#since.has(path) || this.#requested.has(path) || this.#retryAt.has(path);
  }
}
