/**
 * The system's notifications of changes, from a Worker.
 *
 * @module
 */
import { packPaths, unpackPaths } from "./packed_files.ts";

/** Folders for the Worker to watch as well. */
export interface WatchCommand {
  readonly folders: string;
  /** Whether the system watches all that is under them. */
  readonly recursive: boolean;
}

/** A folder that cannot be watched. */
export interface WatchFailure {
  readonly folder: string;
  readonly reason: string;
  /** The limit of the system that was reached. */
  readonly limit: "watches" | "instances" | null;
}

/** Whether reports are missing. */
export interface Losses {
  /** Whether the system says so. */
  readonly isOverflow: boolean;
  /** Whether it is likely, as so many came at once. */
  readonly isCrowded: boolean;
}

/** A message of the Worker, with its paths packed. */
export type WatchReply =
  | { readonly watched: string; readonly failures: readonly WatchFailure[] }
  | { readonly changed: string; readonly moved: string } & Losses
  | { readonly lost: string };

/** The callbacks of a watcher's owner. All paths are on disk. */
export interface WatcherReports {
  /** Is called once for each call of `watch`. */
  onWatched(watched: readonly string[], failures: readonly WatchFailure[]): void;
  /**
   * @param changed Paths that may have changed.
   * @param moved Those of them that may have appeared or disappeared.
   */
  onChanged(changed: readonly string[], moved: readonly string[], losses: Losses): void;
  /** No further events come. */
  onLost(reason: string): void;
}

/** Watches folders until disposed. */
export class FolderWatcher implements Disposable {
  readonly #worker: Worker;

  constructor(reports: WatcherReports) {
    this.#worker = new Worker(new URL("./folder_watcher_worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<WatchReply>) => {
      if ("lost" in data) return reports.onLost(data.lost);
      if ("watched" in data) return reports.onWatched(unpackPaths(data.watched), data.failures);
      reports.onChanged(unpackPaths(data.changed), unpackPaths(data.moved), data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      reports.onLost(`The Worker that watches failed: ${event.message}`);
    };
  }

  /** Watches folders as well. */
  watch(folders: readonly string[], recursive: boolean): void {
    const command: WatchCommand = { folders: packPaths(folders), recursive };
    this.#worker.postMessage(command);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
