/**
 * Writing of messages to a socket, for several senders: messages never interleave.
 *
 * @module
 */
import type { Endpoint } from "./ip_address.ts";
import {
  encodeMessage,
  FOOTER_SIZE,
  FRAME_SIZE,
  frameOf,
  type Header,
  HEADER_SIZE,
  MessageFramer,
  MessageType,
} from "./message.ts";
import type { Socket } from "./socket.ts";

/** The two ends of a connection. */
export interface Endpoints {
  readonly server: Endpoint;
  readonly client: Endpoint;
}

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

/** Bytes of messages to send. The receiver of a packet disposes of it, which releases its memory. */
export interface OutgoingPacket extends Disposable {
  /** The bytes, as consecutive parts. */
  readonly parts: readonly Uint8Array[];
  /** Whether a message begins with the bytes: they may be several whole ones. */
  readonly startsMessage: boolean;
  /** Whether a message ends with them. No others may be sent before that. */
  readonly endsMessage: boolean;
  /** Called once the bytes are written; not called if that fails. */
  sent(): void;
}

/** The exclusive right to write to a connection; it must be released. */
export interface WriteLock {
  /**
   * Writes bytes, and resolves when the next ones may be given.
   *
   * @throws {Error} If the connection is closed: its `failure`, or else a `ConnectionLostError`.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Lets the next sender write. */
  release(): void;
}

/** A payload from this size on, in bytes, is not copied to be sent. */
const LARGE_PAYLOAD = 64 * 1024;

/** The writing side of one connection. */
export class MessageWriter {
  readonly #socket: Socket;
  readonly #endpoints: Endpoints;
  readonly #failureOf: (thrown: unknown) => Error;
  /** Resolves when all senders that have called `acquire` have released their locks. */
  #writers: Promise<void> = Promise.resolve();
  /** Held while the packets of a message are written. */
  #packetLock: WriteLock | undefined;

  /** @param failureOf Returns the error to throw for a failed write. */
  constructor(socket: Socket, endpoints: Endpoints, failureOf: (thrown: unknown) => Error) {
    this.#socket = socket;
    this.#endpoints = endpoints;
    this.#failureOf = failureOf;
  }

  /** Takes packets, one at a time, and disposes of each. */
  readonly writable: WritableStream<OutgoingPacket> = new WritableStream({
    write: async (taken) => {
      using packet = taken;
      try {
        if (packet.startsMessage) this.#packetLock = await this.acquire();
        for (const part of packet.parts) await this.#packetLock!.write(part);
      } catch (error) {
        this.#packetLock?.release();
        throw error;
      }
      if (packet.endsMessage) this.#packetLock?.release();
      packet.sent();
    },
    abort: () => this.#packetLock?.release(),
  });

  /** Sends one message. */
  async send(message: Outgoing): Promise<void> {
    const { payload } = message;
    if (!payload || payload.length < LARGE_PAYLOAD) return await this.sendAll(this.encode(message));
    const [head, foot] = frameOf(this.#headerOf(message), payload);
    await this.sendAll(head, payload, foot);
  }

  /** Sends bytes of whole messages, and waits until the system has taken them. */
  async sendAll(...parts: readonly Uint8Array[]): Promise<void> {
    const lock = await this.acquire();
    try {
      for (const part of parts) await lock.write(part);
    } finally {
      lock.release();
    }
    await this.#orFailure(this.#socket.flush());
  }

  /** Waits until no other sender is writing. */
  async acquire(): Promise<WriteLock> {
    const before = this.#writers;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#writers = promise;
    await before;
    return { write: (bytes) => this.#orFailure(this.#socket.write(bytes)), release: resolve };
  }

  /** Encodes a message. */
  encode(message: Outgoing): Uint8Array {
    return encodeMessage(this.#headerOf(message), message.payload ?? new Uint8Array());
  }

  /** Encodes messages, one after the other. */
  encodeAll(messages: readonly Outgoing[]): Uint8Array {
    const size = messages.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0);
    const whole = new Uint8Array(size + messages.length * FRAME_SIZE);
    let at = 0;
    for (const message of messages) {
      const { payload = new Uint8Array() } = message;
      const { length } = payload;
      const end = at + HEADER_SIZE + length + FOOTER_SIZE;
      whole.set(payload, at + HEADER_SIZE);
      const header = { ...this.#headerOf(message), length };
      new MessageFramer(header).frame(whole.subarray(at, end), length);
      at = end;
    }
    return whole;
  }

  /** Returns a framer that makes file bytes a CHUNK. */
  chunkFramer(requestId: number, offset: number, length: number): MessageFramer {
    const type = MessageType.CHUNK;
    return new MessageFramer({ type, requestId, more: false, length, offset, ...this.#endpoints });
  }

  /** Closes the writing half once all is written. */
  async close(): Promise<void> {
    await this.#writers;
    await this.#socket.closeWrite();
  }

  #headerOf({ type, requestId = 0, more = false }: Outgoing): Omit<Header, "length"> {
    return { type, requestId, more, offset: 0, ...this.#endpoints };
  }

  async #orFailure(writing: Promise<void>): Promise<void> {
    try {
      await writing;
    } catch (error) {
      throw this.#failureOf(error);
    }
  }
}
