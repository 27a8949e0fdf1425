/**
 * Small files, read whole: many at a time by a Worker, for which a file takes four system calls
 * and no change of threads, and which makes messages of them in one buffer.
 *
 * One Worker reads one file after the other, which is fastest while they come from memory. A disk
 * that has to seek serves many concurrent reads better, so then this class pauses, and the files are
 * read one by one (`chunk_reader.ts`).
 *
 * @module
 */
import type { Endpoints } from "../../protocol/message_writer.ts";
import type { IdentifiedFile, SharedFolder } from "../shared_file.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { FramedPieces, RequestedPiece } from "./requested_piece.ts";
import {
  type BatchedFile,
  framedSize,
  packFiles,
  type SmallFilesCommand,
  type SmallFilesReply,
  unpackDigests,
} from "./small_files_batch.ts";

/** The largest file that is read like this, in bytes. */
export const SMALL_FILE = 256 * 1024;
/** How many batches the Worker is given ahead. */
const BATCHES = 2;
/** A batch that takes longer than this, in milliseconds, does not come from memory. */
const SLOW_MS = 250;
/** One that takes longer than this, in milliseconds, may never end, if its disk is gone. */
const STUCK_MS = 2_000;
/** For how long this stands back then, in milliseconds. */
const STAND_BACK_MS = 2_000;

/** The digests that are known. */
export interface KnownDigests {
  /** A file's digest, or undefined if it is not known. */
  known(file: IdentifiedFile): string | undefined;
  /** Takes a digest that was computed. */
  store(file: IdentifiedFile, digest: string): void;
}

/** Files to be read together. */
interface Batch {
  readonly pieces: readonly RequestedPiece[];
  readonly files: readonly BatchedFile[];
  readonly endpoints: Endpoints;
  readonly buffer: Uint8Array<ArrayBuffer>;
  /** The buffer's length, which is not known any more once the Worker has it. */
  readonly room: number;
  readonly resolve: (read: FramedPieces | null) => void;
  /** Whether it was given up, so that the Worker's result is ignored. */
  isLeft: boolean;
}

/** Reads small files. */
export class SmallFiles implements Disposable {
  readonly #folder: SharedFolder;
  readonly #pool: BufferPool;
  readonly #digests: KnownDigests;
  readonly #waiting: Batch[] = [];
  /** The commands sent to the Worker; null is the one that begins. */
  readonly #underway: (Batch | null)[] = [];
  #worker: Worker | undefined;
  #hasBegun = false;
  /** The real folder that the Worker knows. */
  #root = "";
  #standsBackUntil = 0;
  /** Runs while the Worker is busy, and fires if it is stuck. */
  #watch: ReturnType<typeof setTimeout> | undefined;

  constructor(folder: SharedFolder, pool: BufferPool, digests: KnownDigests) {
    this.#folder = folder;
    this.#pool = pool;
    this.#digests = digests;
  }

  /** Whether a file is one of those that are read like this. */
  static takes({ size }: { readonly size: number }): boolean {
    return size > 0 && size <= SMALL_FILE;
  }

  /** Whether files are read like this now. */
  get isReady(): boolean {
    return performance.now() >= this.#standsBackUntil;
  }

