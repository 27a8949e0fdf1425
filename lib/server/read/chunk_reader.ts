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
import type { Catalog } from "../folder/catalog.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { DigestCache } from "./digest_cache.ts";
import type { FileLease } from "./open_files.ts";
import { readFully } from "./read_fully.ts";
import { type FramedPieces, isWhole, type RequestedPiece } from "./requested_piece.ts";
import { DIGEST_MESSAGE_SIZE } from "./small_files_batch.ts";

/** Files up to this size, in bytes, are hashed as they are read for one who wants digests. */
const HASHED_AS_READ = 256 * 1024;

/** What reading needs. */
export interface ReadResources {
  readonly catalog: Catalog;
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
    const { catalog, pool, digests } = this.#resources;
    const { file, offset, length } = this.#piece;
    const known = this.#piece.digest && this.#done === 0 ? digests.known(file) : undefined;
    const lease = this.#lease ??= await catalog.opener.lease(file);
    const left = length - this.#done;
    const isSliced = left > this.#room || this.#done > 0;
    // A digest of what is not read yet can stand before it only if it is known.
    const computes = !isSliced && !known && this.#mayHash;
    const before = known || (computes && this.#piece.digest) ? DIGEST_MESSAGE_SIZE : 0;
    // Of a chunk in slices some is on its way before the end, where it is proven.
    if (isSliced && this.#done === 0) await catalog.opener.proveUnchanged(file, lease);
    const start = offset + this.#done;
    const take = Math.min(left, this.#room - before);
    const buffer = await pool.acquire(before + take);
    try {
      const message = buffer.subarray(before);
      const target = message.subarray(HEADER_SIZE, HEADER_SIZE + take);
      const isThere = await readFully(lease, target, start);
      // Only at the end: a write between an earlier check and the read would go unseen.
      if (take === left || !isThere) await catalog.opener.proveUnchanged(file, lease);
      if (!isThere) throw new Error("The file is shorter than the system says");
      const digest = known ?? (computes ? this.#digestOf(target) : "");
      if (before > 0) buffer.set(this.#digestMessage(digest));
      this.#done += take;
      const bytes = buffer.subarray(0, before + this.#framer.frame(message, take).length);
      return { bytes, buffer, pieces: [{ file, offset: start, length: take }] };
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

  /** Whether the file is read whole, and its digest is wanted and does not take long. */
  get #mayHash(): boolean {
    const { file, digest } = this.#piece;
    return isWhole(this.#piece) && file.size <= HASHED_AS_READ &&
      (digest || this.#learnsDigest && !this.#resources.digests.has(file));
  }

  #digestOf(content: Uint8Array): string {
    const digest = createHash("sha256").update(content).digest("hex");
    this.#resources.digests.store(this.#piece.file, digest);
    return digest;
  }

  #digestMessage(digest: string): Uint8Array {
    const { requestId } = this.#piece;
    const type = MessageType.DIGEST_RESULT;
    const header = { type, requestId, more: true, offset: 0, ...this.#endpoints };
    return encodeMessage(header, encodePayload({ digest }));
  }
}
