/**
 * A connection to a server after the handshake: its list, and the responses to requests.
 *
 * The remote room is the client's side of the wire. Its parts: `server_address.ts` (parsing),
 * `handshake.ts` (connect, welcome, first list), `server_list.ts` (the list, page by page), this file
 * (requests and responses), `stall_detector.ts` (a server that no longer answers), `backoff.ts` and
 * `fatal_error.ts` (when to connect again, and when not). The room `transfer` and the command line
 * import it; it imports only `exit_code.ts` and the rooms that both sides share.
 *
 * @module
 */
import { ConnectionLostError, ProtocolError, WireError } from "../../errors.ts";
import type { Connection, Outgoing } from "../../protocol/connection.ts";
import { FOOTER_SIZE, HEADER_SIZE, MessageType } from "../../protocol/message.ts";
import type { Message } from "../../protocol/message_reader.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "../../protocol/timeouts.ts";
import {
  encodePayload,
  type GetRequest,
  type ListedFile,
  parseDigestResult,
  parseErrorPayload,
  parseListPage,
  type Welcome,
} from "../../protocol/payloads.ts";
import { StallDetector } from "./stall_detector.ts";
import { type Handshake, parsePayload, performHandshake, unexpectedMessage } from "./handshake.ts";
import type { ServerAddress } from "./server_address.ts";
import type { ServerList } from "./server_list.ts";

/** How long sending GOODBYE may take, in milliseconds. */
const GOODBYE_SEND_MS = 500;

/** How long a server that sent GOODBYE may take for its open requests, in milliseconds. */
const DRAIN_MS = 10_000;

/** A request for a chunk, with the handlers of its response. */
export interface ChunkRequest extends GetRequest {
  /** Called with the chunk's bytes, which are valid during the call only. */
  readonly arrived: (bytes: Uint8Array) => void;
  /** Called with the server's refusal (a `WireError`), or the end of the connection. */
  readonly failed: (error: Error) => void;
}

/** Handlers of a connection's events. */
export interface ServerListener {
  /** The list has changed, by the numbers of files that are new or different, and gone. */
  listChanged(changed: number, removed: number): void;
  /** A response was received: there may be room for more requests. */
  answered(): void;
}

type OpenRequest =
  | { readonly type: typeof MessageType.GET; readonly request: ChunkRequest }
  | {
    readonly type: typeof MessageType.DIGEST;
    readonly resolve: (digest: string) => void;
    readonly failed: (error: Error) => void;
  };

/** One connection to a server, after its handshake. */
export class ServerConnection implements Disposable {
  /** The server's WELCOME. */
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #messages: ReadableStream<Message>;
  readonly #openRequests = new Map<number, OpenRequest>();
  readonly #list: ServerList;
  readonly #stallDetector: StallDetector;
  /** Encoded requests that the next flush sends together. */
  #outgoing: Uint8Array[] = [];
  #lastId = 0;
  #isClosing = false;
  /** Whether the server is shutting down: it ends once this side has said goodbye too. */
  #goodbyeReceived = false;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts of the pages of a change so far. */
  #changed = 0;
  #removed = 0;

  private constructor({ connection, welcome, list }: Handshake, timeouts: Timeouts) {
    this.#connection = connection;
    this.#messages = connection.readable;
    this.welcome = welcome;
    this.#list = list;
    const isWaiting = () =>
      this.#openRequests.values().some(({ type }) => type === MessageType.GET);
    this.#stallDetector = new StallDetector(connection, isWaiting, timeouts.writeStallMs);
  }

  /**
   * Connects, and reads the welcome and the whole list.
   *
   * @param address The server's address.
   * @param signal Aborts the attempt.
   * @throws {WireError} `unauthorized` if the server requires a token, `busy` and others if it
   * refuses.
   * @throws {ProtocolError | ConnectionLostError | Deno.errors.ConnectionRefused | Error} If there
   * is no server, or none that speaks the protocol.
   */
  static async connect(
    address: ServerAddress,
    signal: AbortSignal,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
  ): Promise<ServerConnection> {
    return new ServerConnection(await performHandshake(address, signal, timeouts), timeouts);
  }

  /** The server's files by path, kept up to date. */
  get files(): ReadonlyMap<string, ListedFile> {
    return this.#list.files;
  }

  /** The number of further requests that the server accepts now. */
  get room(): number {
    return this.#isClosing ? 0 : this.welcome.maxRequests - this.#openRequests.size;
  }

  /** Requests chunks, at most `room` of them; their responses come in the same order. */
  get(requests: readonly ChunkRequest[]): void {
    for (const request of requests) {
      const requestId = this.#openRequest({ type: MessageType.GET, request });
      const { path, version, offset, length } = request;
      const payload = encodePayload({ path, version, offset, length });
      this.#send({ type: MessageType.GET, requestId, payload });
    }
  }

  /** Requests a file's SHA-256, as 64 hexadecimal digits. Needs `room` for one request. */
  digest(path: string, version: string): Promise<string> {
    const { promise, resolve, reject: failed } = Promise.withResolvers<string>();
    const requestId = this.#openRequest({ type: MessageType.DIGEST, resolve, failed });
    const payload = encodePayload({ path, version, algorithm: "sha256" });
    this.#send({ type: MessageType.DIGEST, requestId, payload });
    return promise;
  }

