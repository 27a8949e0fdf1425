/**
 * The rate at which an amount grows, smoothed over some seconds.
 *
 * @module
 */

/** The span that a rate is measured over, in milliseconds. */
export const RATE_WINDOW = 3000;

/** The span of a rate that should be steady rather than quick to follow, in milliseconds. */
export const STEADY_WINDOW = 10_000;

/** Milliseconds between two samples. Long, because ten thousand files each keep some. */
const SAMPLE_EVERY = 500;

/** The shortest span, in milliseconds: over a shorter one a single chunk gives absurd rates. */
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

  /** Adds `delta` to the amount; 0 marks a time from which on the amount may grow. */
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

  /** The growth a second over the last `window` milliseconds; never negative. */
  rate(now: number, window = RATE_WINDOW): number {
    const base = this.#samples.findLast((sample) => sample.at <= now - window) ??
      this.#samples[0];
    if (!base) return 0;
    const span = Math.max(now - base.at, MIN_SPAN);
    return Math.max(0, (this.#amount - base.amount) * 1000 / span);
  }

  /** Drops the samples before a pause, which would hold the rate down long after it. */
  #closeGap(delta: number, now: number): void {
    const isFirst = this.#samples.length === 0;
    if (!isFirst && now - this.#lastAt <= RATE_WINDOW) return;
    const since = delta === 0 ? now : now - (isFirst ? MIN_SPAN : RATE_WINDOW);
    this.#samples = [{ at: since, amount: this.#amount }];
  }
}
