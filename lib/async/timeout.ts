/**
 * Waiting for a promise with a time limit.
 *
 * @module
 */

/**
 * Whether a promise is fulfilled or rejected within a time limit.
 *
 * @param ms Milliseconds.
 */
export async function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const settled = await Promise.race([promise.then(() => true, () => true), late]);
  clearTimeout(timer);
  return settled;
}
