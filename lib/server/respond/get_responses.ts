/**
 * GET requests in, packets of responses out, in the order of the requests: read ahead while
 * the one before is being written to the network.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";
import { MessageType } from "../../protocol/message.ts";
import { encodePayload } from "../../protocol/payloads.ts";
import type { BufferPool } from "../read/buffer_pool.ts";
import type { ChunkSource } from "../read/chunk_reader.ts";
import type { FileReader } from "../read/file_reader.ts";
import type { RequestedPiece } from "../read/requested_piece.ts";
import type { QueuedGet } from "./queued_get.ts";
import { type PacketContent, ResponsePacket } from "./response_packet.ts";

/** The maximum number of packets that are read ahead for one client. */
const READ_AHEAD = 32;

/** The resources for answering. */
export interface ResponseResources {
  readonly connection: Connection;
  readonly reader: FileReader;
  readonly pool: BufferPool;
  /** Takes each packet that was sent. */
  readonly sent: (packet: ResponsePacket) => void;
  /** Takes each refusal of a request, and the path that the request names. */
  readonly refused: (error: WireError, path: string | null) => void;
}

/** A response that is being read, or several together. */
interface Reading {
  /** The limit of what it may hold at once, in bytes. */
  readonly room: number;
  /** The reader of a chunk by itself. */
  readonly reader: ChunkSource | undefined;
  /** The next packet; null if there is none. Undefined until it is requested. */
  packet: Promise<ResponsePacket | null> | undefined;
  /** Reads the next packet. */
  readonly read: () => Promise<ResponsePacket | null>;
}

/** The responses to one client's GETs. */
export class GetResponses {
  /** Whether the client has sent a DIGEST, and so is likely to send others. */
  wantsDigests = false;

  readonly #resources: ResponseResources;
  /** In order: responses that are being read, and requests that wait between them. */
  readonly #line: (Reading | QueuedGet[])[] = [];
  /** How many packets are being read ahead. */
  #readings = 0;
  /** The room reserved for responses that have not been sent, in bytes. */
  #reserved = 0;
  /** The packets that were read, until they are disposed of. */
  readonly #packets = new Set<ResponsePacket>();
  #isBorrower = false;
  #ended = false;
  #closed = false;
  #wake = () => {};

  constructor(resources: ResponseResources) {
    this.#resources = resources;
  }

