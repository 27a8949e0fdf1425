/**
 * SHA-256 digests of files, computed in a Worker. If it waits too long for a disk, its other jobs go
 * on in another one.
 *
 * This room computes the digests of both sides: `file_hasher.ts` (this) owns the jobs,
 * `hash_worker.ts` one Worker, `digest_worker.ts` runs in it. It imports only `fs` and the ground; client and server may
 * import `file_hasher.ts`.
 *
 * @module
 */

import { type ErrorCode, WireError } from "../errors.ts";
import {
  type DiskPatience,
  HashWorker,
  PATIENCE,
  startDigestWorker,
  type WorkerPort,
} from "./hash_worker.ts";

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

/** The job that the Worker turns to, whose disk it may have to wait for; null if it has none. */
export interface DigestStep {
  readonly step: number | null;
}

/** A job that has not ended. */
interface OpenJob {
  /** What starts it, and the last command after that. */
  readonly commands: DigestCommand[];
  readonly result: PromiseWithResolvers<string>;
  readonly stalled: PromiseWithResolvers<void>;
  worker: HashWorker;
}

/** The computation of one file's digest. */
export interface DigestJob {
  /** Resolves if the disk keeps the job waiting for seconds; the other jobs do not wait with it. */
  readonly stalled: Promise<void>;
  /** Reports that the file's first `upTo` bytes are on disk and final. */
  advance(upTo: number): void;
  /**
   * Returns the digest of the file's bytes up to `end`, all of which are on disk and final now: 64
   * hex digits.
   *
   * @throws {WireError} `not-found`; `read-failed` if the file cannot be read or is shorter;
   * `changed` if its identity is another one.
   */
  finish(end: number): Promise<string>;
  /** Ends the job; a pending `finish` is rejected. */
  cancel(): void;
}

/** Computes digests in one Worker, which is started with the first job. */
export class FileHasher implements Disposable {
  readonly #startThread: () => WorkerPort;
  readonly #patience: DiskPatience;
  readonly #jobs = new Map<number, OpenJob>();
  /** The Worker that takes new jobs. */
  #worker: HashWorker | undefined;
  #disposed = false;
  #lastId = 0;

  constructor(startThread: () => WorkerPort = startDigestWorker, patience = PATIENCE) {
    this.#startThread = startThread;
    this.#patience = patience;
  }

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
    const stalled = Promise.withResolvers<void>();
    // The job may fail before `finish` is called.
    result.promise.catch(() => {});
    if (this.#disposed) {
      result.reject(new Error("The digest Worker was stopped"));
    } else {
      const worker = this.#worker ??= this.#startWorker();
      this.#jobs.set(id, { commands: [], result, stalled, worker });
      this.#post({ type: "start", id, path, identity, offset });
    }
    return {
      stalled: stalled.promise,
      advance: (upTo) => this.#post({ type: "advance", id, upTo }),
      finish: (end) => {
        this.#post({ type: "finish", id, upTo: end });
        return result.promise;
      },
      cancel: () => {
        this.#post({ type: "cancel", id });
        this.#end(id)?.result.reject(new Error("The digest was cancelled"));
      },
    };
  }

  /** Stops all Workers. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#worker?.[Symbol.dispose]();
    for (const { worker } of this.#jobs.values()) worker[Symbol.dispose]();
    for (const id of [...this.#jobs.keys()]) {
      this.#end(id)?.result.reject(new Error("The digest Worker was stopped"));
    }
  }

  /** Sends the Worker a command, unless its job has ended. */
  #post(command: DigestCommand): void {
    const job = this.#jobs.get(command.id);
    if (!job) return;
    job.commands[command.type === "start" ? 0 : 1] = command;
    job.worker.post(command);
  }

  /** Forgets a job that has ended, and a Worker that was left behind for it. */
  #end(id: number): OpenJob | undefined {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (job && job.worker !== this.#worker) job.worker[Symbol.dispose]();
    return job;
  }

  #startWorker(): HashWorker {
    return new HashWorker(this.#startThread(), {
      onReply: (worker, reply) => {
        // A job that has moved is computed elsewhere.
        if (this.#jobs.get(reply.id)?.worker !== worker) return;
        const { result } = this.#end(reply.id)!;
        if ("digest" in reply) return result.resolve(reply.digest);
        // The system's message names paths, which a peer must not see.
        const cause = new Error(reply.error);
        result.reject(
          new WireError(reply.code, MESSAGES[reply.code] ?? "The file cannot be read", { cause }),
        );
      },
      onStuck: (worker, id) => this.#leaveBehind(worker, id),
      onLost: (_worker, id) => {
        this.#end(id)?.result.reject(new WireError("read-failed", "The disk does not answer"));
      },
      onFailed: (worker, message) => {
        if (this.#worker === worker) this.#worker = undefined;
        for (const [id, job] of [...this.#jobs]) {
          if (job.worker !== worker) continue;
          this.#end(id)?.result.reject(new Error(`The digest Worker failed: ${message}`));
        }
      },
    }, this.#patience);
  }

  /** Leaves a Worker to the job that it waits for, and begins its other jobs again in a new one. */
  #leaveBehind(stuck: HashWorker, stuckId: number): void {
    if (this.#worker === stuck) this.#worker = undefined;
    for (const [id, job] of this.#jobs) {
      if (job.worker !== stuck || id === stuckId) continue;
      stuck.post({ type: "cancel", id });
      job.worker = this.#worker ??= this.#startWorker();
      for (const command of job.commands) job.worker.post(command);
    }
    const job = this.#jobs.get(stuckId);
    if (job) job.stalled.resolve();
    else stuck[Symbol.dispose]();
  }
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  "changed": "The file has changed",
  "not-found": "There is no such file",
};
