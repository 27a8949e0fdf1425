/**
 * Whole, checked messages out of a stream of bytes.
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

/** A message as it came. */
export interface Message {
  readonly header: Header;
  /** Valid until the next message is waited for. */
  readonly payload: Uint8Array;
  /** The payload's CRC-32, which has been checked. */
  readonly checksum: number;
}

/**
 * How much more than a message one read may bring, in bytes, by who sends: requests are small and
 * a server has many clients; of small files a client gets many at once.
 */
const LOOK_AHEAD: Record<Side, number> = { client: 8 * 1024, server: 64 * 1024 };

/** Reads the messages that one side sends. */
export class MessageReader {
  /** The largest CHUNK payload to accept, in bytes. */
  maxChunk = MAX_CHUNK_PAYLOAD;
  readonly #bytes: ByteReader;
  readonly #sender: Side;

  /** @param stream A byte stream, as a `ByteReader` takes it; it gets locked. */
  constructor(stream: ReadableStream<Uint8Array>, sender: Side) {
    this.#bytes = new ByteReader(stream, LOOK_AHEAD[sender]);
    this.#sender = sender;
  }

  /**
   * The next message, or null if the stream ended before it.
   *
   * @throws {ProtocolError} If the message breaks the protocol.
   * @throws {ConnectionLostError} If the stream ended in it.
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
    return { header, payload: body.subarray(0, header.length), checksum };
  }

  /**
   * A message that came together with the one before it, whose payload stays valid.
   *
   * @param isWanted Whether to take the message.
   * @returns Null if none is here as a whole, if it is not wanted, or if there is anything wrong
   * with it: that is for `read`.
   */
  held(isWanted: (header: Header) => boolean): Message | null {
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
      return { header, payload: body.subarray(0, header.length), checksum };
    } catch {
      return null;
    }
  }
}
