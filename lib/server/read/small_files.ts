/**
 * Small files, read whole: many at a time by a Worker, for which a file takes four system calls
 * and no change of threads.
 *
 * One Worker reads one file after the other. That is fastest as long as they come from memory; of
 * a disk that has to look for them many are better read side by side, so then this stands back, and
 * what waits is left to others.
 *
 * @module
 */
import type { SharedFile, SharedFolder } from "../shared_file.ts";

/** The largest file that is read like this, in bytes. */
export const SMALL_FILE = 64 * 1024;
/** The most files that the Worker is given in one go, and how many times it is ahead. */
const BATCH = 64;
const BATCHES = 2;
/** A batch that takes longer than this, in milliseconds, does not come from memory. */
const SLOW_MS = 250;
/** One that takes longer than this, in milliseconds, may take for ever, of a disk that is gone. */
const STUCK_MS = 2_000;
/** For how long this stands back then, in milliseconds. */
const STAND_BACK_MS = 2_000;

/** A small file's content. */
export interface SmallFile {
  readonly bytes: Uint8Array;
  /** SHA-256, 64 hex digits. */
  readonly digest: string;
}

/** What the Worker is told, in this order: where it is, then which files to read. */
export type SmallFilesCommand =
  | { readonly type: "begin"; readonly folder: SharedFolder }
  | { readonly type: "read"; readonly files: readonly SharedFile[] };

/** What the Worker has read; nothing, of a `begin`. */
export interface SmallFilesReply {
  /** For each file its content, or null if it cannot be had for any reason. */
  readonly contents: readonly (SmallFile | null)[];
  /** How long the reading took, in milliseconds. */
  readonly took: number;
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
  #standsBackUntil = 0;
  /** Runs while the Worker is at work, and out if it is stuck. */
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(folder: SharedFolder) {
    this.#folder = folder;
  }

  /**
   * A file's whole content, proven to be the listed one and inside the folder.
   *
   * @returns Null if it has to be read in the usual way, which says why.
   */
  read(file: SharedFile): Promise<SmallFile | null> {
    const isOff = performance.now() < this.#standsBackUntil;
    if (isOff || file.size > SMALL_FILE || file.size === 0) return Promise.resolve(null);
    const { promise, resolve } = Promise.withResolvers<SmallFile | null>();
    // What is asked for in one go is read in one go.
    if (this.#waiting.push({ file, resolve }) === 1) queueMicrotask(() => this.#pump());
    return promise;
  }

  /** Stops the Worker; what has not been read will not be. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    clearTimeout(this.#watch);
    this.#giveUp();
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underway.length < BATCHES) {
      const wanted = this.#waiting.splice(0, BATCH);
      this.#worker ??= this.#startWorker();
      this.#underway.push(wanted);
      this.#tell({ type: "read", files: wanted.map(({ file }) => file) });
    }
    // How long it takes to start says nothing of the disk.
    if (!this.#hasBegun || this.#underway.length === 0) return;
    this.#watch ??= setTimeout(() => this.#giveUp(), STUCK_MS);
  }

  /** Leaves everything to others until the Worker is heard of again. */
  #giveUp(): void {
    this.#standsBackUntil = Infinity;
    const given = this.#underway.flat();
    for (const { resolve } of [...given, ...this.#waiting.splice(0)]) resolve(null);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./small_files_worker.ts", import.meta.url), {
      type: "module",
    });
    worker.onmessage = ({ data }: MessageEvent<SmallFilesReply>) => this.#take(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this[Symbol.dispose]();
    };
    this.#worker = worker;
    // It is answered like a batch of no files.
    this.#underway.push([]);
    this.#tell({ type: "begin", folder: this.#folder });
    return worker;
  }

  #tell(command: SmallFilesCommand): void {
    this.#worker!.postMessage(command);
  }

  #take({ contents, took }: SmallFilesReply): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#hasBegun = true;
    const wanted = this.#underway.shift()!;
    for (const [i, { resolve }] of wanted.entries()) resolve(contents[i] ?? null);
    const wasStuck = this.#standsBackUntil === Infinity;
    if (took > SLOW_MS || wasStuck) {
      this.#standsBackUntil = performance.now() + STAND_BACK_MS;
      for (const { resolve } of this.#waiting.splice(0)) resolve(null);
    }
    this.#pump();
  }
}
