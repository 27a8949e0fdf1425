/**
 * A hook for ends of the program that no caller handles.
 *
 * @module
 */

/** An uncaught exception, an unhandled rejection, and `Deno.exit`. */
const LAST_EVENTS = ["error", "unhandledrejection", "unload"] as const;

/**
 * Calls `call` when the program is about to end without cleanup. Not at a signal that kills.
 *
 * @returns A function that removes the hook.
 */
export function onExit(call: () => void): () => void {
  for (const name of LAST_EVENTS) globalThis.addEventListener(name, call);
  return () => {
    for (const name of LAST_EVENTS) globalThis.removeEventListener(name, call);
  };
}
