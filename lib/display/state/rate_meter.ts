/**
 * How fast an amount grows, smoothed over some seconds.
 *
 * @module
 */

/** How far a rate looks back, in milliseconds. */
export const RATE_WINDOW = 3000;

/** How far one looks back that is to be steady rather than quick. */
export const STEADY_WINDOW = 10_000;

/** How often a point of comparison is kept, in milliseconds: ten thousand files each have some. */
const SAMPLE_EVERY = 500;

/** Over less than this, in milliseconds, one chunk would look like a miracle. */
const MIN_SPAN = 250;

interface Sample {
  readonly at: number;
  readonly amount: number;
}

/** Measures the rate of an amount that only grows. Times are in milliseconds. */
export class RateMeter {
  #amount = 0;
  #lastAt = 0;
  #samples: Sample[] = [];

  /** Counts `delta` more; 0 says that from now on more may come. */
  add(delta: number, now: number): void {
    this.#closeGap(delta, now);
    this.#amount += delta;
    this.#lastAt = now;
    const newest = this.#samples.at(-1);
    if (newest && now - newest.at < SAMPLE_EVERY) return;
    this.#samples.push({ at: now, amount: this.#amount });
    while (this.#samples.length > 2 && this.#samples[1]!.at <= now - STEADY_WINDOW) {
      this.#samples.shift();
    }
  }

  /** The amount a second, over the last seconds; never negative. */
  rate(now: number, window = RATE_WINDOW): number {
    const base = this.#samples.findLast((sample) => sample.at <= now - window) ??
      this.#samples[0];
    if (!base) return 0;
    const span = Math.max(now - base.at, MIN_SPAN);
    return Math.max(0, (this.#amount - base.amount) * 1000 / span);
  }

  /** After a pause nothing of the time before it counts, or the rate would creep up for long. */
  #closeGap(delta: number, now: number): void {
    const isFirst = this.#samples.length === 0;
    if (!isFirst && now - this.#lastAt <= RATE_WINDOW) return;
    const since = delta === 0 ? now : now - (isFirst ? MIN_SPAN : RATE_WINDOW);
    this.#samples = [{ at: since, amount: this.#amount }];
  }
}
