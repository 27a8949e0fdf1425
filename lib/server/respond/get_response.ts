/**
 * One GET's answer: a CHUNK, whole or in slices, or an ERROR.
 *
 * A chunk is read whole before any of it is sent, so that whatever is wrong with it can still be
 * said. Only where so many clients want chunks at once that a client's share of the memory is
 * less than a chunk, it is read and sent in slices; a file that changes half-way through then
 * ends the connection.
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
import { readFully, turnToRead } from "../read/read_fully.ts";
import { SMALL_FILE } from "../read/small_files.ts";

/** Files up to this size, in bytes, are hashed as they are read for one who wants digests. */
const HASHED_AS_READ = 256 * 1024;

/** Bytes for the network. */
export interface OutgoingChunk {
  readonly bytes: Uint8Array;
  /** Where they are, which goes back to the pool once they are sent; null if it is not from it. */
  readonly buffer: Uint8Array<ArrayBuffer> | null;
  /** What the bytes answer. */
  readonly requestId: number;
  /** Whether a message begins with them, and whether it ends. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** What of which file is in them, or null for an ERROR. */
  readonly piece: SentPiece | null;
}

/** A part of a file that is on its way. */
export interface SentPiece {
  readonly path: string;
  readonly length: number;
  /** The position in the file of the byte behind it, and whether the file ends there. */
  readonly end: number;
  readonly endsFile: boolean;
}

/** What answering needs. */
export interface ResponseResources {
  readonly catalog: Catalog;
  readonly digests: DigestCache;
  readonly pool: BufferPool;
  readonly connection: Connection;
  /** Hears why a request was refused. */
  readonly refused: (error: WireError, path: string | null) => void;
}

/** What is to be read for a request: nothing of it that the client may have made long. */
export interface ReadRequest {
  readonly file: SharedFile;
  readonly offset: number;
  /** Bytes, 1 or more. */
  readonly length: number;
}

/** A request that cannot be met stands in line as its error: answers keep their order. */
export interface QueuedGet {
  readonly requestId: number;
  readonly read: ReadRequest | WireError;
}

/** An answer on its way. */
export class GetResponse {
  /** How much it may hold at once, in bytes: what does not fit comes in slices. */
  readonly bufferSize: number;
  readonly #asked: QueuedGet;
  readonly #learnsDigest: boolean;
  readonly #resources: ResponseResources;
  #lease: FileLease | undefined;
  #framer: MessageFramer | undefined;
  /** Bytes of the chunk that have been read. */
  #done = 0;

  /**
   * @param room How much it may hold at once, in bytes.
   * @param learnsDigest Whether to compute a small file's digest as it is read.
   */
  constructor(asked: QueuedGet, room: number, learnsDigest: boolean, resources: ResponseResources) {
    this.#asked = asked;
    this.bufferSize = room;
    this.#learnsDigest = learnsDigest;
    this.#resources = resources;
  }

  /**
   * The next packet. Not to be asked for after the last, nor before the one before has been sent
   * and has given back the room for this one.
   *
   * This is the one place where a failed request becomes an ERROR.
   *
   * @throws {Error} If the rest of a chunk cannot be read of which some is on its way: nothing can
   * be said then but that it will not be whole.
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
      this.#resources.refused(error, read.file.path);
      return this.#refusal(error);
    }
  }

  /** Reads no more. */
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

  /** A whole small file, or null if it is none, or must be read in the usual way. */
  async #readSmall({ file, length }: ReadRequest): Promise<OutgoingChunk | null> {
    const { catalog, pool, digests } = this.#resources;
    if (length !== file.size || length > Math.min(SMALL_FILE, this.bufferSize)) return null;
    const buffer = await pool.acquire(length);
    const small = await catalog.readSmall(file);
    if (!small) {
      pool.release(buffer);
      return null;
    }
    digests.learn(file, small.digest);
    buffer.set(small.bytes, HEADER_SIZE);
    return this.#packet(buffer, length);
  }

  async #readPiece({ file, offset, length }: ReadRequest): Promise<OutgoingChunk> {
    const { catalog, pool, digests } = this.#resources;
    const lease = this.#lease ??= await catalog.lease(file);
    // Of a chunk in slices some is on its way before the end, where it is proven.
    if (this.#done === 0 && length > this.bufferSize) catalog.assertUnchanged(file, lease);
    const start = offset + this.#done;
    const take = Math.min(length - this.#done, this.bufferSize);
    // Who waits for a turn needs no buffer yet.
    await turnToRead(lease, start, take);
    const buffer = await pool.acquire(take);
    try {
      const target = buffer.subarray(HEADER_SIZE, HEADER_SIZE + take);
      const isThere = await readFully(lease, target, start);
      const isLast = this.#done + take === length;
      // Only at the end: a write between an earlier check and the read would go unseen.
      if (isLast || !isThere) catalog.assertUnchanged(file, lease);
      if (!isThere) throw new Error("The file is shorter than the system says");
      const isWhole = take === file.size && take <= HASHED_AS_READ;
      if (isWhole && this.#learnsDigest && !digests.has(file)) {
        digests.learn(file, createHash("sha256").update(target).digest("hex"));
      }
      return this.#packet(buffer, take);
    } catch (error) {
      pool.release(buffer);
      throw error;
    }
  }

  /** Frames so many bytes of the chunk that have been read into a buffer. */
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
