/**
 * Exact reads over a stream of bytes: the only code that handles the boundaries of its pieces.
 *
 * @module
 */
import { ConnectionLostError } from "../errors.ts";

/** Reads exact numbers of bytes from a byte stream, into one buffer that is reused. */
export class ByteReader {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #lookAhead: number;
  #buffer: Uint8Array<ArrayBuffer>;
  #start = 0;
  #end = 0;

  /**
   * @param stream A readable byte stream (`type: "bytes"`); it is locked. Its source must fill the
   *   reader's buffer: with one that enqueues pieces, a truncated read throws a `TypeError`.
   * @param lookAhead How many bytes beyond the requested ones a read may bring: small messages
   *   arrive many at a time.
   */
  constructor(stream: ReadableStream<Uint8Array>, lookAhead: number) {
    this.#reader = stream.getReader({ mode: "byob" });
    this.#lookAhead = lookAhead;
    this.#buffer = new Uint8Array(lookAhead);
  }

  /**
   * Returns the next `length` bytes. They are valid until the next call.
   *
   * @param length Bytes, 1 or more; the caller has checked it against a limit.
   * @returns The bytes, or null if the stream ended before the first of them.
   * @throws {ConnectionLostError} If the stream ended after some of them.
   */
  async read(length: number): Promise<Uint8Array | null> {
    if (this.#end - this.#start < length) {
      this.#makeRoom(length);
      if (!await this.#fill(length)) return null;
    }
    const bytes = this.peek(length);
    this.#start += length;
    return bytes;
  }

  /** Returns the next `length` bytes if they are buffered, else null, without consuming them. */
  peek(length: number): Uint8Array | null {
    if (this.#end - this.#start < length) return null;
    return this.#buffer.subarray(this.#start, this.#start + length);
  }

  /** Consumes `length` buffered bytes. Bytes that were returned before stay valid. */
  skip(length: number): void {
    this.#start += length;
  }

  #makeRoom(length: number): void {
    const held = this.#end - this.#start;
    if (this.#start + length > this.#buffer.length || held === 0) {
      const target = length > this.#buffer.length
        ? new Uint8Array(length + this.#lookAhead)
        : this.#buffer;
      target.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = target;
      this.#start = 0;
      this.#end = held;
    }
  }

  async #fill(length: number): Promise<boolean> {
    const held = this.#end - this.#start;
    const room = Math.min(this.#buffer.length - this.#end, length - held + this.#lookAhead);
    // The stream detaches the buffer and returns it in a new object.
    const { value, done } = await this.#reader.read(
      new Uint8Array(this.#buffer.buffer, this.#end, room),
      { min: length - held },
    );
    const got = value?.length ?? 0;
    if (value) this.#buffer = new Uint8Array(value.buffer);
    this.#end += got;
    if (held + got >= length) return true;
    if (!done) throw new Error("Cannot read from the stream: it returned fewer bytes than asked");
    if (held + got === 0) return false;
    throw new ConnectionLostError("The connection ended in the middle of a message");
  }
}
