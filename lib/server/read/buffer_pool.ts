/**
 * Buffers that are used again and again, under one budget for the whole server.
 *
 * @module
 */

import { FOOTER_SIZE, HEADER_SIZE } from "../../protocol/message.ts";

/** Payload sizes are powers of two from this one on, in bytes. */
const MIN_BUFFER = 8 * 1024;
/** What a message has around its payload, in bytes. */
const FRAME = HEADER_SIZE + FOOTER_SIZE;

/** The most that one borrower may hold, in bytes: more makes nothing faster. */
const MAX_SHARE = 4 * 1024 * 1024;
/** No borrower's share is less than this part of the budget. */
const MIN_SHARE = 1 / 4096;
/**
 * The part of the budget that those share who want buffers now. Who holds a share that was large
 * when there were few keeps it until it is sent. With this part, the shares of any number of
 * borrowers up to a thousand, come one by one and never sending anything, fit the budget
 * together: the sum of budget / 10n grows as slowly as a logarithm.
 */
const SHARED_PART = 1 / 10;

/** The room that a buffer for some payload has, in bytes. */
export function roomFor(size: number): number {
  return Math.max(MIN_BUFFER, 2 ** Math.ceil(Math.log2(size)));
}

/** The same of messages of so many bytes: a buffer has room for what one has around its payload. */
export function roomForFramed(size: number): number {
  return roomFor(size - FRAME);
}

/** Lends buffers. Who finds the budget spent waits; first come, first served. */
export class BufferPool {
  /** How much may be lent at once, in bytes. */
  readonly budget: number;
  /** How many borrowers there are. */
  borrowers = 0;
  readonly #free = new Map<number, Uint8Array<ArrayBuffer>[]>();
  readonly #waiting: { size: number; resolve: (buffer: Uint8Array<ArrayBuffer>) => void }[] = [];
  #lent = 0;
  #kept = 0;

  /** @param budget How much may be lent at once, in bytes. */
  constructor(budget: number) {
    this.budget = budget;
  }

  /** Bytes that are lent now. */
  get lent(): number {
    return this.#lent;
  }

  /** What each borrower may hold now, in bytes: it is for them to keep to it. A power of two. */
  get share(): number {
    const fair = this.budget * SHARED_PART / Math.max(1, this.borrowers);
    const share = Math.min(MAX_SHARE, Math.max(this.budget * MIN_SHARE, fair));
    return 2 ** Math.floor(Math.log2(share));
  }

  /**
   * A buffer with room for a message of `size` bytes of payload, with any content.
   *
   * @param size Bytes, 1 or more.
   * @throws {RangeError} If the budget can never hold it.
   */
  acquire(size: number): Promise<Uint8Array<ArrayBuffer>> {
    const rounded = roomFor(size) + FRAME;
    if (rounded > this.budget) throw new RangeError(`Cannot lend ${size} bytes: over the budget`);
    if (this.#waiting.length === 0 && this.#fits(rounded)) {
      return Promise.resolve(this.#lend(rounded));
    }
    return new Promise((resolve) => this.#waiting.push({ size: rounded, resolve }));
  }

  /** The same with room for messages of `size` bytes in all. */
  acquireFramed(size: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.acquire(size - FRAME);
  }

  /** Takes a buffer back. */
  release(buffer: Uint8Array<ArrayBuffer>): void {
    this.#kept += buffer.length;
    const free = this.#free.get(buffer.length);
    if (free) free.push(buffer);
    else this.#free.set(buffer.length, [buffer]);
    this.forget(buffer.length);
  }

  /** Counts so many bytes of a buffer no more that will not come back. */
  forget(length: number): void {
    this.#lent -= length;
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0]!.size)) {
      const { size, resolve } = this.#waiting.shift()!;
      resolve(this.#lend(size));
    }
  }

  #fits(size: number): boolean {
    return this.#lent + size <= this.budget;
  }

  #lend(size: number): Uint8Array<ArrayBuffer> {
    this.#lent += size;
    const free = this.#free.get(size)?.pop();
    if (free) {
      this.#kept -= size;
      return free;
    }
    // Free buffers of other sizes count against the budget too.
    if (this.#lent + this.#kept > this.budget) {
      this.#free.clear();
      this.#kept = 0;
    }
    return new Uint8Array(size);
  }
}
