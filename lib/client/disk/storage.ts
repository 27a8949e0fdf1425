/**
 * The disk of one client: performs the engine's actions, in this thread where the disk is quick,
 * else in a Worker.
 *
 * The Worker computes the digests of large files from the bytes as they are written. All work for a
 * disk that is not local, or has just been slow, goes there too, so that Ctrl+C takes effect even
 * if the disk hangs.
 *
 * @module
 */
import { FileHasher } from "../../digest/file_hasher.ts";
import { messageOf } from "../../errors.ts";
import { isOnLocalDisk } from "../../fs/disk_kind.ts";
import { settledWithin } from "../../async/timeout.ts";
import { AbortableWork } from "./abortable_work.ts";
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import { FileStore } from "./file_store.ts";
import { type KeptBytes, provenPrefix } from "./kept_bytes.ts";
import type { OutputFolder } from "./output_folder.ts";
import { WorkerStore } from "./worker_store.ts";

/**
 * Files from this size on, in bytes, are written and hashed in the Worker: its start takes as long as
 * hashing some 100 MiB.
 */
const MIN_WORKER_FILE = 64 * 1024 * 1024;
/** If the actions of one turn take longer than this, in milliseconds, the disk is slow. */
const SLOW_MS = 250;
/** How long files that begin then use the Worker, in milliseconds. */
const DISTRUST_MS = 10_000;
/** How long the end waits for the Worker, and then for this thread's files, in milliseconds. */
const END_MS = 1_000;

/** The disk of one client. */
export class Storage<F extends StoredFile> implements AsyncDisposable {
  /** Takes the results of actions that took time. */
  onResults: (results: readonly DiskResult<F>[]) => void = () => {};
  /** Takes the buffers of chunks that were transferred to the Worker, when they are free again. */
  onFreed: (buffer: ArrayBuffer) => void = () => {};
  readonly #output: OutputFolder;
  readonly #minWorkerFile: number;
  readonly #local: FileStore<F>;
  readonly #worker: WorkerStore<F>;
  readonly #hasher = new FileHasher();
  /** Files of which something on disk is being hashed; the job of a released one is cancelled. */
  readonly #hashing = new AbortableWork<F>();
  /** Files that are inspected in this thread, and written in the Worker. */
  readonly #hashed = new WeakSet<F>();
  #slowUntil: number;

  /** @param minWorkerFile Files from this size on, in bytes, are hashed in the Worker. */
  constructor(output: OutputFolder, minWorkerFile = MIN_WORKER_FILE) {
    this.#output = output;
    this.#minWorkerFile = minWorkerFile;
    const isLocal = isOnLocalDisk(output.root);
    this.#slowUntil = isLocal ? 0 : Infinity;
    const onResults = (results: readonly DiskResult<F>[]) => this.onResults(results);
    this.#local = new FileStore(output, isLocal, onResults);
    const onFreed = (buffer: ArrayBuffer) => this.onFreed(buffer);
    this.#worker = new WorkerStore(output, isLocal, onResults, onFreed);
  }

  /** Performs actions; returns the results that are known at once. */
  perform(actions: readonly DiskAction<F>[]): DiskResult<F>[] {
    const start = performance.now();
    const own: DiskAction<F>[] = [];
    for (const action of actions) {
      if (action.type === "release") {
        this.#hashing.abort(action.record);
        // A file for the Worker may still be inspected here.
        this.#local.stopReading(action.record);
      }
      if (action.type === "hash") this.#compare(action.record);
      else if (action.type === "try") this.#try(action.record, action.source);
      else if (this.#isForWorker(action, start)) this.#worker.perform(action);
      else own.push(action);
    }
    const results = this.#local.perform(own);
    const end = performance.now();
    if (end - start > SLOW_MS) this.#slowUntil = Math.max(this.#slowUntil, end + DISTRUST_MS);
    return results;
  }

  /** Resolves when more may be written; undefined if it may be now. */
  get drained(): Promise<void> | undefined {
    return this.#worker.drained;
  }

  /** Closes everything, and waits until nothing uses the disk any more, two seconds at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasher[Symbol.dispose]();
    await settledWithin(this.#worker.end(), END_MS);
    this.#worker.terminate();
    await settledWithin(this.#local[Symbol.asyncDispose](), END_MS);
  }

  /** Whether an action is for the Worker: a file is written in one thread only. */
  #isForWorker(action: DiskAction<F>, now: number): boolean {
    const { record } = action;
    if (action.type !== "inspect") return this.#worker.has(record) || this.#hashed.has(record);
    const { path, size } = record.file;
    // A previous record of the path may still be closing.
    if (this.#worker.holds(path)) return true;
    if (this.#local.holds(path)) return false;
    if (now < this.#slowUntil) return true;
    if (action.hash && size >= this.#minWorkerFile) {
      // The Worker starts while the first chunks are on their way.
      this.#worker.start();
      this.#hashed.add(record);
    }
    return false;
  }

  /** Computes the digest of the file under the final name: null if it cannot be read. */
  async #compare(record: F): Promise<void> {
    const { path, size } = record.file;
    const final = this.#output.finalPath(path);
    const hashing = this.#hashing.run(record, (signal) => this.#digestOf(final, size, signal));
    const digest = await hashing.catch(() => null);
    this.onResults([{ type: "hashed", record, digest }]);
  }

  /** Computes the digest of what is kept of another version: null if nothing is. */
  async #try(record: F, source: KeptBytes["source"]): Promise<void> {
    let kept = { length: 0, digest: null as string | null };
    try {
      kept = await this.#hashing.run(record, (signal) => this.#hashKept(record, source, signal));
    } catch (cause) {
      // What was downloaded is not dropped because it cannot be read now.
      if (source === "partial") {
        const error = new Error(`the partial file cannot be read: ${messageOf(cause)}`, { cause });
        this.onResults([{ type: "failed", record, error }]);
        return;
      }
    }
    this.onResults([{ type: "tried", record, ...kept }]);
  }

  async #hashKept({ file }: F, source: KeptBytes["source"], signal: AbortSignal) {
    const final = this.#output.finalPath(file.path);
    const isPartial = source === "partial";
    const path = isPartial ? this.#output.workPath(file.path).data : final;
    const length = isPartial
      ? await provenPrefix(file, this.#output, signal)
      : Math.min(file.size, (await Deno.lstat(final)).size);
    return { length, digest: length > 0 ? await this.#digestOf(path, length, signal) : null };
  }

  async #digestOf(path: string, length: number, signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const job = this.#hasher.start(path, null);
    signal.addEventListener("abort", () => job.cancel());
    return await job.finish(length);
  }
}
