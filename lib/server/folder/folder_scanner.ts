/**
 * Scans of the shared folder, in a Worker, so that a slow disk blocks nothing else.
 *
 * @module
 */
import type { SharedFile, SharedFolder } from "../shared_file.ts";
import { type PackedFiles, unpackFiles } from "./packed_files.ts";

/** The scan for the Worker; see `scanFolder`. */
export interface ScanCommand {
  readonly folder: SharedFolder;
  readonly paths: readonly string[];
}

/** Some of what a scan finds, or why it failed. */
export type ScanReply =
  | { readonly files: PackedFiles; readonly isLast: boolean }
  | { readonly failure: string };

/** Scans one folder. */
export class FolderScanner implements Disposable {
  readonly #folder: SharedFolder;
  readonly #worker: Worker;
  #found: SharedFile[] = [];
  /** The scan that is under way. */
  #result: PromiseWithResolvers<SharedFile[]> | undefined;

  constructor(folder: SharedFolder) {
    this.#folder = folder;
    this.#worker = new Worker(new URL("./folder_scan_worker.ts", import.meta.url), {
      type: "module",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<ScanReply>) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(`The Worker that scans failed: ${event.message}`);
    };
  }

  /**
   * The files that may be shared at or under some paths, none under another. One scan at a time.
   *
   * @throws {Error} If nothing is known: a folder cannot be read, or the scan was given up.
   */
  scan(paths: Iterable<string>): Promise<SharedFile[]> {
    this.#found = [];
    this.#result = Promise.withResolvers();
    const command: ScanCommand = { folder: this.#folder, paths: [...paths] };
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
    if (reply.isLast) this.#result?.resolve(this.#found);
  }

  #fail(failure: string): void {
    this.#result?.reject(new Error(failure));
  }
}
