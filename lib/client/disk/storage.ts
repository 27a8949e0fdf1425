/**
 * The disk of one client: performs the engine's actions, in this thread where the disk answers at
 * once, and else in a Worker.
 *
 * Digests of large files are computed in the Worker from the bytes as they are written. A disk that
 * is none of this machine, or has just been slow, gets all of its work there, so that an interrupt is
 * heard whatever the disk does.
 *
 * @module
 */
import { FileHasher } from "../../digest/file_hasher.ts";
import { isOnLocalDisk } from "../../fs/disk_kind.ts";
import { settledWithin } from "../../async/timeout.ts";
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import { FileStore } from "./file_store.ts";
import type { OutputFolder } from "./output_folder.ts";
import { WorkerStore } from "./worker_store.ts";

/** Files up to this size, in bytes, are hashed as they come, in this thread. */
const SMALL_FILE = 256 * 1024;
/** Actions that take longer together than this, in milliseconds, mean that the disk is slow. */
const SLOW_MS = 250;
/** For how long files that begin get their work in the Worker then, in milliseconds. */
const DISTRUST_MS = 10_000;
/** How long the end may take before the Worker is given up, in milliseconds. */
const END_MS = 1_000;

/** The disk of one client. */
export class Storage<F extends StoredFile> implements AsyncDisposable {
  /** Takes results that were not known at once. */
  onResults: (results: readonly DiskResult<F>[]) => void = () => {};
  readonly #output: OutputFolder;
  readonly #local: FileStore<F>;
  readonly #worker: WorkerStore<F>;
  readonly #hasher = new FileHasher();
  /** Files that are written in the Worker, although they are inspected here. */
  readonly #hashed = new WeakSet<F>();
  #slowUntil: number;

  constructor(output: OutputFolder) {
    this.#output = output;
    const isLocal = isOnLocalDisk(output.root);
    this.#slowUntil = isLocal ? 0 : Infinity;
    const onResults = (results: readonly DiskResult<F>[]) => this.onResults(results);
    this.#local = new FileStore(output, isLocal, onResults);
    this.#worker = new WorkerStore(output, isLocal, onResults);
  }

  /** Performs actions; the results that are known at once. */
  perform(actions: readonly DiskAction<F>[]): DiskResult<F>[] {
    const start = performance.now();
    const own: DiskAction<F>[] = [];
    for (const action of actions) {
      if (action.type === "hash") this.#hash(action.record);
      else if (this.#isForWorker(action, start)) this.#worker.perform(action);
      else own.push(action);
    }
    const results = this.#local.perform(own);
    const end = performance.now();
    if (end - start > SLOW_MS) this.#slowUntil = Math.max(this.#slowUntil, end + DISTRUST_MS);
    return results;
  }

  /** Resolves when more may be written; undefined if that is so now. */
  get drained(): Promise<void> | undefined {
    return this.#worker.drained;
  }

  /** Closes everything, and waits until nothing touches the disk any more; a second at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasher[Symbol.dispose]();
    await settledWithin(this.#worker.end(), END_MS);
    this.#worker.terminate();
    await settledWithin(this.#local[Symbol.asyncDispose](), END_MS);
  }

  /** A file stays with the one that it began with. */
  #isForWorker(action: DiskAction<F>, now: number): boolean {
    const { record } = action;
    if (action.type !== "inspect") return this.#worker.has(record) || this.#hashed.has(record);
    const { path, size } = record.file;
    // An older version of the file may still be closing.
    if (this.#worker.holds(path)) return true;
    if (this.#local.holds(path)) return false;
    if (now < this.#slowUntil) return true;
    if (action.hash && size > SMALL_FILE) {
      // It starts while the first chunks are on their way.
      this.#worker.start();
      this.#hashed.add(record);
    }
    return false;
  }

  /** Computes the digest of the file under the final name; null if it cannot be read. */
  async #hash(record: F): Promise<void> {
    const { path, size } = record.file;
    const job = this.#hasher.start(this.#output.finalPath(path), null);
    const digest = await job.finish(size).catch(() => null);
    this.onResults([{ type: "hashed", record, digest }]);
  }
}