  /**
   * Receives until the connection ends; by then every open request has failed.
   *
   * @throws {Error} If it ended without a goodbye.
   */
  async run(listener: ServerListener): Promise<void> {
    let end: Error = new ConnectionLostError("The server ended the connection");
    try {
      await this.#messages.pipeTo(
        new WritableStream({ write: (message) => this.#receive(message, listener) }),
      );
      if (!this.#isClosing) throw end;
    } catch (error) {
      end = this.#connection.failure ?? error as Error;
      if (end instanceof ProtocolError) {
        await this.#connection.refuse(new WireError("protocol", end.message));
      }
      throw end;
    } finally {
      this.#connection.close();
      this.#stallDetector[Symbol.dispose]();
      clearTimeout(this.#drainTimer);
      // The failure handlers must not send requests on this connection again.
      this.#isClosing = true;
      const lost = new ConnectionLostError(end.message, { cause: end });
      for (const open of this.#openRequests.values()) failureHandlerOf(open)(lost);
      this.#openRequests.clear();
    }
  }

  /** Sends GOODBYE and closes the connection. */
  async leave(reason: string): Promise<void> {
    this.#isClosing = true;
    // A server that no longer reads must not delay the user.
    const timer = setTimeout(() => this.#connection.close(), GOODBYE_SEND_MS);
    this.#flush();
    await this.#connection.sayGoodbye(reason);
    await this.#connection.closeWrite();
    clearTimeout(timer);
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
    this.#stallDetector[Symbol.dispose]();
  }

  /** Answers the server's GOODBYE once no request is open, so that the server can end. */
  async #answerGoodbye(): Promise<void> {
    await this.#connection.sayGoodbye("the server is about to end");
    await this.#connection.closeWrite();
  }

  /** Queues a request; all requests of one turn of the event loop are sent in one write. */
  #send(message: Outgoing): void {
    if (this.#outgoing.push(this.#connection.encode(message)) === 1) {
      queueMicrotask(() => this.#flush());
    }
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const bytes = concat(this.#outgoing);
    this.#outgoing = [];
    // A failed write ends the reading side too, which is where it is reported.
    this.#connection.sendBytes(bytes).catch((error) => this.#connection.fail(error));
  }

  #openRequest(open: OpenRequest): number {
    do this.#lastId = this.#lastId % 0xffff_ffff + 1; while (this.#openRequests.has(this.#lastId));
    this.#openRequests.set(this.#lastId, open);
    return this.#lastId;
  }

  #receive({ header, payload }: Message, listener: ServerListener): void {
    const { type, requestId, offset, more } = header;
    switch (type) {
      case MessageType.CHUNK: {
        const { request } = this.#close(requestId, MessageType.GET);
        if (offset !== request.offset || payload.length !== request.length) {
          const error = new ProtocolError("The server sent a chunk that was not requested");
          // No longer among the open requests, so it does not fail with the connection.
          request.failed(new ConnectionLostError(error.message, { cause: error }));
          throw error;
        }
        request.arrived(payload);
        listener.answered();
        return;
      }
      case MessageType.DIGEST_RESULT: {
        const { digest } = parsePayload(parseDigestResult, payload);
        this.#close(requestId, MessageType.DIGEST).resolve(digest);
        listener.answered();
        return;
      }
      case MessageType.ERROR: {
        const { code, message } = parsePayload(parseErrorPayload, payload);
        failureHandlerOf(this.#close(requestId))(new WireError(code, message));
        listener.answered();
        return;
      }
      case MessageType.LIST: {
        this.#stallDetector.discount(HEADER_SIZE + payload.length + FOOTER_SIZE);
        const page = parsePayload(parseListPage, payload);
        this.#list.change(page);
        this.#changed += page.files.length;
        this.#removed += page.removed.length;
        if (more) return;
        listener.listChanged(this.#changed, this.#removed);
        this.#changed = this.#removed = 0;
        return;
      }
      case MessageType.GOODBYE:
        this.#isClosing = true;
        this.#goodbyeReceived = true;
        this.#drainTimer ??= setTimeout(
          () => this.#connection.fail(new ConnectionLostError("The server has said goodbye")),
          DRAIN_MS,
        );
        if (this.#openRequests.size === 0) this.#answerGoodbye();
        return;
      default:
        throw unexpectedMessage(type);
    }
  }

  #close(requestId: number): OpenRequest;
  #close<T extends OpenRequest["type"]>(requestId: number, type: T): OpenRequest & { type: T };
  #close(requestId: number, type?: OpenRequest["type"]): OpenRequest {
    const open = this.#openRequests.get(requestId);
    if (!open || (type !== undefined && open.type !== type)) {
      throw new ProtocolError("The server answered a request that is not open");
    }
    this.#openRequests.delete(requestId);
    if (open.type === MessageType.GET) this.#stallDetector.answered();
    if (this.#goodbyeReceived && this.#openRequests.size === 0) this.#answerGoodbye();
    return open;
  }
}

function failureHandlerOf(open: OpenRequest): (error: Error) => void {
  return open.type === MessageType.GET ? open.request.failed : open.failed;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
