/**
 * One chunk as a message, whole or in slices.
 *
 * A chunk is read whole before any of it is sent, so that whatever is wrong with it can still be
 * said. Only where so many clients want chunks at once that a client's share of the memory is
 * less than a chunk, it is read and sent in slices; a file that changes half-way through then
 * ends the connection.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { encodeMessage, HEADER_SIZE, MessageFramer, MessageType } from "../../protocol/message.ts";
import type { Endpoints } from "../../protocol/message_writer.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import type { FileOpener } from "./file_opener.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { DigestCache } from "./digest_cache.ts";
import type { FileLease } from "./open_files.ts";
import { readFully } from "./read_fully.ts";
import type { SharedFile } from "../shared_file.ts";
import type { FramedPieces, RequestedPiece } from "./requested_piece.ts";

/** Files up to this size, in bytes, are hashed as they are read for one who wants digests. */
const HASHED_AS_READ = 256 * 1024;

/** What reading needs. */
export interface ReadResources {
  readonly opener: FileOpener;
  readonly pool: BufferPool;
  readonly digests: DigestCache;
}

/** The reading of one chunk. */
export class ChunkReader {
  readonly #piece: RequestedPiece;
  readonly #room: number;
  readonly #endpoints: Endpoints;
  readonly #learnsDigest: boolean;
  readonly #resources: ReadResources;
  readonly #framer: MessageFramer;
  #lease: FileLease | undefined;
  /** Bytes of the chunk that have been read. */
  #done = 0;

  /**
   * @param room How much it may hold at once, in bytes.
   * @param learnsDigest Whether to compute a small file's digest as it is read, in any case.
   */
  constructor(
    piece: RequestedPiece,
    room: number,
    endpoints: Endpoints,
    learnsDigest: boolean,
    resources: ReadResources,
  ) {
    this.#piece = piece;
    this.#room = room;
    this.#endpoints = endpoints;
    this.#learnsDigest = learnsDigest;
    this.#resources = resources;
    const { requestId, offset, length } = piece;
    const type = MessageType.CHUNK;
    this.#framer = new MessageFramer({
      type,
      requestId,
      more: false,
      offset,
      length,
      ...endpoints,
    });
  }

  /** Whether some of the chunk has been read, and whether all. */
  get hasBegun(): boolean {
    return this.#done > 0;
  }

  get isDone(): boolean {
    return this.#done === this.#piece.length;
  }

  /**
   * The next slice, which may be all. Not to be asked for after the last, nor before the one before
   * has been sent and has given back the room for this one.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   * @throws {Error} If it cannot be read.
   */
  async read(): Promise<FramedPieces> {
    const { opener, pool } = this.#resources;
    const { file, offset, length } = this.#piece;
    const lease = this.#lease ??= await opener.lease(file);
    const left = length - this.#done;
    const take = Math.min(left, this.#room);
    // Of a chunk in slices some is on its way before the end, where it is proven.
    if (take < left && this.#done === 0) await opener.proveUnchanged(file, lease);
    const start = offset + this.#done;
    const buffer = await pool.acquire(take);
    try {
      const target = buffer.subarray(HEADER_SIZE, HEADER_SIZE + take);
      const isThere = await readFully(lease, target, start);
      // Only at the end: a write between an earlier check and the read would go unseen.
      if (take === left || !isThere) await opener.proveUnchanged(file, lease);
      if (!isThere) throw new Error("The file is shorter than the system says");
      const digest = this.#done === 0 ? this.#digestOf(target) : undefined;
      this.#done += take;
      const chunk = this.#framer.frame(buffer, take);
      return {
        parts: digest === undefined ? [chunk] : [this.#digestMessage(digest), chunk],
        pieces: [{ file, offset: start, length: take }],
        [Symbol.dispose]: () => pool.release(buffer),
      };
    } catch (error) {
      pool.release(buffer);
      throw error;
    }
  }

  /** Reads no more. */
  close(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  /**
   * The digest that stands before the chunk, or undefined if none is asked for, or it is not known
   * and would take long. It is learned, too, for those who will ask for it.
   *
   * @param content The chunk's beginning.
   */
  #digestOf(content: Uint8Array): string | undefined {
    const { digests } = this.#resources;
    const { file, digest: isAsked } = this.#piece;
    let digest = digests.known(file);
    const isWanted = isAsked || this.#learnsDigest && !digests.has(file);
    if (digest === undefined && isWanted && content.length === file.size && isSoonHashed(file)) {
      digest = createHash("sha256").update(content).digest("hex");
      digests.store(file, digest);
    }
    return isAsked ? digest : undefined;
  }

  #digestMessage(digest: string): Uint8Array {
    const { requestId } = this.#piece;
    const type = MessageType.DIGEST_RESULT;
    const header = { type, requestId, more: true, offset: 0, ...this.#endpoints };
    return encodeMessage(header, encodePayload({ digest }));
  }
}

function isSoonHashed({ size }: SharedFile): boolean {
  return size <= HASHED_AS_READ;
}
