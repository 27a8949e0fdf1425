/**
 * The last moment of a program that ends in the middle of something.
 *
 * @module
 */

/** An exception that nobody catches, a promise likewise, and `Deno.exit`. */
const LAST_EVENTS = ["error", "unhandledrejection", "unload"] as const;

/**
 * Calls when the program is about to end although nobody has said so. Not at a signal that kills.
 *
 * @returns A function that takes the call back.
 */
export function onExit(call: () => void): () => void {
  for (const name of LAST_EVENTS) globalThis.addEventListener(name, call);
  return () => {
    for (const name of LAST_EVENTS) globalThis.removeEventListener(name, call);
  };
}
