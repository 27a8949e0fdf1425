/**
 * Ctrl+C and its relatives.
 *
 * @module
 */

/** The signals that ask a program to end, as far as a system has them. */
const ENDING_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Aborts at the first request to end. After that the system's own handling is back, so that a
 * second Ctrl+C ends a slow end at once.
 */
export function interruptSignal(): AbortSignal & Disposable {
  const controller = new AbortController();
  const stopListening = () => {
    for (const signal of ENDING_SIGNALS) Deno.removeSignalListener(signal, interrupt);
  };
  const interrupt = () => {
    stopListening();
    controller.abort();
  };
  for (const signal of ENDING_SIGNALS) Deno.addSignalListener(signal, interrupt);
  return Object.assign(controller.signal, { [Symbol.dispose]: stopListening });
}
