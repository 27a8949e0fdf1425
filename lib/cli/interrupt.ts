/**
 * Ctrl+C and the other signals that end a program.
 *
 * @module
 */
import type { Platform } from "../platform.ts";

/** The signals that end a program: Windows has no SIGTERM, but Ctrl+Break. */
export function endingSignals(platform: Platform): readonly Deno.Signal[] {
  return platform === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
}

/**
 * Milliseconds within which one press of Ctrl+C may arrive more than once: under `deno task` it
 * comes from the terminal, and again from `deno task`, which forwards it.
 */
const ONE_PRESS_MS = 500;

/**
 * A signal that aborts at the first Ctrl+C. Soon after, the system's own handling is restored, so
 * that a second Ctrl+C kills a slow shutdown.
 */
export function interruptSignal(): AbortSignal & Disposable {
  const signals = endingSignals(Deno.build.os);
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopListening = () => {
    clearTimeout(timer);
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
  };
  const interrupt = () => {
    if (timer === undefined) Deno.unrefTimer(timer = setTimeout(stopListening, ONE_PRESS_MS));
    controller.abort();
  };
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  // The same press may arrive again: it must not kill a program that is exiting.
  const dispose = () => {
    if (timer === undefined) stopListening();
  };
  return Object.assign(controller.signal, { [Symbol.dispose]: dispose });
}
