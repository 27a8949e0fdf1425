/**
 * How long to wait before the next attempt. Pure.
 *
 * @module
 */

const FIRST_MS = 200;
const MAX_BACKOFF_MS = 10_000;

/**
 * Exponential backoff with jitter: from 0.2 s, doubling, to 10 s, each time somewhere between
 * half of it and all of it, so that clients that lost a server together do not return together.
 *
 * @param attempt 0 for the first wait.
 * @param random From 0 to 1.
 * @returns Milliseconds.
 */
export function backoff(attempt: number, random: number): number {
  const whole = Math.min(MAX_BACKOFF_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.round(whole * (0.5 + random / 2));
}
