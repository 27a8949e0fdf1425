/**
 * The delay before the next attempt to connect. Pure.
 *
 * @module
 */

const FIRST_MS = 200;
const MAX_BACKOFF_MS = 10_000;

/**
 * Exponential backoff with jitter: from 0.2 s, doubling, to 10 s, each time a
 * random part between half and all of it, so that clients that lost a server together do not
 * reconnect together.
 *
 * @param attempt The number of delays before, from 0.
 * @param random A random number from 0 to 1.
 * @returns The delay in milliseconds.
 */
export function backoff(attempt: number, random: number): number {
  const whole = Math.min(MAX_BACKOFF_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.round(whole * (0.5 + random / 2));
}
