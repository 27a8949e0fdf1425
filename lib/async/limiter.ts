/**
 * Some at a time.
 *
 * @module
 */

import { Queue } from "./queue.ts";

/** Runs a function once there is room for it; its result. */
export type Limiter = <T>(run: () => T | Promise<T>) => Promise<T>;

/**
 * A limiter.
 *
 * @param atOnce How many functions run at once; the others wait their turn.
 */
export function limiter(atOnce: number): Limiter {
  const waiting = new Queue<() => void>();
  let running = 0;
  return async (run) => {
    if (running === atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await run();
    } finally {
      // A turn is handed on, so that nobody who comes now is served before who waits.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
