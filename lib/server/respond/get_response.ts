/**
 * The response to one GET: a CHUNK, whole or in slices, or an ERROR.
 *
 * A chunk is read whole before any of it is sent, so that a failure can still be sent as an ERROR.
 * Only if so many clients request chunks that one client's share of the memory is less than a
 * chunk, it is read and sent in slices; a file that changes in the middle then ends the connection.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { WireError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";
import { HEADER_SIZE, type MessageFramer, MessageType } from "../../protocol/message.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import type { BufferPool } from "../read/buffer_pool.ts";
import type { Catalog } from "../folder/catalog.ts";
import type { DigestCache } from "../read/digest_cache.ts";
import type { SharedFile } from "../shared_file.ts";
import type { FileLease } from "../read/open_files.ts";
import { readFully, waitToRead } from "../read/read_fully.ts";
import { MAX_SMALL_FILE } from "../read/small_files.ts";

/** Files up to this size, in bytes, are hashed as they are read if the client requests digests. */
const MAX_HASHED_AS_READ = 256 * 1024;

/** Bytes for the network. */
export interface OutgoingChunk {
  readonly bytes: Uint8Array;
  /** The buffer that goes back to the pool once the bytes are sent; null if there is none. */
  readonly buffer: Uint8Array<ArrayBuffer> | null;
  /** The request that the bytes answer. */
  readonly requestId: number;
  /** Whether a message begins, and ends, with these bytes. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** The part of a file that the bytes contain, or null for an ERROR. */
  readonly piece: SentPiece | null;
}

/** A part of a file that is being sent. */
export interface SentPiece {
  readonly path: string;
  readonly length: number;
  /** The position in the file after the part, and whether the file ends there. */
  readonly end: number;
  readonly endsFile: boolean;
}

/** The resources of a response. */
export interface ResponseResources {
  readonly catalog: Catalog;
  readonly digests: DigestCache;
  readonly pool: BufferPool;
  readonly connection: Connection;
  /** Is called when a request is refused. */
  readonly onRefused: (error: WireError, path: string | null) => void;
}

/** The read for a request, without the strings of the request, which may be long. */
export interface ReadRequest {
  readonly file: SharedFile;
  readonly offset: number;
  /** Bytes, 1 or more. */
  readonly length: number;
}

/** A queued request. A refused one is queued as its error, so that responses keep their order. */
export interface QueuedGet {
  readonly requestId: number;
  readonly read: ReadRequest | WireError;
}

/** A response in progress. */
export class GetResponse {
  /** How many bytes it may hold at once; a larger chunk is sent in slices. */
  readonly bufferSize: number;
  readonly #asked: QueuedGet;
  readonly #computesDigest: boolean;
  readonly #resources: ResponseResources;
  #lease: FileLease | undefined;
  #framer: MessageFramer | undefined;
  /** Bytes of the chunk that have been read. */
  #done = 0;

  /**
   * @param bufferSize How many bytes it may hold at once.
   * @param computesDigest Whether to compute a small file's digest as it is read.
   */
  constructor(
    asked: QueuedGet,
    bufferSize: number,
    computesDigest: boolean,
    resources: ResponseResources,
  ) {
    this.#asked = asked;
    this.bufferSize = bufferSize;
    this.#computesDigest = computesDigest;
    this.#resources = resources;
  }

  /**
   * Returns the next packet. Must not be called after the last one, nor before the previous one has
   * been sent and its buffer released.
   *
   * This is the one place where a failed request becomes an ERROR.
   *
   * @throws {Error} If the rest of a partly sent chunk cannot be read; the protocol has no message
   * for that.
   */
  async read(): Promise<OutgoingChunk> {
    const { read } = this.#asked;
    if (read instanceof WireError) return this.#refusal(read);
    const hasBegun = this.#done > 0;
    try {
      const packet = await this.#readSmall(read) ?? await this.#readPiece(read);
      if (packet.isLast) this.close();
      return packet;
    } catch (thrown) {
      this.close();
      if (hasBegun) throw thrown;
      const error = thrown instanceof WireError
        ? thrown
        : new WireError("read-failed", "The file cannot be read", { cause: thrown });
      this.#resources.onRefused(error, read.file.path);
      return this.#refusal(error);
    }
  }

  /** Releases the file. */
  close(): void {
    this.#lease?.release();
    this.#lease = undefined;
  }

  #refusal({ code, message }: WireError): OutgoingChunk {
    const { requestId } = this.#asked;
    const payload = encodePayload({ code, message });
    const bytes = this.#resources.connection.encode({
      type: MessageType.ERROR,
      requestId,
      payload,
    });
    return { bytes, buffer: null, requestId, isFirst: true, isLast: true, piece: null };
  }

  /** Returns a whole small file, or null if the chunk must be read in the usual way. */
  async #readSmall({ file, length }: ReadRequest): Promise<OutgoingChunk | null> {
    const { catalog, pool, digests } = this.#resources;
    if (length !== file.size || length > Math.min(MAX_SMALL_FILE, this.bufferSize)) return null;
    const buffer = await pool.acquire(length);
    const small = await catalog.readSmall(file);
    if (!small) {
      pool.release(buffer);
      return null;
    }
    digests.store(file, small.digest);
    buffer.set(small.bytes, HEADER_SIZE);
    return this.#packet(buffer, length);
  }

  async #readPiece({ file, offset, length }: ReadRequest): Promise<OutgoingChunk> {
    const { catalog, pool, digests } = this.#resources;
    const lease = this.#lease ??= await catalog.lease(file);
    // A sliced chunk is partly sent before its final check, so check once up front.
    if (this.#done === 0 && length > this.bufferSize) catalog.assertUnchanged(file, lease);
    const start = offset + this.#done;
    const take = Math.min(length - this.#done, this.bufferSize);
    // Acquire the buffer only after the wait.
    await waitToRead(lease, start, take);
    const buffer = await pool.acquire(take);
    try {
      const target = buffer.subarray(HEADER_SIZE, HEADER_SIZE + take);
      const isThere = await readFully(lease, target, start);
      const isLast = this.#done + take === length;
      // Only after the read: a write between an earlier check and the read would be missed.
      if (isLast || !isThere) catalog.assertUnchanged(file, lease);
      if (!isThere) throw new Error("The file is shorter than its metadata says");
      const isWhole = take === file.size && take <= MAX_HASHED_AS_READ;
      if (isWhole && this.#computesDigest && !digests.has(file)) {
        digests.store(file, createHash("sha256").update(target).digest("hex"));
      }
      return this.#packet(buffer, take);
    } catch (error) {
      pool.release(buffer);
      throw error;
    }
  }

  /** Frames `take` bytes of the chunk that have been read into a buffer. */
  #packet(buffer: Uint8Array<ArrayBuffer>, take: number): OutgoingChunk {
    const { requestId, read } = this.#asked;
    const { file: { path, size }, offset, length } = read as ReadRequest;
    this.#framer ??= this.#resources.connection.chunkFramer(requestId, offset, length);
    const isFirst = this.#done === 0;
    this.#done += take;
    const isLast = this.#done === length;
    const end = offset + this.#done;
    const piece = { path, length: take, end, endsFile: end === size };
    return { bytes: this.#framer.frame(buffer, take), buffer, requestId, isFirst, isLast, piece };
  }
}
