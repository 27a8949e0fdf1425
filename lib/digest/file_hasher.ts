/**
 * SHA-256 digests of files, computed in a Worker.
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
    readonly version: string | null;
  }
  | { readonly type: "advance"; readonly id: number; readonly upTo: number }
  | { readonly type: "finish"; readonly id: number; readonly upTo: number }
  | { readonly type: "drop"; readonly id: number };

/** The Worker's answer to a `finish`, or its failure before that. */
export type DigestReply =
  | { readonly id: number; readonly digest: string }
  | { readonly id: number; readonly error: string; readonly code: ErrorCode };

/** One file's digest in the making. */
export interface DigestJob {
  /** Says that the file's first `upTo` bytes are on disk and final. */
  advance(upTo: number): void;
  /**
   * The digest of the file's first `size` bytes, which are all on disk and final now: 64 hex
   * digits.
   *
   * @throws {WireError} `not-found`; `read-failed` if the file cannot be read or is shorter;
   * `changed` if it is not of the wanted version.
   */
  finish(size: number): Promise<string>;
  /** Ends the job; an unanswered `finish` is rejected. */
  drop(): void;
}

/** Computes digests in one Worker, which starts with the first job. */
export class FileHasher implements Disposable {
  /** The results of jobs that have not ended. */
  readonly #results = new Map<number, PromiseWithResolvers<string>>();
  #worker: Worker | undefined;
  #disposed = false;
  #lastId = 0;

  /**
   * Begins the digest of a file. It need not be complete, nor exist before the first `advance`.
   *
   * @param path Where it is.
   * @param version The version (see `file_identity.ts`) that it must have from beginning to end,
   * or null for a file that is still growing.
   */
  start(path: string, version: string | null): DigestJob {
    const id = ++this.#lastId;
    const result = Promise.withResolvers<string>();
    // It may fail before anybody asks for it.
    result.promise.catch(() => {});
    this.#results.set(id, result);
    this.#tell({ type: "start", id, path, version });
    return {
      advance: (upTo) => this.#tell({ type: "advance", id, upTo }),
      finish: (size) => {
        this.#tell({ type: "finish", id, upTo: size });
        return result.promise;
      },
      drop: () => {
        this.#tell({ type: "drop", id });
        this.#results.delete(id);
        result.reject(new Error("The digest is not wanted any more"));
      },
    };
  }

  /** Stops the Worker. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#worker?.terminate();
    this.#failAll(new Error("The digest Worker was stopped"));
  }

  /** Tells the Worker about a job that has not ended. */
  #tell(command: DigestCommand): void {
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
      // What the system says of it names paths, which are no peer's business.
      const cause = new Error(data.error);
      result?.reject(
        new WireError(data.code, WORDS[data.code] ?? "The file cannot be read", { cause }),
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

const WORDS: Partial<Record<ErrorCode, string>> = {
  "changed": "The file has changed",
  "not-found": "There is no such file",
};
