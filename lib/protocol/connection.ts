/**
 * A connection as messages both ways: framing, ping, deadlines, and how it ended.
 *
 * @module
 */
import { ConnectionLostError, messageOf, ProtocolError, WireError } from "../errors.ts";
import { settledWithin } from "../async/timeout.ts";
import { type Endpoint, ipBytes } from "./ip_address.ts";
import {
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  type MessageFramer,
  MessageType,
  type Side,
} from "./message.ts";
import { type Message, MessageReader } from "./message_reader.ts";
import {
  type Endpoints,
  MessageWriter,
  type Outgoing,
  type OutgoingPacket,
} from "./message_writer.ts";
import { DEFAULT_TIMEOUTS, type Timeouts } from "./timeouts.ts";
import { Socket } from "./socket.ts";
import { encodePayload, parseErrorPayload, parseGoodbye } from "./payloads.ts";

export type { Outgoing } from "./message_writer.ts";

/** Answers to PINGs that may wait for a peer that does not read, before its PINGs have to wait. */
const MAX_WAITING_PONGS = 16;
/** How long the last words to a peer may take, in milliseconds. */
const BEST_EFFORT_MS = 1_000;

/** One connection, seen from one side. Owns its `Deno.Conn`. */
export class Connection implements Disposable {
  /** Addresses and ports of both ends, as this end sees them. */
  readonly endpoints: Endpoints;
  readonly #socket: Socket;
  readonly #timeouts: Timeouts;
  readonly #reader: MessageReader;
  readonly #writer: MessageWriter;
  readonly #watchdog: ReturnType<typeof setInterval>;
  #failure: Error | undefined;
  readonly #keepaliveBytes = { received: 0, sent: 0 };
  #waitingPongs = 0;
  #pinged = false;

  /**
   * @param conn Is closed with the connection.
   * @param side Which side this end is.
   * @param timeouts How long to wait for the peer.
   */
  constructor(conn: Deno.Conn, side: Side, timeouts: Timeouts = DEFAULT_TIMEOUTS) {
    this.#socket = new Socket(conn);
    this.#timeouts = timeouts;
    const local = endpointOf(conn.localAddr);
    const remote = endpointOf(conn.remoteAddr);
    this.endpoints = side === "server"
      ? { server: local, client: remote }
      : { server: remote, client: local };
    const peer = side === "server" ? "client" : "server";
    this.#reader = new MessageReader(this.#socket.readable, peer);
    const failureOf = (thrown: unknown) => this.#failureOf(thrown);
    this.#writer = new MessageWriter(this.#socket, this.endpoints, failureOf);
    this.#watchdog = setInterval(() => this.#watch(), timeouts.pingAfterMs / 10);
  }

  /** The largest CHUNK payload to accept, in bytes; lowered to what a WELCOME announces. */
  get maxChunk(): number {
    return this.#reader.maxChunk;
  }

  set maxChunk(bytes: number) {
    this.#reader.maxChunk = bytes;
  }

  /** What ended the connection other than a clean end, if anything did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Bytes received and sent so far, framing included. */
  get traffic(): { readonly received: number; readonly sent: number } {
    return this.#socket.traffic;
  }

  /** The same without PINGs and PONGs, which bring nothing on. */
  get progress(): { readonly received: number; readonly sent: number } {
    const { received, sent } = this.#socket.traffic;
    return {
      received: received - this.#keepaliveBytes.received,
      sent: sent - this.#keepaliveBytes.sent,
    };
  }

