/**
 * A server that this client is logged in to: its list, and answers to what it is asked.
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
import { type Handshake, shakeHands, understood, unexpected } from "./handshake.ts";
import type { ServerAddress } from "./server_address.ts";
import type { ServerList } from "./server_list.ts";

/** How long a goodbye may take, in milliseconds. */
const LEAVE_MS = 500;

/** How long a server that said goodbye may take to answer what it was asked, in milliseconds. */
const GOODBYE_MS = 10_000;

/** A request for a chunk, and who hears of its answer. */
export interface ChunkRequest extends GetRequest {
  /** The chunk's bytes, valid during the call. */
  readonly arrived: (bytes: Uint8Array) => void;
  /** The server's refusal (a `WireError`), or the end of the connection. */
  readonly failed: (error: Error) => void;
}

/** What the server tells unasked. */
export interface ServerListener {
  /** The list has changed: so many files are new or different, so many have vanished. */
  listChanged(changed: number, removed: number): void;
  /** An answer came: there may be room for more requests. */
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
  /** What the server said of itself. */
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #messages: ReadableStream<Message>;
  readonly #open = new Map<number, OpenRequest>();
  readonly #list: ServerList;
  readonly #watch: StallDetector;
  /** Requests that are about to be sent, together. */
  #outgoing: Uint8Array[] = [];
  #lastId = 0;
  #leaving = false;
  /** Whether the server is about to end: it goes once this side has gone. */
  #saidGoodbye = false;
  #goneBy: ReturnType<typeof setTimeout> | undefined;
  /** What the pages of a change have said so far. */
  #changed = 0;
  #removed = 0;

  private constructor({ connection, welcome, list }: Handshake, timeouts: Timeouts) {
    this.#connection = connection;
    this.#messages = connection.readable;
    this.welcome = welcome;
    this.#list = list;
    const isWaiting = () => this.#open.values().some(({ type }) => type === MessageType.GET);
    this.#watch = new StallDetector(connection, isWaiting, timeouts.writeStallMs);
  }

  /**
   * Connects, and reads the welcome and the whole list.
   *
   * @param address Where the server is.
   * @param signal Ends the attempt.
   * @throws {WireError} `unauthorized` if the server asks for a proof, `busy` and others if it
   * refuses.
   * @throws {ProtocolError | ConnectionLostError | Deno.errors.ConnectionRefused | Error} If there
   * is no server, or none that speaks the protocol.
   */
  static async connect(
    address: ServerAddress,
    signal: AbortSignal,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
  ): Promise<ServerConnection> {
    return new ServerConnection(await shakeHands(address, signal, timeouts), timeouts);
  }

  /** The server's files by path, kept up to date. */
  get files(): ReadonlyMap<string, ListedFile> {
    return this.#list.files;
  }

  /** How many more requests the server takes now. */
  get room(): number {
    return this.#leaving ? 0 : this.welcome.maxRequests - this.#open.size;
  }

  /** Asks for chunks, at most `room` of them; their answers come in the same order. */
  get(requests: readonly ChunkRequest[]): void {
    for (const request of requests) {
      const requestId = this.#openRequest({ type: MessageType.GET, request });
      const { path, version, offset, length } = request;
      const payload = encodePayload({ path, version, offset, length });
      this.#send({ type: MessageType.GET, requestId, payload });
    }
  }

  /** Asks for a file's SHA-256, if there is `room`; 64 hex digits. */
  digest(path: string, version: string): Promise<string> {
    const { promise, resolve, reject: failed } = Promise.withResolvers<string>();
    const requestId = this.#openRequest({ type: MessageType.DIGEST, resolve, failed });
    const payload = encodePayload({ path, version, algorithm: "sha256" });
    this.#send({ type: MessageType.DIGEST, requestId, payload });
    return promise;
  }

