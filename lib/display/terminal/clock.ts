/**
 * The clock of the displays, which tests replace.
 *
 * @module
 */

/** Time and a timer, in milliseconds. */
export interface Clock {
  /** Time that never goes back; where it begins does not matter. */
  now(): number;
  /** Calls again and again until the function it returns is called; keeps no process alive. */
  every(milliseconds: number, call: () => void): () => void;
}

/** The machine's clock. */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  every: (milliseconds, call) => {
    const timer = setInterval(call, milliseconds);
    Deno.unrefTimer(timer);
    return () => clearInterval(timer);
  },
};
