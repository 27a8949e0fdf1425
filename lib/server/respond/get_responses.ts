/**
 * GET requests in, CHUNK messages out, in the order of the requests: read ahead from disk while
 * the one before is being written to the network.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { GetRequest } from "../../protocol/payloads.ts";
import { roomFor } from "../read/buffer_pool.ts";
import {
  GetResponse,
  type OutgoingChunk,
  type QueuedGet,
  type ReadRequest,
  type ResponseResources,
} from "./get_response.ts";
import type { SharedFile } from "../shared_file.ts";

/** The largest chunk that this server sends, in bytes. */
export const MAX_CHUNK = 1024 * 1024;
/** Requests that are read ahead for one client at the most. */
const READ_AHEAD_REQUESTS = 32;

/** An answer whose first packet is being made. */
interface Prepared {
  readonly answer: GetResponse;
  readonly first: Promise<OutgoingChunk>;
}

/** The answers to one client's GETs. */
export class GetResponses {
  /** Whether the client has asked for a digest, and so will for others. */
  wantsDigests = false;

  readonly #resources: ResponseResources;
  readonly #asked: QueuedGet[] = [];
  readonly #prepared: Prepared[] = [];
  /** The answer whose next packet is awaited, or that has more to send. */
  #current: GetResponse | undefined;
  /** What may be held for answers that have not been sent, in bytes. */
  #reserved = 0;
  /** What is with who sends it. */
  readonly #given = new Map<OutgoingChunk, GetResponse>();
  #isBorrower = false;
  #ended = false;
  #wake = () => {};

  constructor(resources: ResponseResources) {
    this.#resources = resources;
  }

  /**
   * The answers. What has been written goes back by `sent`. Reads ahead by itself, so the stream
   * holds nothing.
   */
  readonly readable: ReadableStream<OutgoingChunk> = new ReadableStream({
    pull: async (controller) => {
      while (!this.#current && this.#prepared.length === 0) {
        if (this.#ended) return controller.close();
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      controller.enqueue(await this.#nextPacket());
    },
  }, { highWaterMark: 0 });

  /** Takes a request; the caller bounds how many are open. */
  ask(requestId: number, request: GetRequest | WireError): void {
    this.#asked.push({ requestId, read: this.#wantedBy(request) });
    this.#readAhead();
    this.#wake();
  }

  /** No more requests will come: the stream closes after the last answer. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Takes a packet's buffer back once the network has its bytes. */
  sent(packet: OutgoingChunk): void {
    const answer = this.#given.get(packet)!;
    this.#giveBack(packet);
    if (packet.isLast) {
      this.#reserved -= answer.bufferSize;
      this.#readAhead();
    }
    if (this.#isIdle) this.#borrow(false);
  }

  /** Gives all buffers back; nothing may be using a packet any more. */
  async close(): Promise<void> {
    this.#asked.length = 0;
    this.#current?.close();
    for (const { answer, first } of this.#prepared.splice(0)) {
      const packet = await first.catch(() => null);
      if (packet) this.#given.set(packet, answer);
      answer.close();
    }
    for (const packet of this.#given.keys()) this.#giveBack(packet);
    this.#borrow(false);
  }

  get #isIdle(): boolean {
    return !this.#current && this.#prepared.length + this.#asked.length + this.#given.size === 0;
  }

  #giveBack(packet: OutgoingChunk): void {
    this.#given.delete(packet);
    if (packet.buffer) this.#resources.pool.release(packet.buffer);
  }

  /** The next packet of the answer that has begun, or else of the next one. */
  async #nextPacket(): Promise<OutgoingChunk> {
    const prepared = this.#current ? undefined : this.#prepared.shift()!;
    const answer = this.#current ?? prepared!.answer;
    this.#current = answer;
    const packet = await (prepared?.first ?? answer.read());
    this.#given.set(packet, answer);
    if (packet.isLast) this.#current = undefined;
    return packet;
  }

  #wantedBy(request: GetRequest | WireError): ReadRequest | WireError {
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
      const { read } = this.#asked[0]!;
      const room = read instanceof WireError ? 0 : Math.min(roomFor(read.length), most);
      if (this.#reserved > 0 && this.#reserved + room > most) return;
      this.#reserved += room;
      const asked = this.#asked.shift()!;
      const answer = new GetResponse(asked, room, this.wantsDigests, this.#resources);
      const first = answer.read();
      // Whoever is not awaiting it yet does not miss its failure.
      first.catch(() => {});
      this.#prepared.push({ answer, first });
    }
  }

  #borrow(isBorrower: boolean): void {
    if (isBorrower === this.#isBorrower) return;
    this.#isBorrower = isBorrower;
    this.#resources.pool.borrowers += isBorrower ? 1 : -1;
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
