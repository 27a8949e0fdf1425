/**
 * A connection to a server after the handshake: its list, and the answers to requests.
 *
 * The remote room is the client's side of the wire. Its parts: `server_address.ts` (parsing),
 * `dial.ts` (connecting to any address of a host), `handshake.ts` (connect, welcome, first list),
 * `server_list.ts` (the list, page by page), this file (requests and answers), `stall_detector.ts` (a
 * server that no longer answers), `backoff.ts` and `fatal_error.ts` (when to connect again, and when
 * not). The driver, the client and the command line import it; it imports only `exit_code.ts` and
 * the rooms that both sides share.
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
  type ListedFile,
  parseDigestResult,
  parseErrorPayload,
  parseListPage,
  type Welcome,
} from "../../protocol/payloads.ts";
import { type Handshake, parsePayload, performHandshake, unexpectedMessage } from "./handshake.ts";
import type { ServerAddress } from "./server_address.ts";
import type { ServerList } from "./server_list.ts";
import { StallDetector } from "./stall_detector.ts";

/** How long sending GOODBYE may take, in milliseconds. */
const GOODBYE_SEND_MS = 500;

/** How long a server that sent GOODBYE may take for its open requests, in milliseconds. */
const DRAIN_MS = 10_000;

/** A request as the wire needs it; callers' requests have more, and come back with the answers. */
export type WireRequest =
  & { readonly path: string; readonly version: string }
  & (
    | {
      readonly type: "digest";
      /** The part of the file that it is about. @default {the whole file} */
      readonly part?: { readonly offset: number; readonly length: number } | null;
      /** Whether the server hashes the file again. @default {false} */
      readonly fresh?: boolean;
    }
    | {
      readonly type: "get";
      readonly offset: number;
      readonly length: number;
      /** Whether the digest of the whole file is asked for, too. */
      readonly digest: boolean;
    }
  );

type GetOf<R extends WireRequest> = Extract<R, { type: "get" }>;

/** Something that came from the server. */
export type Answer<R extends WireRequest> =
  /** The bytes and their checked CRC-32; valid until the handling of the batch ends. */
  | {
    readonly type: "chunk";
    readonly request: GetOf<R>;
    readonly bytes: Uint8Array;
    readonly checksum: number;
  }
  /** 64 hex digits; the chunk of a GET follows. */
  | { readonly type: "digest"; readonly request: R; readonly digest: string }
  | { readonly type: "refused"; readonly request: R; readonly error: WireError }
  /** The list has changed: how many files are new or different, how many have vanished. */
  | { readonly type: "list"; readonly changed: number; readonly removed: number }
  /** The server takes no more requests. */
  | { readonly type: "closing" };

/** One connection to a server, after its handshake. */
export class ServerConnection<R extends WireRequest = WireRequest> implements Disposable {
  /** The server's WELCOME. */
  readonly welcome: Welcome;
  readonly #connection: Connection;
  readonly #messages: ReadableStream<Message[]>;
  readonly #openRequests = new Map<number, R>();
  /** GETs whose digest has come before their chunk. */
  readonly #digested = new Set<number>();
  readonly #list: ServerList;
  readonly #stallDetector: StallDetector;
  #openGets = 0;
  #lastId = 0;
  #isClosing = false;
  /** Whether the server is about to end: it closes once this side has closed. */
  #goodbyeReceived = false;
  #drainTimer: ReturnType<typeof setTimeout> | undefined;
  /** The numbers of changed and removed files in the pages of a change so far. */
  #changed = 0;
  #removed = 0;

  private constructor({ connection, welcome, list }: Handshake, timeouts: Timeouts) {
    this.#connection = connection;
    this.#messages = connection.readable;
    this.welcome = welcome;
    this.#list = list;
    const isWaiting = () => this.#openGets > 0;
    this.#stallDetector = new StallDetector(connection, isWaiting, timeouts.writeStallMs);
  }

  /**
   * Connects, and reads the welcome and the whole list.
   *
   * @param address The server's address.
   * @param signal Aborts the attempt.
   * @throws {WireError} `unauthorized` if the server requires a token, `busy` and others if it
   * refuses.
   * @throws {NoSuchHostError} If there is no such host.
   * @throws {ProtocolError | ConnectionLostError | Deno.errors.ConnectionRefused | Error} If there
   * is no server, or none that speaks the protocol.
   */
  static async connect<R extends WireRequest = WireRequest>(
    address: ServerAddress,
    signal: AbortSignal,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
  ): Promise<ServerConnection<R>> {
    return new ServerConnection(await performHandshake(address, signal, timeouts), timeouts);
  }

  /** The server's files by path, kept up to date. */
  get files(): ReadonlyMap<string, ListedFile> {
    return this.#list.files;
  }

