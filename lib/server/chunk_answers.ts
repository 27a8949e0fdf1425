/**
 * GET requests in, CHUNK messages out, in the order of the requests: read ahead from disk while
 * the one before is being written to the network.
 *
 * A chunk is read whole before any of it is sent, so that whatever is wrong with it can still be
 * said. Only where so many clients want chunks at once that a client's share of the memory is
 * less than a chunk, it is read and sent in slices; a file that changes half-way through then
 * ends the connection.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { WireError } from "../errors.ts";
import type { Connection } from "../protocol/connection.ts";
import { HEADER_SIZE, MessageType } from "../protocol/message.ts";
import { type GetRequest, printPayload } from "../protocol/payloads.ts";
import { type BufferPool, roomFor } from "./buffer_pool.ts";
import type { Catalog } from "./catalog.ts";
import type { Digests } from "./digests.ts";
import type { SharedFile } from "./folder_scan.ts";
import type { FileLease } from "./open_files.ts";
import { readFully } from "./read_fully.ts";
import { SMALL_FILE } from "./small_files.ts";

/** The largest chunk that this server sends, in bytes. */
export const MAX_CHUNK = 1024 * 1024;
/** Files up to this size, in bytes, are hashed as they are read for one who wants digests. */
const HASHED_AS_READ = 256 * 1024;
/** Requests that are read ahead for one client at the most. */
const READ_AHEAD_REQUESTS = 32;

/** Bytes for the network. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** What the bytes answer. */
  readonly requestId: number;
  /** Whether a message begins with them, and whether it ends. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** What the answer may hold until it is sent, in bytes. */
  readonly room: number;
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
export interface AnswerResources {
  readonly catalog: Catalog;
  readonly digests: Digests;
  readonly pool: BufferPool;
  readonly connection: Connection;
  /** Hears why a request was refused. */
  readonly refused: (error: WireError, path: string | null) => void;
}

/** What is to be read for a request: nothing of it that the client may have made long. */
interface Wanted {
  readonly file: SharedFile;
  readonly offset: number;
  /** Bytes, 1 or more. */
  readonly length: number;
}

/** A request that cannot be met stands in line as its error: answers keep their order. */
interface Asked {
  readonly requestId: number;
  readonly wanted: Wanted | WireError;
}

/** An answer whose next packet is being made. */
interface Prepared {
  readonly packets: AsyncGenerator<Packet, void>;
  next: Promise<IteratorResult<Packet, void>>;
}

/** The answers to one client's GETs. */
export class ChunkAnswers {
  /** Whether the client has asked for a digest, and so will for others. */
  wantsDigests = false;

  readonly #resources: AnswerResources;
  readonly #asked: Asked[] = [];
  readonly #prepared: Prepared[] = [];
  /** All generators that are not at their end. */
  readonly #open = new Set<Prepared>();
  readonly #buffers = new Map<Uint8Array, Uint8Array<ArrayBuffer>>();
  /** The answer that is being sent in slices. */
  #current: Prepared | undefined;
  /** What the answers that are not at their end may hold, in bytes. */
  #reserved = 0;
  #isBorrower = false;
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
      for (;;) {
        const packet = await this.#nextPacket();
        if (packet) return controller.enqueue(packet);
        if (this.#current) continue;
        if (this.#ended && this.#prepared.length === 0) return controller.close();
        if (this.#prepared.length === 0) {
          await new Promise<void>((resolve) => this.#wake = resolve);
        }
      }
    },
  }, { highWaterMark: 0 });

  /** Takes a request; the caller bounds how many are open. */
  ask(requestId: number, request: GetRequest | WireError): void {
    this.#asked.push({ requestId, wanted: this.#wantedBy(request) });
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
    if (buffer) {
      this.#buffers.delete(packet.bytes);
      this.#resources.pool.release(buffer);
    }
    if (packet.isLast) {
      this.#reserved -= packet.room;
      this.#readAhead();
    }
    if (this.#open.size === 0 && this.#asked.length === 0) this.#borrow(false);
  }

  /** Gives all buffers back; nothing may be using a packet any more. */
  async close(): Promise<void> {
    this.#asked.length = 0;
    await Promise.all([...this.#open].map(async ({ next, packets }) => {
      await next.catch(() => {});
      await packets.return();
    }));
    for (const buffer of this.#buffers.values()) this.#resources.pool.release(buffer);
    this.#buffers.clear();
    this.#borrow(false);
  }

  /** The next packet, or undefined if an answer has just ended or none is there. */
  async #nextPacket(): Promise<Packet | undefined> {
    const begun = this.#current;
    const answer = begun ?? this.#prepared.shift();
    if (!answer) return undefined;
    // By now the slice before has been sent, and has given back the room for this one.
    if (begun) answer.next = answer.packets.next();
    const { value } = await answer.next;
    const isOver = !value || value.isLast;
    this.#current = isOver ? undefined : answer;
    if (isOver) {
      // Past the last packet stands the end of what the generator holds open.
      await answer.packets.return();
      this.#open.delete(answer);
    }
    return value ?? undefined;
  }

