/**
 * A connection that carries messages both ways, with framing, PINGs, timeouts and its failure.
 *
 * This room is the wire protocol, the same for both sides. Its files, each importing only those
 * before it: `ip_address.ts`, `message.ts` (header and footer, with the layout), `payloads.ts` (the
 * JSON payloads), `list_pages.ts` (a long list as messages), `byte_reader.ts` and
 * `message_reader.ts` (bytes to messages), `timeouts.ts`, `socket.ts` (a `Deno.Conn`),
 * `connection.ts` (this, which joins them), `handshake_deadline.ts`. The room imports `async` and
 * the ground; client, server, display, fs and cli may import it.
 *
 * @module
 */
import { ConnectionLostError, messageOf, ProtocolError, WireError } from "../errors.ts";
import { settledWithin } from "../async/timeout.ts";
import { ipBytes } from "./ip_address.ts";
import {
  encodeMessage,
  encodeMessages,
  type Endpoint,
  FOOTER_SIZE,
  frameOf,
  type Header,
  HEADER_SIZE,
  MessageFramer,
  MessageType,
  type Side,
} from "./message.ts";
import { type Message, MessageReader } from "./message_reader.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./timeouts.ts";
import { Socket } from "./socket.ts";
import { encodePayload, parseErrorPayload, parseGoodbye } from "./payloads.ts";

/** A message to send. */
export interface Outgoing {
  readonly type: MessageType;
  /** @default {0} */
  readonly requestId?: number;
  /** @default {false} */
  readonly more?: boolean;
  /** @default empty */
  readonly payload?: Uint8Array;
}

/** The exclusive right to write to a connection; must be released. */
export interface WriteLock {
  /**
   * Writes bytes. Resolves when the next ones may be written.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Lets the next caller write. */
  release(): void;
}

/** How many PONGs may be pending; beyond that, reading waits, as the peer does not read them. */
const MAX_PENDING_PONGS = 16;
/** Payloads of at least this size, in bytes, are sent without a copy. */
const LARGE_PAYLOAD = 64 * 1024;
/** How long sending a final ERROR or GOODBYE may take, in milliseconds. */
const BEST_EFFORT_MS = 1_000;

/** One side's end of a connection. Owns its `Deno.Conn`. */
export class Connection implements Disposable {
  readonly #socket: Socket;
  readonly #timeouts: Timeouts;
  readonly #reader: MessageReader;
  readonly #endpoints: { readonly server: Endpoint; readonly client: Endpoint };
  readonly #watchdog: ReturnType<typeof setInterval>;
  #failure: Error | undefined;
  /** Resolves when all present holders of, and waiters for, the write lock are done. */
  #writers: Promise<void> = Promise.resolve();
  readonly #keepaliveBytes = { received: 0, sent: 0 };
  #pendingPongs = 0;
  #pinged = false;

