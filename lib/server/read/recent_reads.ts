/**
 * Which parts of a file were read moments ago. Those come from memory now, which takes less time
 * than to hand the read to another thread and to hear of its end: with a thousand clients of one
 * file more than half of the server's work.
 *
 * A guess: the system may need the memory for something else at any time. Reads that have taken
 * long end the guessing for a while.
 *
 * @module
 */
import { settledWithin } from "../../async/timeout.ts";

/** What is noted, in bytes: parts of this size. */
const BLOCK = 16 * 1024;
/** How long a part counts as read moments ago, in milliseconds; at the most twice as long. */
const WARM_MS = 1_000;
/** A read that takes longer than this, in milliseconds, did not come from memory, … */
const SLOW_MS = 5;
/** … or this process had to wait for a processor; but not so many times in a row. */
const SLOW_IN_A_ROW = 2;
/** For how long nothing is guessed then, in milliseconds. */
const STAND_BACK_MS = 2_000;
/** For how long one waits for another's read, in milliseconds: it may never end. */
const PATIENCE_MS = 1_000;

/** A read under way. */
interface Reading {
  readonly over: Promise<void>;
  /** What those wait for who want the same. */
  waited?: Promise<unknown>;
}

/** The parts of one file. */
export class RecentReads {
  /** By number: read since the last turn, and in the turn before. */
  #young = new Set<number>();
  #old = new Set<number>();
  #turnedAt = -Infinity;
  #standsBackUntil = -Infinity;
  #slow = 0;
  /** Reads under way, by where they begin. */
  readonly #underway = new Map<number, Reading>();
  readonly #size: number;
  readonly #clock: () => number;

  /**
   * @param size The file's size in bytes.
   * @param clock Says the time in milliseconds.
   */
  constructor(size: number, clock = () => performance.now()) {
    this.#size = size;
    this.#clock = clock;
  }

  /**
   * Resolves when somebody has read, or failed to, what is just being read from there on; or after
   * a second.
   */
  inFlight(offset: number): Promise<unknown> | undefined {
    const reading = this.#underway.get(offset);
    if (reading) reading.waited ??= settledWithin(reading.over, PATIENCE_MS);
    return reading?.waited;
  }

  /** Whether all of these bytes were read moments ago. */
  isLikelyCached(offset: number, length: number): boolean {
    const now = this.#clock();
    if (now < this.#standsBackUntil) return false;
    this.#turn(now);
    const end = Math.ceil((offset + length) / BLOCK);
    for (let block = Math.floor(offset / BLOCK); block < end; block++) {
      if (!this.#young.has(block) && !this.#old.has(block)) return false;
    }
    return true;
  }

  /** Reads what was read moments ago: `read` says how many bytes it got. */
  readSync(offset: number, read: () => number): number {
    const start = this.#clock();
    const got = read();
    const end = this.#clock();
    this.#slow = end - start > SLOW_MS ? this.#slow + 1 : 0;
    if (this.#slow === SLOW_IN_A_ROW) {
      this.#slow = 0;
      this.#standsBackUntil = end + STAND_BACK_MS;
    }
    this.#add(offset, got, end);
    return got;
  }

  /** Notes a read of bytes, and lets others wait for it; how many it got. */
  async readAsync(offset: number, reading: Promise<number>): Promise<number> {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const underway = { over };
    this.#underway.set(offset, underway);
    try {
      const got = await reading;
      this.#add(offset, got, this.#clock());
      return got;
    } finally {
      if (this.#underway.get(offset) === underway) this.#underway.delete(offset);
      resolve();
    }
  }

  /** Parts of which only some was read do not count; the last one of the file may be shorter. */
  #add(offset: number, length: number, now: number): void {
    this.#turn(now);
    const isAtEnd = offset + length >= this.#size;
    const end = isAtEnd ? Math.ceil(this.#size / BLOCK) : Math.floor((offset + length) / BLOCK);
    for (let block = Math.ceil(offset / BLOCK); block < end; block++) this.#young.add(block);
  }

  #turn(now: number): void {
    const since = now - this.#turnedAt;
    if (since < WARM_MS) return;
    this.#old = since < 2 * WARM_MS ? this.#young : new Set();
    this.#young = new Set();
    this.#turnedAt = now;
  }
}