  #wantedBy(request: GetRequest | WireError): Wanted | WireError {
    try {
      if (request instanceof WireError) throw request;
      const file = this.#resources.catalog.find(request.path, request.version);
      return { file, offset: request.offset, length: lengthOf(request, file) };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#resources.refused(error, request instanceof WireError ? null : request.path);
      return error;
    }
  }

  #readAhead(): void {
    if (this.#asked.length > 0) this.#borrow(true);
    const most = this.#resources.pool.share;
    while (this.#asked.length > 0 && this.#prepared.length < READ_AHEAD_REQUESTS) {
      const { wanted } = this.#asked[0]!;
      const room = wanted instanceof WireError ? 0 : Math.min(roomFor(wanted.length), most);
      if (this.#reserved > 0 && this.#reserved + room > most) return;
      this.#reserved += room;
      const packets = this.#answer(this.#asked.shift()!, room);
      const prepared = { packets, next: packets.next() };
      prepared.next.catch(() => {});
      this.#open.add(prepared);
      this.#prepared.push(prepared);
    }
  }

  #borrow(isBorrower: boolean): void {
    if (isBorrower === this.#isBorrower) return;
    this.#isBorrower = isBorrower;
    this.#resources.pool.borrowers += isBorrower ? 1 : -1;
  }

  /**
   * The one place where a failed request becomes an ERROR.
   *
   * @param room How much may be held at once, in bytes: what does not fit comes in slices.
   */
  async *#answer({ requestId, wanted }: Asked, room: number): AsyncGenerator<Packet, void> {
    let begun = false;
    try {
      if (wanted instanceof WireError) throw wanted;
      for await (const packet of this.#read(requestId, wanted, room)) {
        begun = true;
        yield packet;
      }
    } catch (thrown) {
      // Half a chunk is on its way, and nothing can be said but that it will not be whole.
      if (begun) throw thrown;
      const error = thrown instanceof WireError
        ? thrown
        : new WireError("read-failed", "The file cannot be read", { cause: thrown });
      if (!(wanted instanceof WireError)) this.#resources.refused(error, wanted.file.path);
      const payload = printPayload({ code: error.code, message: error.message });
      const message = { type: MessageType.ERROR, requestId, payload };
      const bytes = this.#resources.connection.encode(message);
      yield { bytes, requestId, isFirst: true, isLast: true, room, piece: null };
    }
  }

  async *#read(
    requestId: number,
    { file, offset, length }: Wanted,
    room: number,
  ): AsyncGenerator<Packet, void> {
    const { catalog, connection } = this.#resources;
    const { path } = file;
    const framer = connection.chunkFramer(requestId, offset, length);
    const packet = (buffer: Uint8Array<ArrayBuffer>, piece: SentPiece): Packet => {
      const isFirst = !framer.hasBegun;
      const bytes = framer.frame(buffer, piece.length);
      this.#buffers.set(bytes, buffer);
      return { bytes, requestId, isFirst, isLast: framer.isComplete, room, piece };
    };
    const isSmall = length === file.size && length <= Math.min(SMALL_FILE, room);
    const small = isSmall ? await this.#readSmall(file) : null;
    if (small) {
      yield packet(small, { path, length, end: length, endsFile: true });
      return;
    }
    const lease = await catalog.lease(file);
    try {
      // Of a chunk in slices some is on its way before the end, where it is proven.
      if (length > room) catalog.assertUnchanged(file, lease);
      for (let done = 0; done < length;) {
        const take = Math.min(length - done, room);
        const start = offset + done;
        done += take;
        const isEnd = done === length;
        const buffer = await this.#readPiece(file, lease, start, take, isEnd);
        const end = offset + done;
        yield packet(buffer, { path, length: take, end, endsFile: end === file.size });
      }
    } finally {
      lease.release();
    }
  }

  /** A buffer with a whole file, or null if it must be read in the usual way. */
  async #readSmall(file: SharedFile): Promise<Uint8Array<ArrayBuffer> | null> {
    const { catalog, pool, digests } = this.#resources;
    const buffer = await pool.acquire(file.size);
    const small = await catalog.readSmall(file);
    if (!small) {
      pool.release(buffer);
      return null;
    }
    digests.learn(file, small.digest);
    buffer.set(small.bytes, HEADER_SIZE);
    return buffer;
  }

  /** A buffer with a piece of a chunk, which may be the last of it. */
  async #readPiece(
    file: SharedFile,
    lease: FileLease,
    offset: number,
    take: number,
    isLast: boolean,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { catalog, pool, digests } = this.#resources;
    // Once: if that read fails, this one finds out for itself. Before it holds a buffer: of many who
    // wait together each then uses the one that the one before has used.
    if (!lease.warm.has(offset, take)) await lease.warm.beingRead(offset);
    const buffer = await pool.acquire(take);
    try {
      const target = buffer.subarray(HEADER_SIZE, HEADER_SIZE + take);
      const isThere = await readFully(lease, target, offset);
      // Only at the end: a write between an earlier check and the read would go unseen.
      if (isLast || !isThere) catalog.assertUnchanged(file, lease);
      if (!isThere) throw new Error("The file is shorter than the system says");
      const isWhole = take === file.size && take <= HASHED_AS_READ;
      if (isWhole && this.wantsDigests && !digests.has(file)) {
        digests.learn(file, createHash("sha256").update(target).digest("hex"));
      }
      return buffer;
    } catch (error) {
      pool.release(buffer);
      throw error;
    }
  }
}

/** How many bytes a request gets. */
function lengthOf({ offset, length }: GetRequest, { size }: SharedFile): number {
  if (length > MAX_CHUNK) {
    throw new WireError("bad-request", `A chunk is at most ${MAX_CHUNK} bytes`);
  }
  if (offset >= size) {
    throw new WireError("bad-request", `The offset is not below the file's ${size} bytes`);
  }
  return Math.min(length, size - offset);
}
