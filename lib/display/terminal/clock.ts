/**
 * The displays' clock, as an interface, so that tests can replace it.
 *
 * @module
 */

/** Time and a timer, in milliseconds. */
export interface Clock {
  /** Monotonic time since an arbitrary origin. */
  now(): number;
  /** Calls `call` periodically until the returned function is called; keeps no process alive. */
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
