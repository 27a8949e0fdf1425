/**
 * SHA-256 digests of files, computed in a Worker.
 *
 * This room computes the digests of both sides: `file_hasher.ts` (this) owns the Worker and its
 * jobs, `digest_worker.ts` runs in it. It imports only `fs` and the ground; client and server may
 * import `file_hasher.ts`.
 *
 * @module
 */

import { type ErrorCode, WireError } from "../errors.ts";

/** A command to the Worker. */
export type DigestCommand =
  | {
    readonly type: "start";
    readonly id: number;
    readonly path: string;
    readonly identity: string | null;
    readonly offset: number;
  }
  | { readonly type: "advance"; readonly id: number; readonly upTo: number }
  | { readonly type: "finish"; readonly id: number; readonly upTo: number }
  | { readonly type: "cancel"; readonly id: number };

/** The Worker's reply to a `finish`, or the job's failure before that. */
export type DigestReply =
  | { readonly id: number; readonly digest: string }
  | { readonly id: number; readonly error: string; readonly code: ErrorCode };

/** The computation of one file's digest. */
export interface DigestJob {
  /** Reports that the file's first `upTo` bytes are on disk and final. */
  advance(upTo: number): void;
  /**
   * Returns the digest of the file's bytes up to `end`, all of which are on disk and final now: 64
   * hex digits.
   *
   * @throws {WireError} `not-found`; `read-failed` if the file cannot be read or is shorter;
   * `changed` if its identity is another one; `busy` without a descriptor for it.
   */
  finish(end: number): Promise<string>;
  /** Ends the job; a pending `finish` is rejected. */
  cancel(): void;
}

/** Computes digests in one Worker, which is started with the first job. */
export class FileHasher implements Disposable {
  /** The results of jobs that have not ended, by id. */
  readonly #results = new Map<number, PromiseWithResolvers<string>>();
  #worker: Worker | undefined;
  #disposed = false;
  #lastId = 0;

  /**
   * Starts the digest of a file. The file may be incomplete, or absent until the first `advance`.
   *
   * @param path The file's path on disk.
   * @param identity The identity (`identityKey`) that the file must have from beginning to end, or
   * null for a file that is still growing.
   * @param offset The position of the first byte to hash.
   */
  start(path: string, identity: string | null, offset = 0): DigestJob {
    const id = ++this.#lastId;
    const result = Promise.withResolvers<string>();
    // The job may fail before `finish` is called.
    result.promise.catch(() => {});
    this.#results.set(id, result);
    this.#post({ type: "start", id, path, identity, offset });
    return {
      advance: (upTo) => this.#post({ type: "advance", id, upTo }),
      finish: (end) => {
        this.#post({ type: "finish", id, upTo: end });
        return result.promise;
      },
      cancel: () => {
        this.#post({ type: "cancel", id });
        this.#results.delete(id);
        result.reject(new Error("The digest was cancelled"));
      },
    };
  }

  /** Stops the Worker. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#worker?.terminate();
    this.#failAll(new Error("The digest Worker was stopped"));
  }

  /** Sends the Worker a command, unless its job has ended. */
  #post(command: DigestCommand): void {
    if (!this.#results.has(command.id)) return;
    if (this.#disposed) {
      this.#failAll(new Error("The digest Worker was stopped"));
      return;
    }
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(command);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<DigestReply>) => {
      const result = this.#results.get(data.id);
      this.#results.delete(data.id);
      if ("digest" in data) {
        result?.resolve(data.digest);
        return;
      }
      // The system's message names paths, which a peer must not see.
      const cause = new Error(data.error);
      result?.reject(
        new WireError(data.code, MESSAGES[data.code] ?? "The file cannot be read", { cause }),
      );
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = undefined;
      this.#failAll(new Error(`The digest Worker failed: ${event.message}`));
    };
    return worker;
  }

  #failAll(error: Error): void {
    for (const result of this.#results.values()) result.reject(error);
    this.#results.clear();
  }
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  "changed": "The file has changed",
  "not-found": "There is no such file",
  "busy": "Too many files are open",
};
