/**
 * Exact reads over a stream of bytes: the only code that handles the boundaries of its pieces.
 *
 * @module
 */
import { ConnectionLostError } from "../errors.ts";

/**
 * Reads from this size on, in bytes, have a buffer of their own, which the caller may transfer to
 * another thread.
 */
export const OWN_BUFFER_SIZE = 128 * 1024;
/** Sizes of own buffers are multiples of this, in bytes. */
const BUFFER_STEP = 64 * 1024;
/** The maximum number of own buffers that are kept for reuse. */
const MAX_SPARE_BUFFERS = 16;

/** Reads exact numbers of bytes from a byte stream, into buffers that are reused. */
export class ByteReader {
  readonly #reader: ReadableStreamBYOBReader;
  readonly #lookAhead: number;
  /** The buffer of small reads, and of the bytes that came with them. */
  #buffer: Uint8Array<ArrayBuffer>;
  /** The buffer of the last large read, which is reused unless it was transferred. */
  #own = new ArrayBuffer(0);
  readonly #spare: ArrayBuffer[] = [];
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
   * From `OWN_BUFFER_SIZE` on, they are at the start of a buffer of their own.
   *
   * @param length Bytes, 1 or more; the caller has checked it against a limit.
   * @returns The bytes, or null if the stream ended before the first of them.
   * @throws {ConnectionLostError} If the stream ended after some of them.
   */
  async read(length: number): Promise<Uint8Array | null> {
    if (length >= OWN_BUFFER_SIZE) return await this.#readOwn(length);
    if (this.#end - this.#start < length) {
      this.#makeRoom(length);
      if (!await this.#fill(length)) return null;
    }
    const bytes = this.peek(length);
    this.#start += length;
    return bytes;
  }

  /**
   * Returns the next `length` bytes if they are buffered, else null, without consuming them. Never
   * returns as many as have a buffer of their own.
   */
  peek(length: number): Uint8Array | null {
    if (length >= OWN_BUFFER_SIZE || this.#end - this.#start < length) return null;
    return this.#buffer.subarray(this.#start, this.#start + length);
  }

  /** Consumes `length` buffered bytes. Bytes that were returned before stay valid. */
  skip(length: number): void {
    this.#start += length;
  }

  /** Takes a buffer that was transferred, for a later read. */
  recycle(buffer: ArrayBuffer): void {
    if (this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(buffer);
  }

  async #readOwn(length: number): Promise<Uint8Array | null> {
    const held = Math.min(this.#end - this.#start, length);
    const own = this.#takeOwn(length);
    new Uint8Array(own).set(this.#buffer.subarray(this.#start, this.#start + held));
    this.#start += held;
    const rest = new Uint8Array(own, held, length - held);
    const value = rest.length > 0 ? await this.#readAtLeast(rest.length, rest, held) : rest;
    if (held + value.length === 0) return null;
    this.#own = value.buffer;
    return new Uint8Array(this.#own, 0, length);
  }

  /** Returns a buffer of at least `length` bytes. */
  #takeOwn(length: number): ArrayBuffer {
    // A transferred buffer has no bytes.
    if (this.#own.byteLength > 0) this.recycle(this.#own);
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= length);
    if (at >= 0) return this.#spare.splice(at, 1)[0]!;
    // Too small ones make way.
    this.#spare.pop();
    return new ArrayBuffer(Math.ceil(length / BUFFER_STEP) * BUFFER_STEP);
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
    const bytes = new Uint8Array(this.#buffer.buffer, this.#end, room);
    const value = await this.#readAtLeast(length - held, bytes, held);
    this.#buffer = new Uint8Array(value.buffer);
    this.#end += value.length;
    return value.length > 0;
  }

  /**
   * Reads at least `min` bytes into `bytes`, whose buffer the stream detaches and returns in a new
   * object.
   *
   * @param held The number of bytes before them.
   * @returns The bytes; none if the stream ended and nothing is held.
   */
  async #readAtLeast(
    min: number,
    bytes: Uint8Array<ArrayBuffer>,
    held: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { value = new Uint8Array(), done } = await this.#reader.read(bytes, { min });
    if (value.length >= min) return value;
    if (!done) throw new Error("Cannot read from the stream: it returned fewer bytes than asked");
    if (held + value.length === 0) return value;
    throw new ConnectionLostError("The connection ended in the middle of a message");
  }
}