  /**
   * The messages that come, those together that came together; PING and PONG are dealt with here.
   * The stream closes at a clean end, between messages. It reads nothing ahead but what came
   * together with a message, so that a payload is valid until the next messages are pulled. It
   * errors with
   * - a `WireError` if the peer ended the connection with an ERROR,
   * - a `ProtocolError` if the peer broke the protocol (and has been told so),
   * - a `ConnectionLostError` if the connection broke or fell silent.
   */
  readonly readable: ReadableStream<Message[]> = new ReadableStream({
    pull: async (controller) => {
      const messages: Message[] = [];
      let message = await this.#receive();
      if (!message) return controller.close();
      for (; message; message = this.#reader.held(isForUser)) messages.push(message);
      controller.enqueue(messages);
    },
  }, { highWaterMark: 0 });

  /** What is sent: a packet at a time, each disposed of once it is taken. Fails as `send` does. */
  get writable(): WritableStream<OutgoingPacket> {
    return this.#writer.writable;
  }

  /**
   * Sends one message; whole messages never mix. Resolves once the system has taken its bytes.
   *
   * @throws {Error} If the connection is gone: its `failure`, or else a `ConnectionLostError`.
   */
  send(message: Outgoing): Promise<void> {
    return this.#writer.send(message);
  }

  /** A message of this connection as bytes, for callers that send several at once. */
  encode(message: Outgoing): Uint8Array {
    return this.#writer.encode(message);
  }

  /** Messages of this connection as bytes, to be sent in one write. */
  encodeAll(messages: readonly Outgoing[]): Uint8Array {
    return this.#writer.encodeAll(messages);
  }

  /**
   * Makes a CHUNK around file bytes, in place.
   *
   * @param offset The position in the file of the chunk's first byte.
   * @param length How many bytes the chunk has.
   */
  chunkFramer(requestId: number, offset: number, length: number): MessageFramer {
    return this.#writer.chunkFramer(requestId, offset, length);
  }

  /**
   * Sends whole encoded messages.
   *
   * @throws {Error} If the connection is gone: its `failure`, or else a `ConnectionLostError`.
   */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return this.#writer.sendAll(bytes);
  }

  /**
   * Sends an ERROR about the connection if that is still possible, then closes it.
   *
   * @param failure What reads and writes under way fail with.
   * @default {error}
   */
  async refuse(error: WireError, failure: Error = error): Promise<void> {
    const payload = encodePayload({ code: error.code, message: error.message });
    await this.#sendBestEffort({ type: MessageType.ERROR, payload });
    this.fail(failure);
  }

  /** Says goodbye; a server may still send what was asked for before. */
  sayGoodbye(reason: string): Promise<void> {
    return this.#sendBestEffort({ type: MessageType.GOODBYE, payload: encodePayload({ reason }) });
  }

  /** Closes the writing half once all is written; what the peer still sends can be read. */
  closeWrite(): Promise<void> {
    return this.#writer.close();
  }

  /** Closes the connection at once; reads and writes under way fail with `error`. */
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

  /** The next message for the user of this connection, or null at a clean end. */
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

  /** An ERROR about the whole connection is how the peer ended it. */
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
    this.#waitingPongs++;
    const sent = this.#sendKeepalive(MessageType.PONG, requestId)
      .finally(() => this.#waitingPongs--);
    // Reading goes on meanwhile, or two sides that both write would wait for each other.
    if (this.#waitingPongs > MAX_WAITING_PONGS) await sent;
    else sent.catch(() => {});
  }

  #sendKeepalive(type: typeof MessageType.PING | typeof MessageType.PONG, requestId: number) {
    this.#keepaliveBytes.sent += HEADER_SIZE + FOOTER_SIZE;
    return this.send({ type, requestId });
  }

  async #sendBestEffort(message: Outgoing): Promise<void> {
    await settledWithin(this.send(message), BEST_EFFORT_MS);
  }

  /** What a failed write throws. */
  #failureOf(thrown: unknown): Error {
    return this.#failure ??
      (this.#socket.isClosed
        ? new ConnectionLostError("The connection is closed")
        : new ConnectionLostError(`The connection broke: ${messageOf(thrown)}`, { cause: thrown }));
  }

  #watch(): void {
    const { pingAfterMs, deadAfterMs, writeStallMs } = this.#timeouts;
    const { silence, stall } = this.#socket;
    if (silence < pingAfterMs) this.#pinged = false;
    if (silence >= deadAfterMs) {
      clearInterval(this.#watchdog);
      const words = `Nothing was received for ${deadAfterMs / 1000} s`;
      this.refuse(new WireError("timeout", words), new ConnectionLostError(words));
    } else if (stall >= writeStallMs) {
      this.fail(new ConnectionLostError(`The peer read nothing for ${writeStallMs / 1000} s`));
    } else if (silence >= pingAfterMs && !this.#pinged) {
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

/** Whether a message needs nothing from the connection. */
function isForUser({ type, requestId }: Header): boolean {
  return type !== MessageType.PING && type !== MessageType.PONG && requestId !== 0;
}
