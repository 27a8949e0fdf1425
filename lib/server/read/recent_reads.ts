/**
 * The parts of a file that were read moments ago. They are likely still in the system's memory, and
 * reading them synchronously takes less time than handing the read to another thread, which with a
 * thousand clients of one file is more than half of the server's work.
 *
 * This is a guess: the system may reuse the memory at any time. After slow reads, nothing is
 * assumed to be in memory for a while.
 *
 * @module
 */
import { settledWithin } from "../../async/timeout.ts";

/** The size of the parts that are recorded, in bytes. */
const BLOCK = 16 * 1024;
/** How long a part counts as recently read, in milliseconds; at most twice as long. */
const RECENT_MS = 1_000;
/** A read that takes longer than this, in milliseconds, probably did not come from memory … */
const SLOW_MS = 5;
/** … unless this process waited for a processor, which rarely happens this often in a row. */
const MAX_SLOW_IN_A_ROW = 2;
/** How long nothing is assumed to be in memory after that, in milliseconds. */
const PAUSE_MS = 2_000;
/** How long to wait for another reader's read, in milliseconds; it may never end. */
const MAX_WAIT_MS = 1_000;

/** A pending read. */
interface Reading {
  readonly over: Promise<void>;
  /** Resolves for other readers of the same block. */
  waited?: Promise<unknown>;
}

/** Records the recently read parts of one file. */
export class RecentReads {
  /** The numbers of the blocks read in the present period, and in the one before. */
  #young = new Set<number>();
  #old = new Set<number>();
  #rotatedAt = -Infinity;
  #pausedUntil = -Infinity;
  #slow = 0;
  /** Pending reads, by offset. */
  readonly #underway = new Map<number, Reading>();
  readonly #size: number;
  readonly #clock: () => number;

  /**
   * @param size The file's size in bytes.
   * @param clock Returns the time in milliseconds.
   */
  constructor(size: number, clock = () => performance.now()) {
    this.#size = size;
    this.#clock = clock;
  }

  /**
   * Resolves when the pending read at this offset has ended or failed, or after a second; undefined
   * if there is none.
   */
  inFlight(offset: number): Promise<unknown> | undefined {
    const reading = this.#underway.get(offset);
    if (reading) reading.waited ??= settledWithin(reading.over, MAX_WAIT_MS);
    return reading?.waited;
  }

  /** Whether all of these bytes were read recently. */
  isLikelyCached(offset: number, length: number): boolean {
    const now = this.#clock();
    if (now < this.#pausedUntil) return false;
    this.#rotate(now);
    const end = Math.ceil((offset + length) / BLOCK);
    for (let block = Math.floor(offset / BLOCK); block < end; block++) {
      if (!this.#young.has(block) && !this.#old.has(block)) return false;
    }
    return true;
  }

  /** Runs and records a synchronous read; returns how many bytes it got. */
  readSync(offset: number, read: () => number): number {
    const start = this.#clock();
    const got = read();
    const end = this.#clock();
    this.#slow = end - start > SLOW_MS ? this.#slow + 1 : 0;
    if (this.#slow === MAX_SLOW_IN_A_ROW) {
      this.#slow = 0;
      this.#pausedUntil = end + PAUSE_MS;
    }
    this.#add(offset, got, end);
    return got;
  }

  /** Records a read and lets others wait for it; returns how many bytes it got. */
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

  /** Records whole blocks only; the last block of the file may be shorter. */
  #add(offset: number, length: number, now: number): void {
    this.#rotate(now);
    const isAtEnd = offset + length >= this.#size;
    const end = isAtEnd ? Math.ceil(this.#size / BLOCK) : Math.floor((offset + length) / BLOCK);
    for (let block = Math.ceil(offset / BLOCK); block < end; block++) this.#young.add(block);
  }

  #rotate(now: number): void {
    const since = now - this.#rotatedAt;
    if (since < RECENT_MS) return;
    this.#old = since < 2 * RECENT_MS ? this.#young : new Set();
    this.#young = new Set();
    this.#rotatedAt = now;
  }
}