  /**
   * Receives until the connection ends; every open request has failed by then.
   *
   * @throws {Error} If it ended otherwise than by a goodbye.
   */
  async run(listener: ServerListener): Promise<void> {
    let end: Error = new ConnectionLostError("The server ended the connection");
    try {
      await this.#messages.pipeTo(
        new WritableStream({ write: (message) => this.#receive(message, listener) }),
      );
      if (!this.#leaving) throw end;
    } catch (error) {
      end = this.#connection.failure ?? error as Error;
      if (end instanceof ProtocolError) {
        await this.#connection.refuse(new WireError("protocol", end.message));
      }
      throw end;
    } finally {
      this.#connection.close();
      this.#watch[Symbol.dispose]();
      clearTimeout(this.#goneBy);
      // Who hears of the end must not ask the same connection again.
      this.#leaving = true;
      const lost = new ConnectionLostError(end.message, { cause: end });
      for (const open of this.#open.values()) failedOf(open)(lost);
      this.#open.clear();
    }
  }

  /** Says goodbye and ends the connection. */
  async leave(reason: string): Promise<void> {
    this.#leaving = true;
    // A server that reads nothing any more does not keep the user waiting.
    const timer = setTimeout(() => this.#connection.close(), LEAVE_MS);
    this.#flush();
    await this.#connection.sayGoodbye(reason);
    await this.#connection.closeWrite();
    clearTimeout(timer);
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.#connection.close();
    this.#watch[Symbol.dispose]();
  }

  /** All that was asked for is here: the server, which waits for that, may end. */
  async #answerGoodbye(): Promise<void> {
    await this.#connection.sayGoodbye("the server is about to end");
    await this.#connection.closeWrite();
  }

  /** Sends a request soon: what is asked for in one go is sent in one go. */
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
    do this.#lastId = this.#lastId % 0xffff_ffff + 1; while (this.#open.has(this.#lastId));
    this.#open.set(this.#lastId, open);
    return this.#lastId;
  }

  #receive({ header, payload }: Message, listener: ServerListener): void {
    const { type, requestId, offset, more } = header;
    switch (type) {
      case MessageType.CHUNK: {
        const { request } = this.#close(requestId, MessageType.GET);
        if (offset !== request.offset || payload.length !== request.length) {
          const error = new ProtocolError("The server sent another chunk than it was asked for");
          // It is not among the open ones any more, which hear of the end of the connection.
          request.failed(new ConnectionLostError(error.message, { cause: error }));
          throw error;
        }
        request.arrived(payload);
        listener.answered();
        return;
      }
      case MessageType.DIGEST_RESULT: {
        const { digest } = understood(parseDigestResult, payload);
        this.#close(requestId, MessageType.DIGEST).resolve(digest);
        listener.answered();
        return;
      }
      case MessageType.ERROR: {
        const { code, message } = understood(parseErrorPayload, payload);
        failedOf(this.#close(requestId))(new WireError(code, message));
        listener.answered();
        return;
      }
      case MessageType.LIST: {
        this.#watch.discount(HEADER_SIZE + payload.length + FOOTER_SIZE);
        const page = understood(parseListPage, payload);
        this.#list.change(page);
        this.#changed += page.files.length;
        this.#removed += page.removed.length;
        if (more) return;
        listener.listChanged(this.#changed, this.#removed);
        this.#changed = this.#removed = 0;
        return;
      }
      case MessageType.GOODBYE:
        this.#leaving = true;
        this.#saidGoodbye = true;
        this.#goneBy ??= setTimeout(
          () => this.#connection.fail(new ConnectionLostError("The server has said goodbye")),
          GOODBYE_MS,
        );
        if (this.#open.size === 0) this.#answerGoodbye();
        return;
      default:
        throw unexpected(type);
    }
  }

  #close(requestId: number): OpenRequest;
  #close<T extends OpenRequest["type"]>(requestId: number, type: T): OpenRequest & { type: T };
  #close(requestId: number, type?: OpenRequest["type"]): OpenRequest {
    const open = this.#open.get(requestId);
    if (!open || (type !== undefined && open.type !== type)) {
      throw new ProtocolError("The server answered what it was not asked");
    }
    this.#open.delete(requestId);
    if (open.type === MessageType.GET) this.#watch.answered();
    if (this.#saidGoodbye && this.#open.size === 0) this.#answerGoodbye();
    return open;
  }
}

function failedOf(open: OpenRequest): (error: Error) => void {
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
