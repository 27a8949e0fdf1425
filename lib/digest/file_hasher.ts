/**
 * SHA-256 digests of files, computed in a Worker.
 *
 * @module
 */

import { WireError } from "../errors.ts";

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
  | { readonly id: number; readonly error: string; readonly changed: boolean };

/** One file's digest in the making. */
export interface DigestJob {
  /** Says that the file's first `upTo` bytes are on disk and final. */
  advance(upTo: number): void;
  /**
   * The digest of the file's first `size` bytes, which are all on disk and final now: 64 hex
   * digits.
   *
   * @throws {WireError} `read-failed` if the file cannot be read or is shorter, `changed` if it is
   * not of the wanted version.
   */
  finish(size: number): Promise<string>;
  /** Ends the job; an unanswered `finish` is rejected. */
  drop(): void;
}

interface Waiting {
  readonly resolve: (digest: string) => void;
  readonly reject: (error: Error) => void;
}

/** Computes digests in one Worker, which starts with the first job. */
export class FileHasher implements Disposable {
  readonly #waiting = new Map<number, Waiting>();
  /** What went wrong before anybody asked. */
  readonly #failed = new Map<number, Error>();
  #worker: Worker | undefined;
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
    let ended = false;
    this.#tell({ type: "start", id, path, version });
    return {
      advance: (upTo) => this.#tell({ type: "advance", id, upTo }),
      finish: (size) => {
        const earlier = this.#failed.get(id);
        if (earlier) {
          this.#failed.delete(id);
          return Promise.reject(earlier);
        }
        const { promise, resolve, reject } = Promise.withResolvers<string>();
        this.#waiting.set(id, { resolve, reject });
        this.#tell({ type: "finish", id, upTo: size });
        return promise.finally(() => ended = true);
      },
      drop: () => {
        if (ended) return;
        ended = true;
        this.#tell({ type: "drop", id });
        this.#settle(
          id,
          (waiting) => waiting.reject(new Error("The digest is not wanted any more")),
        );
        this.#failed.delete(id);
      },
    };
  }

  /** Stops the Worker. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#failAll(new Error("The digest Worker was stopped"));
  }

  #tell(command: DigestCommand): void {
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage(command);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<DigestReply>) => {
      if ("digest" in data) {
        this.#settle(data.id, (waiting) => waiting.resolve(data.digest));
        return;
      }
      // What the system says of it names paths, which are no peer's business.
      const error = data.changed
        ? new WireError("changed", data.error)
        : new WireError("read-failed", "The file cannot be read", { cause: new Error(data.error) });
      if (this.#waiting.has(data.id)) {
        this.#settle(data.id, (waiting) => waiting.reject(error));
      } else {
        this.#failed.set(data.id, error);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = undefined;
      this.#failAll(new Error(`The digest Worker failed: ${event.message}`));
    };
    return worker;
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) how(waiting);
  }

  #failAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) {
      this.#settle(id, (waiting) => waiting.reject(error));
    }
  }
}
