/**
 * A connection that carries messages both ways, with framing, PINGs, timeouts and its failure.
 *
 * This room is the wire protocol, the same for both sides. Its files, each importing only those
 * before it: `ip_address.ts`, `message.ts` (header and footer, with the layout), `payloads.ts` (the
 * JSON payloads), `list_pages.ts` (a long list as messages), `byte_reader.ts` and
 * `message_reader.ts` (bytes to messages), `timeouts.ts`, `watchdog.ts` (a peer that is too slow), `socket.ts` (a `Deno.Conn`),
 * `message_writer.ts` (messages to bytes), `connection.ts` (this, which joins them),
 * `handshake_deadline.ts`. The room imports `async` and the ground; client, server, display, fs and
 * cli may import it.
 *
 * @module
 */
import { ConnectionLostError, messageOf, ProtocolError, WireError } from "../errors.ts";
import { settledWithin } from "../async/timeout.ts";
import { endpointOf } from "./ip_address.ts";
import { FRAME_SIZE, type Header, type MessageFramer, MessageType, type Side } from "./message.ts";
import { type Message, MessageReader } from "./message_reader.ts";
import {
  type Endpoints,
  MessageWriter,
  type Outgoing,
  type OutgoingPacket,
} from "./message_writer.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./timeouts.ts";
import { Socket } from "./socket.ts";
import { Watchdog } from "./watchdog.ts";
import { encodePayload, parseErrorPayload, parseGoodbye } from "./payloads.ts";

export type { Outgoing } from "./message_writer.ts";

/** Answers to PINGs that may wait for a peer that does not read, before its PINGs have to wait. */
const MAX_PENDING_PONGS = 16;
/** How long the last words to a peer may take, in milliseconds. */
const BEST_EFFORT_MS = 1_000;

/** One side's end of a connection. Owns its `Deno.Conn`. */
export class Connection implements Disposable {
  /** Addresses and ports of both ends, as this end sees them. */
  readonly endpoints: Endpoints;
  readonly #socket: Socket;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  readonly #watchdog: Watchdog;
  readonly #timer: ReturnType<typeof setInterval>;
  #failure: Error | undefined;
  readonly #keepaliveBytes = { received: 0, sent: 0 };
  #pendingPongs = 0;

  /**
   * @param conn Is closed with the connection.
   * @param side The side that this end is.
   * @param timeouts How long the connection waits for the peer.
   */
  constructor(conn: Deno.Conn, side: Side, timeouts: Timeouts = DEFAULT_TIMEOUTS) {
    this.#socket = new Socket(conn);
    const local = endpointOf(conn.localAddr);
    const remote = endpointOf(conn.remoteAddr);
    this.endpoints = side === "server"
      ? { server: local, client: remote }
      : { server: remote, client: local };
    const peer = side === "server" ? "client" : "server";
    this.#reader = new MessageReader(this.#socket.readable, peer);
    const failureOf = (thrown: unknown) => this.#failureOf(thrown);
    this.#writer = new MessageWriter(this.#socket, this.endpoints, failureOf);
    this.#watchdog = new Watchdog(timeouts, peer);
    this.#timer = setInterval(() => this.#checkTimeouts(), timeouts.pingAfterMs / 10);
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

  /**
   * The received messages, in the batches in which they arrived; PING and PONG are handled here.
   * The stream closes at a clean end, between messages. It reads nothing ahead but what arrived
   * together with a message, so a payload is valid until the next batch is pulled. It errors with
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

  /** Sends packets, one at a time; disposes of each once it is written. Fails as `send` does. */
  get writable(): WritableStream<OutgoingPacket> {
    return this.#writer.writable;
  }

  /**
   * Sends one message; messages never interleave. Resolves once the system has accepted its bytes.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  send(message: Outgoing): Promise<void> {
    return this.#writer.send(message);
  }

  /** Takes the buffer of a received payload that was transferred, for a later one. */
  recycle(buffer: ArrayBuffer): void {
    this.#reader.recycle(buffer);
  }

  /** Encodes a message of this connection, for callers that send several at once. */
  encode(message: Outgoing): Uint8Array {
    return this.#writer.encode(message);
  }

  /** Messages of this connection as bytes, to be sent in one write. */
  encodeAll(messages: readonly Outgoing[]): Uint8Array {
    return this.#writer.encodeAll(messages);
  }

  /**
   * Returns a framer that makes file bytes a CHUNK, in place.
   *
   * @param offset The position in the file of the chunk's first byte.
   * @param length The chunk's length in bytes.
   */
  chunkFramer(requestId: number, offset: number, length: number): MessageFramer {
    return this.#writer.chunkFramer(requestId, offset, length);
  }

  /**
   * Sends whole encoded messages.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return this.#writer.sendAll(bytes);
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

  /** Closes the writing half once all is written; what the peer still sends can be read. */
  closeWrite(): Promise<void> {
    return this.#writer.close();
  }

  /** Closes the connection at once; pending reads and writes fail with `error`. */
  fail(error: Error): void {
    if (!this.#socket.isClosed) this.#failure = error;
    this.close();
  }

  /** Closes the connection at once. */
  close(): void {
    clearInterval(this.#timer);
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
        this.#keepaliveBytes.received += FRAME_SIZE + message!.payload.length;
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
    this.#keepaliveBytes.sent += FRAME_SIZE;
    return this.send({ type, requestId });
  }

  async #sendBestEffort(message: Outgoing): Promise<void> {
    await settledWithin(this.send(message), BEST_EFFORT_MS);
  }

  /** The error that a failed write throws. */
  #failureOf(thrown: unknown): Error {
    return this.#failure ??
      (this.#socket.isClosed
        ? new ConnectionLostError("The connection is closed")
        : new ConnectionLostError(`The connection broke: ${messageOf(thrown)}`, { cause: thrown }));
  }

  #checkTimeouts(): void {
    const { silenceMs, stallMs, isReading, traffic } = this.#socket;
    const { messages, bytes } = this.#reader.taken;
    const begunBytes = isReading ? traffic.received - bytes : 0;
    const now = performance.now();
    const found = this.#watchdog.check({ now, silenceMs, stallMs, messages, begunBytes });
    if (found.type === "ping") this.#sendKeepalive(MessageType.PING, 0).catch(() => {});
    if (found.type !== "lost") return;
    clearInterval(this.#timer);
    const failure = new ConnectionLostError(found.reason);
    if (found.isReading) this.refuse(new WireError("timeout", found.reason), failure);
    else this.fail(failure);
  }
}

/** Whether a message passes through the connection unhandled. */
function isForCaller({ type, requestId }: Header): boolean {
  return type !== MessageType.PING && type !== MessageType.PONG && requestId !== 0;
}