  /** Takes requests; the caller bounds how many are open. */
  ask(requests: QueuedGet[]): void {
    if (this.#closed || requests.length === 0) return;
    const last = this.#line.at(-1);
    if (Array.isArray(last)) last.push(...requests);
    else this.#line.push(requests);
    this.#readAhead();
    this.#wake();
  }

  /** Ends the requests: `next` returns null after the last response. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * The next packet, which is to be disposed of; null if there will be none any more.
   *
   * @throws {Error} If the rest of a chunk cannot be read of which some is on its way: nothing can
   * be said then but that it will not be whole.
   */
  async next(): Promise<ResponsePacket | null> {
    for (;;) {
      const head = this.#line[0];
      if (head && isReading(head)) {
        head.packet ??= tamed(head.read());
        const packet = await head.packet;
        head.packet = undefined;
        if (!packet || packet.endsMessage) this.#pass(head);
        if (packet) return packet;
      } else if (this.#closed || this.#ended && !head) {
        return null;
      } else {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
    }
  }

  /** Reads no more, and gives all memory back; nothing may be using a packet any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    const readings = this.#line.splice(0).filter(isReading);
    await Promise.allSettled(readings.map(({ packet }) => packet));
    for (const { reader } of readings) reader?.close();
    for (const packet of this.#packets) packet[Symbol.dispose]();
    this.#borrow(false);
  }

  /** Removes a reading that has ended. */
  #pass(reading: Reading): void {
    if (this.#line[0] === reading) this.#line.shift();
    this.#readings--;
  }

  /** Begins as many readings as there is room for, in the order of the requests. */
  #readAhead(): void {
    for (let at = 0; at < this.#line.length && !this.#closed; at++) {
      const waiting = this.#line[at]!;
      if (!Array.isArray(waiting)) continue;
      this.#borrow(true);
      for (let reading; waiting.length > 0 && (reading = this.#begin(waiting)); at++) {
        this.#line.splice(at, 0, reading);
        this.#reserved += reading.room;
        this.#readings++;
        reading.packet = tamed(reading.read());
      }
      if (waiting.length > 0) return;
      this.#line.splice(at--, 1);
    }
    if (this.#line.length === 0 && this.#packets.size === 0) this.#borrow(false);
  }

  /** Takes the next reading from the head of a queue; null if there is no room. */
  #begin(queue: QueuedGet[]): Reading | null {
    const { reader, connection: { endpoints }, pool } = this.#resources;
    const { share } = pool;
    const left = this.#reserved === 0 ? share : share - this.#reserved;
    if (this.#readings === READ_AHEAD) return null;
    const head = queue[0]!;
    if ("error" in head) {
      queue.shift();
      const read = () => Promise.resolve(this.#refusal(head.requestId, head.error, 0));
      return { room: 0, reader: undefined, packet: undefined, read };
    }
    const together = reader.together(queue, left);
    if (together.count > 0) return this.#beginTogether(queue, together);
    const room = Math.min(reader.bufferSizeFor(head), share);
    if (room > left) return null;
    queue.shift();
    const chunk = reader.chunk(head, room, endpoints, this.wantsDigests);
    const read = () => this.#readChunk(head, chunk, room);
    return { room, reader: chunk, packet: undefined, read };
  }

  #beginTogether(queue: QueuedGet[], { count, room }: { count: number; room: number }): Reading {
    const pieces = queue.splice(0, count) as RequestedPiece[];
    const read = () => this.#readTogether(reading, pieces);
    const reading: Reading = { room, reader: undefined, packet: undefined, read };
    return reading;
  }

  /** Reads whole files together; those from the first that fails on go back to the head. */
  async #readTogether(
    reading: Reading,
    pieces: readonly RequestedPiece[],
  ): Promise<ResponsePacket | null> {
    const { reader, connection } = this.#resources;
    const read = await reader.readTogether(pieces, connection.endpoints, this.wantsDigests);
    const [failed, ...others] = pieces.slice(read?.pieces.length ?? 0);
    if (failed && !this.#closed) {
      const rest = [{ ...failed, isAlone: true }, ...others];
      this.#line.splice(this.#line.indexOf(reading) + 1, 0, rest);
    }
    if (!read) {
      this.#leaveRoom(reading.room);
      return null;
    }
    const requestIds = pieces.slice(0, read.pieces.length).map(({ requestId }) => requestId);
    const content = { ...read, startsMessage: true, endsMessage: true, requestIds };
    return this.#packet(content, reading.room);
  }

  /** Reads the next slice of a chunk. The one place where a failed request becomes an ERROR. */
  async #readChunk(
    { requestId, file: { path } }: RequestedPiece,
    chunk: ChunkSource,
    room: number,
  ): Promise<ResponsePacket> {
    const startsMessage = !chunk.hasBegun;
    try {
      const read = await chunk.read();
      const endsMessage = chunk.isDone;
      if (endsMessage) chunk.close();
      const requestIds = endsMessage ? [requestId] : [];
      return this.#packet({ ...read, startsMessage, endsMessage, requestIds }, room);
    } catch (thrown) {
      chunk.close();
      if (!startsMessage) throw thrown;
      const error = thrown instanceof WireError
        ? thrown
        : new WireError("read-failed", "The file cannot be read", { cause: thrown });
      this.#resources.refused(error, path);
      return this.#refusal(requestId, error, room);
    }
  }

  #refusal(requestId: number, { code, message }: WireError, room: number): ResponsePacket {
    const payload = encodePayload({ code, message });
    const type = MessageType.ERROR;
    const parts = [this.#resources.connection.encode({ type, requestId, payload })];
    const whole = { startsMessage: true, endsMessage: true, requestIds: [requestId], pieces: [] };
    return this.#packet({ parts, ...whole, [Symbol.dispose]() {} }, room);
  }

  #packet(content: PacketContent, room: number): ResponsePacket {
    const packet = new ResponsePacket(content, this.#resources.sent, () => {
      this.#packets.delete(packet);
      if (content.endsMessage) this.#leaveRoom(room);
    });
    this.#packets.add(packet);
    return packet;
  }

  #leaveRoom(room: number): void {
    this.#reserved -= room;
    this.#readAhead();
    this.#wake();
  }

  #borrow(isBorrower: boolean): void {
    if (isBorrower === this.#isBorrower) return;
    this.#isBorrower = isBorrower;
    this.#resources.pool.borrowers += isBorrower ? 1 : -1;
  }
}

function isReading(entry: Reading | QueuedGet[]): entry is Reading {
  return !Array.isArray(entry);
}

/** A promise whose rejection is handled, also while it is not awaited yet. */
function tamed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
