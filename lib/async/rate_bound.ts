/**
 * A bound on how often something happens. Pure.
 *
 * @module
 */

/** Lets a burst through, then one event for each interval, and counts the others. */
export class RateBound {
  readonly #burst: number;
  readonly #intervalMs: number;
  #left: number;
  #since: number | undefined;
  #omitted = 0;

  /**
   * @param burst How many events may happen at once.
   * @param intervalMs The time for which one event more may happen, in milliseconds.
   */
  constructor(burst: number, intervalMs: number) {
    this.#burst = burst;
    this.#left = burst;
    this.#intervalMs = intervalMs;
  }

  /**
   * Whether one event more is within the bound; if not, it is counted.
   *
   * @param now Milliseconds, of any steady clock.
   */
  take(now: number): boolean {
    const passed = Math.floor((now - (this.#since ??= now)) / this.#intervalMs);
    this.#since += passed * this.#intervalMs;
    this.#left = Math.min(this.#burst, this.#left + passed);
    if (this.#left === 0) {
      this.#omitted++;
      return false;
    }
    this.#left--;
    return true;
  }

  /** The number of events over the bound since the last call. */
  takeOmitted(): number {
    const omitted = this.#omitted;
    this.#omitted = 0;
    return omitted;
  }
}
