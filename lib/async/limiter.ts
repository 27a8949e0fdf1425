/**
 * A limit on how many functions run at once.
 *
 * @module
 */

import { Queue } from "./queue.ts";

/** Runs a function as soon as the limit allows, and returns its result. */
export type Limiter = <T>(run: () => T | Promise<T>) => Promise<T>;

/**
 * Returns a limiter.
 *
 * @param max How many functions run at once; the others wait in FIFO order.
 */
export function limiter(max: number): Limiter {
  const waiting = new Queue<() => void>();
  let running = 0;
  return async (run) => {
    if (running === max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      // The place is handed over, so that a new call cannot overtake those that wait.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
