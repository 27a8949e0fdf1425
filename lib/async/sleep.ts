/**
 * A delay that an `AbortSignal` can end.
 *
 * @module
 */

/**
 * Resolves after a delay, or as soon as the signal is aborted.
 *
 * @param ms Milliseconds.
 */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener("abort", wake);
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
