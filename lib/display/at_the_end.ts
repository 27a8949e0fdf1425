/**
 * The last moment of a program, however it ends, but for signals that nobody listens to.
 *
 * @module
 */

/** An error that nobody caught, in a callback or in a promise; and the program's own end. */
const ENDS = ["error", "unhandledrejection", "unload"] as const;

/**
 * Calls when the program ends.
 *
 * @param call Does what must be done at once: nothing is awaited any more.
 * @returns What takes it back.
 */
export function atTheEnd(call: () => void): () => void {
  const listener = () => call();
  for (const end of ENDS) globalThis.addEventListener(end, listener);
  return () => {
    for (const end of ENDS) globalThis.removeEventListener(end, listener);
  };
}
