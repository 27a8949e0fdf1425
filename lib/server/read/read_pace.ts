/**
 * Whether a file's next read is likely to come from memory. Then it takes less time than passing it
 * to another thread and back.
 *
 * A guess from how long its last reads took, and only of disks of this machine: a call that waits for
 * another machine's disk waits for the network. The system may need the memory for something else
 * at any time, so one slow read ends the guessing for a while, because it delays all clients.
 *
 * @module
 */

/** So many quick reads in a row let the next one be expected to be quick. */
const QUICK_READS = 2;
/** A read that takes longer than this, in milliseconds, did not come from memory. */
const SLOW_MS = 5;
/** For how many times as long no read is expected to be quick then. */
const STAND_BACK_TIMES = 50;
/** How long a guess is good for without another read, in milliseconds. */
const GOOD_FOR_MS = 2_000;

/** The pace at which one file is read. */
export class ReadPace {
  readonly #isLocal: boolean;
  readonly #clock: () => number;
  #quickReads = 0;
  #lastAt = -Infinity;
  #standsBackUntil = -Infinity;

  /**
   * @param isLocal Whether the file is on a disk of this machine.
   * @param clock Says the time in milliseconds.
   */
  constructor(isLocal: boolean, clock = () => performance.now()) {
    this.#isLocal = isLocal;
    this.#clock = clock;
  }

  /** Whether the disk is local, and the next read is likely to be quick. */
  get isQuick(): boolean {
    if (!this.#isLocal || this.#quickReads < QUICK_READS) return false;
    const now = this.#clock();
    return now >= this.#standsBackUntil && now - this.#lastAt <= GOOD_FOR_MS;
  }

  /** Measures a synchronous read, which returns its number of bytes. */
  readSync(read: () => number): number {
    const start = this.#clock();
    const got = read();
    const took = this.#note(start);
    if (took > SLOW_MS) this.#standsBackUntil = this.#lastAt + STAND_BACK_TIMES * took;
    return got;
  }

  /** Waits for a read: how many bytes it got. */
  async readAsync(read: () => Promise<number>): Promise<number> {
    const start = this.#clock();
    const got = await read();
    // A slow one may just have had to wait for this thread.
    this.#note(start);
    return got;
  }

  /** Records a read that has ended, and returns its duration. */
  #note(start: number): number {
    this.#lastAt = this.#clock();
    const took = this.#lastAt - start;
    this.#quickReads = took > SLOW_MS ? 0 : this.#quickReads + 1;
    return took;
  }
}
