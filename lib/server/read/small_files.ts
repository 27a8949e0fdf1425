/**
 * Small files, read whole: many at a time by a Worker, which needs four system calls per file and
 * no change of threads.
 *
 * One Worker reads one file after the other. That is fastest as long as they come from memory; from
 * a disk that has to seek, concurrent reads are faster. So after slow reads this pauses, and its
 * callers read in the usual way.
 *
 * @module
 */
import type { SharedFile, SharedFolder } from "../shared_file.ts";

/** The largest file that is read in this way, in bytes. */
export const MAX_SMALL_FILE = 64 * 1024;
/** How many files a batch may have, and how many batches the Worker may have pending. */
const MAX_BATCH_FILES = 64;
const MAX_BATCHES = 2;
/** A batch that takes longer than this, in milliseconds, does not come from memory. */
const SLOW_MS = 250;
/** A batch that takes longer than this, in milliseconds, may never end: the disk may be lost. */
const STUCK_MS = 2_000;
/** How long this pauses after a slow batch, in milliseconds. */
const PAUSE_MS = 2_000;

/** A small file's content. */
export interface SmallFile {
  readonly bytes: Uint8Array;
  /** SHA-256, 64 hex digits. */
  readonly digest: string;
}

/** A command to the Worker: `begin` with the folder, then `read` for each batch. */
export type SmallFilesCommand =
  | { readonly type: "begin"; readonly folder: SharedFolder }
  | { readonly type: "read"; readonly files: readonly SharedFile[] };

/** The Worker's reply to one command; without contents for a `begin`. */
export interface SmallFilesReply {
  /** The content of each file, or null if it could not be read for any reason. */
  readonly contents: readonly (SmallFile | null)[];
  /** How long the reading took, in milliseconds. */
  readonly durationMs: number;
}

interface QueuedFile {
  readonly file: SharedFile;
  readonly resolve: (content: SmallFile | null) => void;
}

/** Reads small files. */
export class SmallFiles implements Disposable {
  readonly #folder: SharedFolder;
  readonly #waiting: QueuedFile[] = [];
  readonly #underway: (readonly QueuedFile[])[] = [];
  #worker: Worker | undefined;
  #hasBegun = false;
  #pausedUntil = 0;
  /** Runs while the Worker has a batch; fires if the Worker is stuck. */
  #stuckTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(folder: SharedFolder) {
    this.#folder = folder;
  }

  /**
   * Returns a file's whole content, checked to be the listed one and inside the folder.
   *
   * @returns Null if the file must be read in the usual way, which also reports errors.
   */
  read(file: SharedFile): Promise<SmallFile | null> {
    const isOff = performance.now() < this.#pausedUntil;
    if (isOff || file.size > MAX_SMALL_FILE || file.size === 0) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<SmallFile | null>();
    // Requests of the same turn form one batch.
    if (this.#waiting.push({ file, resolve }) === 1) queueMicrotask(() => this.#pump());
    return promise;
  }

  /** Stops the Worker; pending reads resolve to null. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    clearTimeout(this.#stuckTimer);
    this.#giveUp();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underway.length < MAX_BATCHES) {
      const batch = this.#waiting.splice(0, MAX_BATCH_FILES);
      this.#worker ??= this.#startWorker();
      this.#underway.push(batch);
      this.#post({ type: "read", files: batch.map(({ file }) => file) });
    }
    // The Worker's start time does not depend on the disk.
    if (!this.#hasBegun || this.#underway.length === 0) return;
    this.#stuckTimer ??= setTimeout(() => this.#giveUp(), STUCK_MS);
  }

  /** Pauses until the Worker replies again. */
  #giveUp(): void {
    this.#pausedUntil = Infinity;
    const given = this.#underway.flat();
    for (const { resolve } of [...given, ...this.#waiting.splice(0)]) resolve(null);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./small_files_worker.ts", import.meta.url), {
      type: "module",
    });
    worker.onmessage = ({ data }: MessageEvent<SmallFilesReply>) => this.#onReply(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this[Symbol.dispose]();
    };
    this.#worker = worker;
    // The reply to `begin` is handled like that to an empty batch.
    this.#underway.push([]);
    this.#post({ type: "begin", folder: this.#folder });
    return worker;
  }

  #post(command: SmallFilesCommand): void {
    this.#worker!.postMessage(command);
  }

  #onReply({ contents, durationMs }: SmallFilesReply): void {
    clearTimeout(this.#stuckTimer);
    this.#stuckTimer = undefined;
    this.#hasBegun = true;
    const batch = this.#underway.shift()!;
    for (const [i, { resolve }] of batch.entries()) resolve(contents[i] ?? null);
    const wasStuck = this.#pausedUntil === Infinity;
    if (durationMs > SLOW_MS || wasStuck) {
      this.#pausedUntil = performance.now() + PAUSE_MS;
      for (const { resolve } of this.#waiting.splice(0)) resolve(null);
    }
    this.#pump();
  }
}
