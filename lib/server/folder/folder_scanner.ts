/**
 * Scans of the shared folder, in a Worker, so that a slow disk blocks nothing else.
 *
 * @module
 */
import type { SharedFile } from "../shared_file.ts";
import type { LeftOut } from "./left_out.ts";
import { type PackedFiles, unpackFiles, unpackPaths } from "./packed_files.ts";
import type { SharedRoot } from "./shared_root.ts";

/** The scan for the Worker; see `scanFolder`. */
export interface ScanCommand {
  /** The folder as the user names it. */
  readonly dir: string;
  readonly hidden: boolean;
  readonly paths: readonly string[];
}

/** The result of a scan. */
export interface ScanResult {
  /** The real folder. */
  readonly root: SharedRoot;
  /** The paths that were scanned: the whole folder instead of some paths if it is another one. */
  readonly tops: readonly string[];
  readonly files: readonly SharedFile[];
  /** The folders that were read, by their wire paths. */
  readonly folders: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** How long the Worker took, in milliseconds. */
  readonly took: number;
}

/** Some of the files that a scan finds, and the rest of the result with the last ones. */
export type ScanReply =
  | {
    readonly files: PackedFiles;
    readonly end?: Omit<ScanResult, "files" | "folders"> & { readonly folders: string };
  }
  | { readonly failure: string };

/** Scans one folder. */
export class FolderScanner implements Disposable {
  readonly #dir: string;
  readonly #hidden: boolean;
  readonly #worker: Worker;
  #found: SharedFile[] = [];
  /** The scan that is under way. */
  #result: PromiseWithResolvers<ScanResult> | undefined;

  /**
   * @param dir The folder; a link is resolved at every scan.
   * @param hidden Whether names that begin with a dot are shared.
   */
  constructor(dir: string, hidden: boolean) {
    this.#dir = dir;
    this.#hidden = hidden;
    this.#worker = new Worker(new URL("./folder_scan_worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<ScanReply>) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`The Worker that scans failed: ${event.message}`);
    };
  }

  /** How many files the present scan has found so far. */
  get found(): number {
    return this.#found.length;
  }

  /**
   * The files that may be shared at or under some paths, none under another. One scan at a time.
   *
   * @throws {Error} If nothing is known: the folder cannot be read, or the scan was given up.
   */
  scan(paths: Iterable<string>): Promise<ScanResult> {
    this.#found = [];
    this.#result = Promise.withResolvers();
    const command: ScanCommand = { dir: this.#dir, hidden: this.#hidden, paths: [...paths] };
    this.#worker.postMessage(command);
    return this.#result.promise;
  }

  /** Gives up what is being scanned. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
    this.#fail("The scan was given up");
  }

  #take(reply: ScanReply): void {
    if ("failure" in reply) return this.#fail(reply.failure);
    for (const file of unpackFiles(reply.files)) this.#found.push(file);
    if (!reply.end) return;
    const folders = unpackPaths(reply.end.folders);
    this.#result?.resolve({ ...reply.end, files: this.#found, folders });
  }

  #fail(failure: string): void {
    this.#result?.reject(new Error(failure));
  }
}
