/**
 * GET requests in, CHUNK messages out, in the order of the requests: read ahead from disk while
 * the one before is being written to the network.
 *
 * @module
 */
import { WireError } from "../errors.ts";
import type { Connection } from "../protocol/connection.ts";
import { HEADER_SIZE, MessageType } from "../protocol/message.ts";
import { type GetRequest, printPayload } from "../protocol/payloads.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { Catalog } from "./catalog.ts";
import type { FileLease } from "./open_files.ts";

/** The largest chunk that this server sends, in bytes. */
export const MAX_CHUNK = 1024 * 1024;
/** How much is read ahead for one client, in bytes, and in how many requests at the most. */
const READ_AHEAD_BYTES = 2 * MAX_CHUNK;
const READ_AHEAD_REQUESTS = 32;

/** Bytes for the network. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** What the bytes answer. */
  readonly requestId: number;
  /** What of which file is in them, or null for an ERROR. */
  readonly chunk: SentChunk | null;
}

/** A part of a file that is on its way. */
export interface SentChunk {
  readonly path: string;
  readonly length: number;
  /** Whether the file ends with it. */
  readonly last: boolean;
}

/** What answering needs. */
export interface AnswerResources {
  readonly catalog: Catalog;
  readonly pool: BufferPool;
  readonly connection: Connection;
  /** Hears why a request was refused. */
  readonly refused: (error: WireError, path: string | null) => void;
}

/** A request that was malformed stands in line as its error: answers keep their order. */
type Asked = { readonly requestId: number; readonly request: GetRequest | WireError };

/** The answers to one client's GETs. */
export class ChunkAnswers {
  readonly #resources: AnswerResources;
  readonly #asked: Asked[] = [];
  readonly #prepared: { readonly size: number; readonly packet: Promise<Packet> }[] = [];
  readonly #preparing = new Set<Promise<Packet>>();
  readonly #buffers = new Map<Uint8Array, Uint8Array<ArrayBuffer>>();
  #preparedBytes = 0;
  #ended = false;
  #wake = () => {};

  constructor(resources: AnswerResources) {
    this.#resources = resources;
  }

  /**
   * The answers. What has been written goes back by `sent`. Reads ahead by itself, so the stream
   * holds nothing.
   */
  readonly readable: ReadableStream<Packet> = new ReadableStream({
    pull: async (controller) => {
      while (this.#prepared.length === 0 && !this.#ended) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      const next = this.#prepared.shift();
      if (!next) {
        controller.close();
        return;
      }
      const packet = await next.packet;
      this.#preparedBytes -= next.size;
      this.#readAhead();
      controller.enqueue(packet);
    },
  }, { highWaterMark: 0 });

  /** Takes a request; the caller bounds how many are open. */
  ask(requestId: number, request: GetRequest | WireError): void {
    this.#asked.push({ requestId, request });
    this.#readAhead();
    this.#wake();
  }

  /** No more requests will come: the stream closes after the last answer. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Takes a packet's buffer back once the network has its bytes. */
  sent(packet: Packet): void {
    const buffer = this.#buffers.get(packet.bytes);
    if (!buffer) return;
    this.#buffers.delete(packet.bytes);
    this.#resources.pool.release(buffer);
  }

  /** Gives all buffers back; nothing may be using a packet any more. */
  async close(): Promise<void> {
    this.#asked.length = 0;
    await Promise.all(this.#preparing);
    for (const buffer of this.#buffers.values()) this.#resources.pool.release(buffer);
    this.#buffers.clear();
  }

  #readAhead(): void {
    while (this.#asked.length > 0 && this.#prepared.length < READ_AHEAD_REQUESTS) {
      const { request } = this.#asked[0]!;
      const size = request instanceof WireError ? 0 : Math.min(request.length, MAX_CHUNK);
      if (this.#prepared.length > 0 && this.#preparedBytes + size > READ_AHEAD_BYTES) return;
      this.#preparedBytes += size;
      const packet = this.#prepare(this.#asked.shift()!);
      this.#preparing.add(packet);
      packet.finally(() => this.#preparing.delete(packet));
      this.#prepared.push({ size, packet });
    }
  }

  /** The one place where a failed request becomes an ERROR. */
  async #prepare({ requestId, request }: Asked): Promise<Packet> {
    try {
      if (request instanceof WireError) throw request;
      return await this.#read(requestId, request);
    } catch (thrown) {
      const error = thrown instanceof WireError
        ? thrown
        : new WireError("read-failed", "The file cannot be read", { cause: thrown });
      const path = request instanceof WireError ? null : request.path;
      this.#resources.refused(error, path);
      const payload = printPayload({ code: error.code, message: error.message });
      const message = { type: MessageType.ERROR, requestId, payload };
      return { bytes: this.#resources.connection.encode(message), requestId, chunk: null };
    }
  }

  async #read(requestId: number, request: GetRequest): Promise<Packet> {
    const { catalog, pool, connection } = this.#resources;
    const { path, version, offset } = request;
    if (request.length > MAX_CHUNK) {
      throw new WireError("bad-request", `A chunk is at most ${MAX_CHUNK} bytes`);
    }
    const file = catalog.find(path, version);
    if (offset >= file.size) {
      throw new WireError("bad-request", `The offset is not below the file's ${file.size} bytes`);
    }
    const length = Math.min(request.length, file.size - offset);
    const lease = await catalog.lease(file);
    const buffer = await pool.acquire(length);
    try {
      await readFully(lease, buffer.subarray(HEADER_SIZE, HEADER_SIZE + length), offset);
      // Only now: a write between an earlier check and the read would go unseen.
      await catalog.assertUnchanged(file, lease);
    } catch (error) {
      pool.release(buffer);
      throw error;
    } finally {
      lease.release();
    }
    const bytes = connection.sealChunk(buffer, length, offset, requestId);
    this.#buffers.set(bytes, buffer);
    return { bytes, requestId, chunk: { path, length, last: offset + length === file.size } };
  }
}

async function readFully(lease: FileLease, target: Uint8Array, offset: number): Promise<void> {
  for (let got = 0; got < target.length;) {
    const { bytesRead } = await readSome(lease, target, got, offset + got);
    if (bytesRead === 0) throw new WireError("changed", "The file has become shorter");
    got += bytesRead;
  }
}

async function readSome(lease: FileLease, target: Uint8Array, at: number, position: number) {
  try {
    return await lease.handle.read(target, at, target.length - at, position);
  } catch (error) {
    throw new WireError("read-failed", "The file cannot be read", { cause: error });
  }
}
