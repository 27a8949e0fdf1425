/**
 * How long to wait until the watch begins again after the system has stopped reporting. Pure.
 *
 * @module
 */

const FIRST_MS = 1_000;
/** A blocked watch keeps a thread, so there must not be many. */
const LAST_MS = 3_600_000;
/** A watch that has lived this long was a good one. */
const GOOD_MS = 600_000;

/** Counts the losses of the watch. Times are in milliseconds. */
export class RestartDelay {
  #delay = FIRST_MS;

  /** The wait after a watch that has worked for `lived`. */
  next(lived: number): number {
    if (lived >= GOOD_MS) this.#delay = FIRST_MS;
    const delay = this.#delay;
    this.#delay = Math.min(LAST_MS, delay * 2);
    return delay;
  }
}
