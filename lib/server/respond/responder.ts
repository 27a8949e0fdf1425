/**
 * Requests in, responses out: the pair of streams between the two halves of a client's connection.
 *
 * The parts of this room, each importing only those before it: `active_files.ts` (the files that a
 * client downloads), `open_requests.ts` (requests without a response), `queued_get.ts` (a GET in
 * line), `response_packet.ts` (bytes on their way), `get_responses.ts` and `digest_responses.ts` (the
 * responses), `responder.ts` (this). It imports `folder`, `read`, `shared_file.ts` and the rooms that
 * both sides share; `session.ts` imports it.
 *
 * @module
 */
import { messageOf, ProtocolError, WireError } from "../../errors.ts";
import { MessageType } from "../../protocol/message.ts";
import type { Message } from "../../protocol/message_reader.ts";
import { parseDigestRequest, parseGetRequest } from "../../protocol/payloads.ts";
import { type DigestResources, DigestResponses } from "./digest_responses.ts";
import { GetResponses, type ResponseResources } from "./get_responses.ts";
import type { OpenRequests } from "./open_requests.ts";
import { type QueuedGet, requestedPiece } from "./queued_get.ts";
import type { ResponsePacket } from "./response_packet.ts";

/** The resources of a responder. */
export type ResponderResources = ResponseResources & DigestResources & {
  /** The requests without a response; bounds their number. */
  readonly open: OpenRequests;
  /** Called when requests, or a GOODBYE, have arrived. */
  readonly asked: () => void;
};

/** Responds to one client's requests. */
export class Responder {
  readonly #resources: ResponderResources;
  readonly #gets: GetResponses;
  readonly #digests: DigestResponses;
  #input: WritableStreamDefaultController | undefined;
  #output: ReadableStreamDefaultController<ResponsePacket> | undefined;
  /** Whether the client has said goodbye. */
  saidGoodbye = false;
  #hasEnded = false;

  constructor(resources: ResponderResources) {
    this.#resources = resources;
    const sent = (packet: ResponsePacket) => {
      for (const id of packet.requestIds) resources.open.leave(id);
      resources.sent(packet);
    };
    this.#gets = new GetResponses({ ...resources, sent });
    this.#digests = new DigestResponses(resources);
  }

  /** Takes requests, in the batches in which they arrived, while there is room for more. */
  readonly writable: WritableStream<Message[]> = new WritableStream({
    start: (controller) => {
      this.#input = controller;
    },
    write: async (messages) => {
      try {
        await this.#take(messages);
      } catch (error) {
        this.#output?.error(error);
        throw error;
      }
    },
    close: () => this.#end(),
    abort: (reason) => this.#output?.error(reason),
  });

  /**
   * The responses to GETs, in their order; it closes after the last. `GetResponses` reads ahead, so
   * the stream itself buffers nothing.
   */
  readonly readable: ReadableStream<ResponsePacket> = new ReadableStream({
    start: (controller) => {
      this.#output = controller;
    },
    pull: async (controller) => {
      const packet = await this.#gets.next();
      if (packet) controller.enqueue(packet);
      else controller.close();
    },
    cancel: (reason) => this.#input?.error(reason),
  }, { highWaterMark: 0 });

  /** Stops responding, and releases all memory; no packet may be in use. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    this.#resources.open.clear();
    this.#digests[Symbol.dispose]();
    await this.#gets.close();
  }

  #end(): void {
    this.#hasEnded = true;
    this.#gets.end();
  }

  async #take(messages: readonly Message[]): Promise<void> {
    this.#resources.asked();
    const gets: QueuedGet[] = [];
    for (const { header: { type, requestId }, payload } of messages) {
      if (this.#hasEnded) break;
      switch (type) {
        case MessageType.GET:
          if (!this.#hasRoomFor(requestId)) await this.#makeRoom(gets.splice(0), requestId);
          gets.push(this.#queuedGet(requestId, payload));
          break;
        case MessageType.DIGEST:
          if (!this.#hasRoomFor(requestId)) await this.#makeRoom(gets.splice(0), requestId);
          this.#answerDigest(requestId, payload);
          break;
        case MessageType.GOODBYE:
          this.#gets.ask(gets.splice(0));
          this.saidGoodbye = true;
          this.#end();
          break;
        case MessageType.ERROR:
          break;
        default:
          throw await this.#refuse(`A message of type ${type} is not expected now`);
      }
    }
    this.#gets.ask(gets);
  }

  /** Whether a request can be opened at once. */
  #hasRoomFor(requestId: number): boolean {
    const { open } = this.#resources;
    return requestId !== 0 && !open.has(requestId) && open.hasRoom;
  }

  /**
   * Waits until a request can be opened; the client waits with it, since nothing more is read.
   *
   * @param gets The requests before it, which are passed on first.
   * @throws {ProtocolError} If its id is 0 or in use.
   */
  async #makeRoom(gets: QueuedGet[], requestId: number): Promise<void> {
    const { open } = this.#resources;
    this.#gets.ask(gets);
    if (requestId === 0) throw await this.#refuse("A request has the id 0");
    if (open.has(requestId)) {
      throw await this.#refuse(`The request id ${requestId} is in use already`);
    }
    await open.roomMade();
  }

  #queuedGet(requestId: number, payload: Uint8Array): QueuedGet {
    const { open, catalog, refused } = this.#resources;
    const request = parsed(parseGetRequest, payload);
    const path = request instanceof WireError ? null : request.path;
    open.add(requestId, path);
    try {
      if (request instanceof WireError) throw request;
      return requestedPiece(requestId, request, catalog);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      refused(error, path);
      return { requestId, error };
    }
  }

  #answerDigest(requestId: number, payload: Uint8Array): void {
    const { open, connection } = this.#resources;
    const request = parsed(parseDigestRequest, payload);
    this.#gets.wantsDigests = true;
    open.add(requestId, request instanceof WireError ? null : request.path);
    this.#digests.answer(requestId, request)
      .catch((error) => connection.fail(error))
      .finally(() => open.leave(requestId));
  }

  async #refuse(message: string): Promise<ProtocolError> {
    await this.#resources.connection.refuse(new WireError("protocol", message));
    return new ProtocolError(message);
  }
}

/** A parsed payload, or the error with which to respond. */
function parsed<T>(parse: (payload: Uint8Array) => T, payload: Uint8Array): T | WireError {
  try {
    return parse(payload);
  } catch (error) {
    return new WireError("bad-request", `The request is malformed: ${messageOf(error)}`);
  }
}
