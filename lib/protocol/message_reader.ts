/**
 * Reads whole, checked messages from a stream of bytes.
 *
 * @module
 */
import { ConnectionLostError } from "../errors.ts";
import { ByteReader } from "./byte_reader.ts";
import {
  checkFooter,
  decodeHeader,
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  type Side,
} from "./message.ts";

/** A received message. */
export interface Message {
  readonly header: Header;
  /**
   * Valid until the next call of `read`. From `OWN_BUFFER_SIZE` on, it is at the start of a buffer
   * of its own, which may be transferred to another thread.
   */
  readonly payload: Uint8Array;
  /** The payload's CRC-32, which has been checked. */
  readonly checksum: number;
}

/**
 * How much more than one message a read may bring, in bytes, by sender. Requests are small and a
 * server has many clients; small files reach a client many at a time.
 */
const LOOK_AHEAD: Record<Side, number> = { client: 8 * 1024, server: 64 * 1024 };

/** Reads the messages of one sender. */
export class MessageReader {
  /** The largest CHUNK payload to accept, in bytes. */
  maxChunk = MAX_CHUNK_PAYLOAD;
  /** The number of messages read so far, and of their bytes. */
  readonly taken = { messages: 0, bytes: 0 };
  readonly #bytes: ByteReader;
  readonly #sender: Side;

  /** @param stream A byte stream as `ByteReader` requires it; it is locked. */
  constructor(stream: ReadableStream<Uint8Array>, sender: Side) {
    this.#bytes = new ByteReader(stream, LOOK_AHEAD[sender]);
    this.#sender = sender;
  }

  /**
   * Returns the next message, or null if the stream ended before it.
   *
   * @throws {ProtocolError} If the message breaks the protocol.
   * @throws {ConnectionLostError} If the stream ended inside the message.
   */
  async read(): Promise<Message | null> {
    const head = await this.#bytes.read(HEADER_SIZE);
    if (!head) return null;
    let header = decodeHeader(head, this.#sender, this.maxChunk);
    const size = header.length + FOOTER_SIZE;
    // Reading on may take the header's bytes away: its endpoints are copied.
    if (!this.#bytes.peek(size)) header = { ...header };
    const body = await this.#bytes.read(size);
    if (!body) throw new ConnectionLostError("The connection ended in the middle of a message");
    const checksum = checkFooter(body);
    this.#count(HEADER_SIZE + size);
    return { header, payload: body.subarray(0, header.length), checksum };
  }

  /** Takes the buffer of a payload that was transferred, for a later one. */
  recycle(buffer: ArrayBuffer): void {
    this.#bytes.recycle(buffer);
  }

  /**
   * Returns the next message if it is in the buffer already. Earlier payloads stay valid.
   *
   * @param isWanted Whether to take a message with this header.
   * @returns Null if no whole message is buffered, if it is not wanted, or if it is invalid; in the
   * last case `read` throws the error.
   */
  readBuffered(isWanted: (header: Header) => boolean): Message | null {
    const head = this.#bytes.peek(HEADER_SIZE);
    if (!head) return null;
    try {
      const header = decodeHeader(head, this.#sender, this.maxChunk);
      const size = HEADER_SIZE + header.length + FOOTER_SIZE;
      const whole = isWanted(header) ? this.#bytes.peek(size) : null;
      if (!whole) return null;
      const body = whole.subarray(HEADER_SIZE);
      const checksum = checkFooter(body);
      this.#bytes.skip(size);
      this.#count(size);
      return { header, payload: body.subarray(0, header.length), checksum };
    } catch {
      return null;
    }
  }

  #count(size: number): void {
    this.taken.messages++;
    this.taken.bytes += size;
  }
}
