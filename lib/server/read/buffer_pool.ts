/**
 * Reusable buffers under one memory budget for the whole server.
 *
 * @module
 */

import { FRAME_SIZE } from "../../protocol/message.ts";

/** The smallest payload size of a buffer, in bytes; sizes are powers of two. */
const MIN_BUFFER = 8 * 1024;

/** The largest share of one borrower, in bytes: a larger one is not faster. */
const MAX_SHARE = 4 * 1024 * 1024;
/** The smallest share of one borrower, as a part of the budget. */
const MIN_SHARE = 1 / 4096;
/**
 * The part of the budget that is divided among the present borrowers. A borrower whose share was
 * large when there were few keeps those buffers until they are sent. With this part, the shares of
 * up to a thousand borrowers that arrive one by one and never send anything fit the budget
 * together: the sum of budget / 10n grows only logarithmically.
 */
const SHARED_PART = 1 / 10;

/** The payload capacity of the buffer for a payload of `size` bytes. */
export function bufferSizeFor(size: number): number {
  return Math.max(MIN_BUFFER, 2 ** Math.ceil(Math.log2(size)));
}

/** The room of a buffer for framed messages of a total size, in bytes: it includes one frame. */
export function bufferSizeForFramed(size: number): number {
  return bufferSizeFor(size - FRAME_SIZE);
}

/** Lends buffers. Callers wait in FIFO order when the budget is exhausted. */
export class BufferPool {
  /** How much may be lent at once, in bytes. */
  readonly budget: number;
  /** How many borrowers there are. */
  borrowers = 0;
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  readonly #waiting: { size: number; resolve: (buffer: Uint8Array<ArrayBuffer>) => void }[] = [];
  #lentBytes = 0;
  #freeBytes = 0;

  /** @param budget How many bytes may be lent at once. */
  constructor(budget: number) {
    this.budget = budget;
  }

  /** The bytes that are lent now. */
  get lent(): number {
    return this.#lentBytes;
  }

  /** How many bytes each borrower may hold now; not enforced. A power of two. */
  get share(): number {
    const fair = this.budget * SHARED_PART / Math.max(1, this.borrowers);
    const share = Math.min(MAX_SHARE, Math.max(this.budget * MIN_SHARE, fair));
    return 2 ** Math.floor(Math.log2(share));
  }

  /**
   * Lends a buffer for a message with `size` bytes of payload. Its content is arbitrary.
   *
   * @param size Bytes, 1 or more.
   * @throws {RangeError} If the buffer is larger than the budget.
   */
  acquire(size: number): Promise<Uint8Array<ArrayBuffer>> {
    const rounded = bufferSizeFor(size) + FRAME_SIZE;
    if (rounded > this.budget) throw new RangeError(`Cannot lend ${size} bytes: over the budget`);
    if (this.#waiting.length === 0 && this.#fits(rounded)) {
      return Promise.resolve(this.#lend(rounded));
    }
    return new Promise((resolve) => this.#waiting.push({ size: rounded, resolve }));
  }

  /** The same with room for messages of `size` bytes in all. */
  acquireFramed(size: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.acquire(size - FRAME_SIZE);
  }

  /** Takes a buffer back. */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    this.#freeBytes += buffer.length;
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
    this.forget(buffer.length);
  }

  /** Stops counting the bytes of a buffer that will not be released. */
  forget(length: number): void {
    this.#lentBytes -= length;
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.size)) {
      const { size, resolve } = this.#waiting.shift()!;
      resolve(this.#lend(size));
    }
  }

  #fits(size: number): boolean {
    return this.#lentBytes + size <= this.budget;
  }

  #lend(size: number): Uint8Array<ArrayBuffer> {
    this.#lentBytes += size;
    const free = this.#free.get(size)?.pop();
    if (free) {
      this.#freeBytes -= size;
      return free;
    }
    // Free buffers of other sizes count against the budget too.
    if (this.#lentBytes + this.#freeBytes > this.budget) {
      this.#free.clear();
      this.#freeBytes = 0;
    }
    return new Uint8Array(size);
  }
}