  /**
   * Reads whole files, proven to be the listed ones and inside the folder, and makes their
   * responses.
   *
   * @param pieces Whole files that are small.
   * @param learns Whether unknown digests are computed even if the requests do not ask for them.
   * @returns The responses for the files before the first that cannot be read like this; null if
   * that is the first one.
   */
  async read(
    pieces: readonly RequestedPiece[],
    endpoints: Endpoints,
    learns: boolean,
  ): Promise<FramedPieces | null> {
    const files = pieces.map((piece) => this.#batched(piece, learns));
    const size = files.reduce((sum, file) => sum + framedSize(file.size, file.sendsDigest), 0);
    const buffer = await this.#pool.acquireFramed(size);
    const { promise, resolve } = Promise.withResolvers<FramedPieces | null>();
    const room = buffer.length;
    this.#waiting.push({ pieces, files, endpoints, buffer, room, resolve, isLeft: false });
    if (this.isReady) this.#pump();
    else this.#leaveWaiting();
    return await promise;
  }

  /** Stops the Worker; pending reads are given up. */
  [Symbol.dispose](): void {
    this.#worker?.terminate();
    clearTimeout(this.#watch);
    this.#giveUp();
    // Its memory is lost with it.
    for (const batch of this.#underway.splice(0)) if (batch) this.#pool.forget(batch.room);
  }

  #batched({ file, requestId, digest: sendsDigest }: RequestedPiece, learns: boolean): BatchedFile {
    const { path, version, stamp, device, size, linkTo } = file;
    const wantsDigest = sendsDigest || learns;
    const digest = wantsDigest ? this.#digests.known(file) ?? "" : "";
    const isLink = linkTo !== null;
    const identity = { version, stamp, device };
    return { requestId, path, ...identity, size, isLink, sendsDigest, wantsDigest, digest };
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#underway.length < BATCHES) {
      const batch = this.#waiting.shift()!;
      this.#worker ??= this.#startWorker();
      if (this.#root !== this.#folder.root) this.#begin();
      const { files, endpoints, buffer } = batch;
      this.#underway.push(batch);
      this.#tell({ type: "read", files: packFiles(files), endpoints, buffer }, [buffer.buffer]);
    }
    // The time of the Worker's start does not measure the disk.
    if (!this.#hasBegun || this.#underway.length === 0) return;
    this.#watch ??= setTimeout(() => this.#giveUp(), STUCK_MS);
  }

  /** Gives up everything until the Worker replies again. */
  #giveUp(): void {
    this.#standsBackUntil = Infinity;
    for (const batch of this.#underway) {
      if (!batch) continue;
      batch.isLeft = true;
      batch.resolve(null);
    }
    this.#leaveWaiting();
  }

  /** Gives up the batches that were not sent to the Worker. */
  #leaveWaiting(): void {
    for (const { buffer, resolve } of this.#waiting.splice(0)) {
      this.#pool.release(buffer);
      resolve(null);
    }
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
    return worker;
  }

  /** Names the shared folder to the Worker, at first and when it is another one. */
  #begin(): void {
    this.#root = this.#folder.root;
    // It is answered like a batch.
    this.#underway.push(null);
    this.#tell({ type: "begin", folder: { ...this.#folder } }, []);
  }

  #tell(command: SmallFilesCommand, transfer: ArrayBuffer[]): void {
    this.#worker!.postMessage(command, transfer);
  }

  #take(reply: SmallFilesReply): void {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    this.#hasBegun = true;
    const batch = this.#underway.shift();
    if (batch && reply.buffer) this.#finish(batch, reply, reply.buffer);
    const wasStuck = this.#standsBackUntil === Infinity;
    if (reply.took > SLOW_MS || wasStuck) {
      this.#standsBackUntil = performance.now() + STAND_BACK_MS;
      this.#leaveWaiting();
    }
    this.#pump();
  }

  #finish(
    { pieces, files, resolve, isLeft }: Batch,
    { length, count, digests }: SmallFilesReply,
    buffer: Uint8Array<ArrayBuffer>,
  ): void {
    const computed = unpackDigests(digests);
    for (const file of files.slice(0, count)) {
      if (file.wantsDigest && file.digest === "") this.#digests.store(file, computed.next().value!);
    }
    if (count > 0 && !isLeft) {
      resolve({
        parts: [buffer.subarray(0, length)],
        pieces: pieces.slice(0, count),
        [Symbol.dispose]: () => this.#pool.release(buffer),
      });
      return;
    }
    this.#pool.release(buffer);
    resolve(null);
  }
}