  /**
   * @param conn Is closed with the connection.
   * @param side The side that this end is.
   * @param timeouts How long the connection waits for the peer.
   */
  constructor(conn: Deno.Conn, side: Side, timeouts: Timeouts = DEFAULT_TIMEOUTS) {
    this.#socket = new Socket(conn);
    this.#timeouts = timeouts;
    const local = endpointOf(conn.localAddr);
    const remote = endpointOf(conn.remoteAddr);
    this.#endpoints = side === "server"
      ? { server: local, client: remote }
      : { server: remote, client: local };
    this.#reader = new MessageReader(
      this.#socket.readable,
      side === "server" ? "client" : "server",
    );
    this.#watchdog = setInterval(() => this.#checkTimeouts(), timeouts.pingAfterMs / 10);
  }

  /** The largest CHUNK payload to accept, in bytes; the client sets the limit of the WELCOME. */
  get maxChunk(): number {
    return this.#reader.maxChunk;
  }

  set maxChunk(bytes: number) {
    this.#reader.maxChunk = bytes;
  }

  /** The error that ended the connection, if there was one. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Bytes received and sent so far, framing included. */
  get traffic(): { readonly received: number; readonly sent: number } {
    return this.#socket.traffic;
  }

  /** The same as `traffic`, without PINGs and PONGs. */
  get progress(): { readonly received: number; readonly sent: number } {
    const { received, sent } = this.#socket.traffic;
    return {
      received: received - this.#keepaliveBytes.received,
      sent: sent - this.#keepaliveBytes.sent,
    };
  }

  /** Addresses and ports of both ends, as seen from this end. */
  get endpoints(): { readonly server: Endpoint; readonly client: Endpoint } {
    return this.#endpoints;
  }

  /**
   * The received messages except PING and PONG, which are handled here; messages that arrived
   * together come together. The stream closes at a clean end, between messages. Nothing else is read
   * ahead, so payloads are valid until the next batch is pulled. It errors with
   * - a `WireError` if the peer ended the connection with an ERROR,
   * - a `ProtocolError` if the peer broke the protocol (an ERROR has been sent),
   * - a `ConnectionLostError` if the connection broke or was silent for too long.
   */
  readonly readable: ReadableStream<Message[]> = new ReadableStream({
    pull: async (controller) => {
      const messages: Message[] = [];
      let message = await this.#receive();
      if (!message) return controller.close();
      for (; message; message = this.#reader.readBuffered(isForCaller)) messages.push(message);
      controller.enqueue(messages);
    },
  }, { highWaterMark: 0 });

  /**
   * Sends one message; messages never interleave. Resolves once the system has accepted its bytes.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  async send(message: Outgoing): Promise<void> {
    const { payload } = message;
    if (!payload || payload.length < LARGE_PAYLOAD) {
      return await this.sendBytes(this.encode(message));
    }
    const [head, foot] = frameOf(this.#headerOf(message), payload);
    await this.#sendParts(head, payload, foot);
  }

  /** Encodes a message of this connection, for callers that send several at once. */
  encode(message: Outgoing): Uint8Array {
    return encodeMessage(this.#headerOf(message), message.payload ?? new Uint8Array());
  }

  /** Messages of this connection as bytes, to be sent in one write. */
  encodeAll(messages: readonly Outgoing[]): Uint8Array {
    return encodeMessages(messages.map((message) => ({
      header: this.#headerOf(message),
      payload: message.payload ?? new Uint8Array(),
    })));
  }

  #headerOf({ type, requestId = 0, more = false }: Outgoing): Omit<Header, "length"> {
    return { type, requestId, more, offset: 0, ...this.#endpoints };
  }

  /**
   * Returns a framer that makes file bytes a CHUNK, in place.
   *
   * @param offset The position in the file of the chunk's first byte.
   * @param length The chunk's length in bytes.
   */
  chunkFramer(requestId: number, offset: number, length: number): MessageFramer {
    const type = MessageType.CHUNK;
    return new MessageFramer({ type, requestId, more: false, length, offset, ...this.#endpoints });
  }

  /**
   * Sends whole encoded messages.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return this.#sendParts(bytes);
  }

  async #sendParts(...parts: readonly Uint8Array[]): Promise<void> {
    const lock = await this.acquireWriter();
    try {
      for (const part of parts) await lock.write(part);
    } finally {
      lock.release();
    }
    await this.#orFailure(this.#socket.flush());
  }

  /** Acquires the write lock, for a message that is sent in pieces. Callers wait in FIFO order. */
  async acquireWriter(): Promise<WriteLock> {
    const before = this.#writers;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writers = promise;
    await before;
    return { write: (bytes) => this.#write(bytes), release: resolve };
  }

  /**
   * Sends an ERROR about the connection if that is still possible, then closes it.
   *
   * @param failure The error of pending reads and writes.
   * @default {error}
   */
  async refuse(error: WireError, failure: Error = error): Promise<void> {
    const payload = encodePayload({ code: error.code, message: error.message });
    await this.#sendBestEffort({ type: MessageType.ERROR, payload });
    this.fail(failure);
  }

  /** Sends a GOODBYE; a server may still send responses to earlier requests. */
  sayGoodbye(reason: string): Promise<void> {
    return this.#sendBestEffort({ type: MessageType.GOODBYE, payload: encodePayload({ reason }) });
  }

  /** Closes the writing half once everything is written; the peer's messages can still be read. */
  async closeWrite(): Promise<void> {
    await this.#writers;
    await this.#socket.closeWrite();
  }

  /** Closes the connection at once; pending reads and writes fail with `error`. */
  fail(error: Error): void {
    if (!this.#socket.isClosed) this.#failure = error;
    this.close();
  }

  /** Closes the connection at once. */
  close(): void {
    clearInterval(this.#watchdog);
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns the next message other than PING and PONG, or null at a clean end. */
  async #receive(): Promise<Message | null> {
    try {
      for (;;) {
        const message = await this.#reader.read();
        const type = message?.header.type;
        if (type !== MessageType.PING && type !== MessageType.PONG) {
          if (message) this.#checkClosing(message);
          return message;
        }
        this.#keepaliveBytes.received += HEADER_SIZE + FOOTER_SIZE + message!.payload.length;
        if (type === MessageType.PING) await this.#pong(message!.header.requestId);
      }
    } catch (error) {
      throw await this.#failWith(error);
    }
  }

  /** Throws if the message is an ERROR about the connection, or a malformed GOODBYE. */
  #checkClosing({ header, payload }: Message): void {
    if (header.requestId !== 0) return;
    try {
      if (header.type === MessageType.ERROR) {
        const { code, message } = parseErrorPayload(payload);
        throw new WireError(code, message);
      }
      if (header.type === MessageType.GOODBYE) parseGoodbye(payload);
    } catch (error) {
      if (error instanceof WireError) throw error;
      throw new ProtocolError(`Cannot read a message: ${messageOf(error)}`, { cause: error });
    }
  }

  async #failWith(thrown: unknown): Promise<Error> {
    const isCut = thrown instanceof ConnectionLostError && this.#failure === undefined;
    if (thrown instanceof ProtocolError || isCut) {
      await this.refuse(new WireError("protocol", thrown.message), thrown);
    }
    const error = this.#failure ??
      (thrown instanceof WireError || thrown instanceof ProtocolError ||
          thrown instanceof ConnectionLostError
        ? thrown
        : new ConnectionLostError(`The connection broke: ${messageOf(thrown)}`, { cause: thrown }));
    this.fail(error);
    return error;
  }

  async #pong(requestId: number): Promise<void> {
    this.#pendingPongs++;
    const sent = this.#sendKeepalive(MessageType.PONG, requestId)
      .finally(() => this.#pendingPongs--);
    // Do not wait: two sides that both write and do not read would block each other.
    if (this.#pendingPongs > MAX_PENDING_PONGS) await sent;
    else sent.catch(() => {});
  }

  #sendKeepalive(type: typeof MessageType.PING | typeof MessageType.PONG, requestId: number) {
    this.#keepaliveBytes.sent += HEADER_SIZE + FOOTER_SIZE;
    return this.send({ type, requestId });
  }

  async #sendBestEffort(message: Outgoing): Promise<void> {
    await settledWithin(this.send(message), BEST_EFFORT_MS);
  }

  #write(bytes: Uint8Array): Promise<void> {
    return this.#orFailure(this.#socket.write(bytes));
  }

  async #orFailure(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      throw this.#failure ??
        (this.#socket.isClosed
          ? new ConnectionLostError("The connection is closed")
          : new ConnectionLostError(`The connection broke: ${messageOf(error)}`, { cause: error }));
    }
  }

  #checkTimeouts(): void {
    const { pingAfterMs, deadAfterMs, writeStallMs } = this.#timeouts;
    const { silenceMs, stallMs } = this.#socket;
    if (silenceMs < pingAfterMs) this.#pinged = false;
    if (silenceMs >= deadAfterMs) {
      clearInterval(this.#watchdog);
      const message = `Nothing was received for ${deadAfterMs / 1000} s`;
      this.refuse(new WireError("timeout", message), new ConnectionLostError(message));
    } else if (stallMs >= writeStallMs) {
      this.fail(new ConnectionLostError(`The peer read nothing for ${writeStallMs / 1000} s`));
    } else if (silenceMs >= pingAfterMs && !this.#pinged) {
      this.#pinged = true;
      this.#sendKeepalive(MessageType.PING, 0).catch(() => {});
    }
  }
}

function endpointOf(address: Deno.Addr): Endpoint {
  return "hostname" in address
    ? { ip: ipBytes(address.hostname), port: address.port }
    : { ip: ipBytes(""), port: 0 };
}

/** Whether a message passes through the connection unhandled. */
function isForCaller({ type, requestId }: Header): boolean {
  return type !== MessageType.PING && type !== MessageType.PONG && requestId !== 0;
}