  /** Sends requests in one write; at most `maxRequests` may be open. */
  send(requests: readonly R[]): void {
    if (this.#isClosing || requests.length === 0) return;
    const messages = requests.map((request) => this.#messageOf(request));
    const bytes = this.#connection.encodeAll(messages);
    // A failed write ends the reading side too, which is where it is reported.
    this.#connection.sendBytes(bytes).catch((error) => this.#connection.fail(error));
  }

  /**
   * Receives until the connection ends.
   *
   * @param handle Takes what came together; its promise holds up the reading.
   * @throws {Error} If it ended otherwise than by a goodbye.
   */
  async run(handle: (answers: Answer<R>[]) => void | Promise<void>): Promise<void> {
    let end: Error = new ConnectionLostError("The server ended the connection");
    try {
      await this.#messages.pipeTo(
        new WritableStream({
          write: (messages) => {
            const answers: Answer<R>[] = [];
            for (const message of messages) this.#receive(message, answers);
            return handle(answers);
          },
        }),
      );
      if (!this.#isClosing) throw end;
    } catch (error) {
      end = this.#connection.failure ?? error as Error;
      if (end instanceof ProtocolError) {
        await this.#connection.refuse(new WireError("protocol", end.message));
      }
      throw end;
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** Takes the buffer of a chunk that was transferred, for a later one. */
  recycle(buffer: ArrayBuffer): void {
    this.#connection.recycle(buffer);
  }

  /** Sends GOODBYE and closes the connection. */
  async leave(reason: string): Promise<void> {
    this.#isClosing = true;
    // A server that reads nothing any more does not keep the user waiting.
    const timer = setTimeout(() => this.#connection.close(), GOODBYE_SEND_MS);
    await this.#connection.sayGoodbye(reason);
    await this.#connection.closeWrite();
    clearTimeout(timer);
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.#isClosing = true;
    this.#connection.close();
    this.#stallDetector[Symbol.dispose]();
    clearTimeout(this.#drainTimer);
  }

  /** All open requests are answered: the server, which waits for that, may end. */
  async #answerGoodbye(): Promise<void> {
    await this.#connection.sayGoodbye("the server is about to end");
    await this.#connection.closeWrite();
  }

  #messageOf(request: R): Outgoing {
    do this.#lastId = this.#lastId % 0xffff_ffff + 1; while (this.#openRequests.has(this.#lastId));
    const requestId = this.#lastId;
    this.#openRequests.set(requestId, request);
    const { path, version } = request;
    if (request.type === "digest") {
      const { part, fresh } = request;
      const options = { ...part, ...(fresh ? { fresh } : {}) };
      const payload = encodePayload({ path, version, algorithm: "sha256", ...options });
      return { type: MessageType.DIGEST, requestId, payload };
    }
    this.#openGets++;
    const { offset, length, digest } = request;
    const payload = encodePayload(
      digest ? { path, version, offset, length, digest } : { path, version, offset, length },
    );
    return { type: MessageType.GET, requestId, payload };
  }

  #receive({ header, payload, checksum }: Message, answers: Answer<R>[]): void {
    const { type, requestId, offset, more } = header;
    switch (type) {
      case MessageType.CHUNK: {
        const request = this.#close(requestId);
        if (request.type !== "get") throw unasked();
        if (offset !== request.offset || payload.length !== request.length) {
          throw new ProtocolError("The server sent a chunk that was not requested");
        }
        answers.push({ type: "chunk", request: request as GetOf<R>, bytes: payload, checksum });
        return;
      }
      case MessageType.DIGEST_RESULT: {
        const { digest } = parsePayload(parseDigestResult, payload);
        const request = more ? this.#inlineDigest(requestId) : this.#close(requestId);
        if (!more && request.type !== "digest") throw unasked();
        answers.push({ type: "digest", request, digest });
        return;
      }
      case MessageType.ERROR: {
        const { code, message } = parsePayload(parseErrorPayload, payload);
        const request = this.#close(requestId);
        answers.push({ type: "refused", request, error: new WireError(code, message) });
        return;
      }
      case MessageType.LIST: {
        this.#stallDetector.discount(HEADER_SIZE + payload.length + FOOTER_SIZE);
        const page = parsePayload(parseListPage, payload);
        this.#list.change(page);
        this.#changed += page.files.length;
        this.#removed += page.removed.length;
        if (more) return;
        answers.push({ type: "list", changed: this.#changed, removed: this.#removed });
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
        answers.push({ type: "closing" });
        if (this.#openRequests.size === 0) this.#answerGoodbye();
        return;
      default:
        throw unexpectedMessage(type);
    }
  }

  /** The open GET whose digest has come before its chunk. */
  #inlineDigest(requestId: number): R {
    const request = this.#openRequests.get(requestId);
    const isAsked = request?.type === "get" && request.digest && !this.#digested.has(requestId);
    if (!isAsked) throw unasked();
    this.#digested.add(requestId);
    return request;
  }

  #close(requestId: number): R {
    const request = this.#openRequests.get(requestId);
    if (!request) throw unasked();
    this.#openRequests.delete(requestId);
    if (request.type === "get") {
      this.#openGets--;
      this.#digested.delete(requestId);
      this.#stallDetector.answered();
    }
    if (this.#goodbyeReceived && this.#openRequests.size === 0) this.#answerGoodbye();
    return request;
  }
}

function unasked(): ProtocolError {
  return new ProtocolError("The server answered a request that is not open");
}
