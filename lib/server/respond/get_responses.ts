/**
 * Turns GET requests into CHUNK messages, in the order of the requests. The next chunks are read
 * from disk while one is being written to the network.
 *
 * This room answers one client's GET requests: `get_response.ts` (one response),
 * `get_responses.ts` (this: their order and read-ahead), `open_requests.ts` (requests without a
 * response, bounded), `active_files.ts` (the files that a client is downloading). It imports
 * `folder`, `read`, `protocol` and the ground; `session.ts` imports it.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { GetRequest } from "../../protocol/payloads.ts";
import { bufferSizeFor } from "../read/buffer_pool.ts";
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
/** How many requests are read ahead for one client. */
const READ_AHEAD_REQUESTS = 32;

/** A response whose first packet is being read. */
interface Prepared {
  readonly answer: GetResponse;
  readonly first: Promise<OutgoingChunk>;
}

/** The responses to one client's GET requests. */
export class GetResponses {
  /** Whether the client has requested a digest, and so will probably request others. */
  wantsDigests = false;

  readonly #resources: ResponseResources;
  readonly #asked: QueuedGet[] = [];
  readonly #prepared: Prepared[] = [];
  /** The response whose next packet is being read, or that has more packets to send. */
  #current: GetResponse | undefined;
  /** The buffer sizes of all responses that have not been sent, in bytes. */
  #reserved = 0;
  /** Packets handed out and not yet returned, with their responses. */
  readonly #handedOut = new Map<OutgoingChunk, GetResponse>();
  #isBorrower = false;
  #ended = false;
  #wake = () => {};

  constructor(resources: ResponseResources) {
    this.#resources = resources;
  }

  /**
   * The packets of the responses, each of which is returned by `sent`. The class itself reads
   * ahead, so the stream buffers nothing.
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

  /** Queues a request; the caller bounds how many are open. */
  ask(requestId: number, request: GetRequest | WireError): void {
    this.#asked.push({ requestId, read: this.#readFor(request) });
    this.#readAhead();
    this.#wake();
  }

  /** Ends the queue: the stream closes after the last response. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Releases a packet's buffer once the packet is written. */
  sent(packet: OutgoingChunk): void {
    const answer = this.#handedOut.get(packet)!;
    this.#giveBack(packet);
    if (packet.isLast) {
      this.#reserved -= answer.bufferSize;
      this.#readAhead();
    }
    if (this.#isIdle) this.#borrow(false);
  }

  /** Releases all buffers; no packet may be in use any more. */
  async close(): Promise<void> {
    this.#asked.length = 0;
    this.#current?.close();
    for (const { answer, first } of this.#prepared.splice(0)) {
      const packet = await first.catch(() => null);
      if (packet) this.#handedOut.set(packet, answer);
      answer.close();
    }
    for (const packet of this.#handedOut.keys()) this.#giveBack(packet);
    this.#borrow(false);
  }

  get #isIdle(): boolean {
    return !this.#current &&
      this.#prepared.length + this.#asked.length + this.#handedOut.size === 0;
  }

  #giveBack(packet: OutgoingChunk): void {
    this.#handedOut.delete(packet);
    if (packet.buffer) this.#resources.pool.release(packet.buffer);
  }

  /** Returns the next packet of the present response, or the first one of the next response. */
  async #nextPacket(): Promise<OutgoingChunk> {
    const prepared = this.#current ? undefined : this.#prepared.shift()!;
    const answer = this.#current ?? prepared!.answer;
    this.#current = answer;
    const packet = await (prepared?.first ?? answer.read());
    this.#handedOut.set(packet, answer);
    if (packet.isLast) this.#current = undefined;
    return packet;
  }

  #readFor(request: GetRequest | WireError): ReadRequest | WireError {
    try {
      if (request instanceof WireError) throw request;
      const file = this.#resources.catalog.find(request.path, request.version);
      return { file, offset: request.offset, length: lengthOf(request, file) };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#resources.onRefused(error, request instanceof WireError ? null : request.path);
      return error;
    }
  }

  #readAhead(): void {
    if (this.#asked.length > 0) this.#borrow(true);
    const share = this.#resources.pool.share;
    while (this.#asked.length > 0 && this.#prepared.length < READ_AHEAD_REQUESTS) {
      const { read } = this.#asked[0]!;
      const bufferSize = read instanceof WireError
        ? 0
        : Math.min(bufferSizeFor(read.length), share);
      if (this.#reserved > 0 && this.#reserved + bufferSize > share) return;
      this.#reserved += bufferSize;
      const asked = this.#asked.shift()!;
      const answer = new GetResponse(asked, bufferSize, this.wantsDigests, this.#resources);
      const first = answer.read();
      // A failure is reported when the packet is awaited.
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

/** The length of the response to a request, in bytes. */
function lengthOf({ offset, length }: GetRequest, { size }: SharedFile): number {
  if (length > MAX_CHUNK) {
    throw new WireError("bad-request", `A chunk is at most ${MAX_CHUNK} bytes`);
  }
  if (offset >= size) {
    throw new WireError("bad-request", `The offset is not below the file's ${size} bytes`);
  }
  return Math.min(length, size - offset);
}
