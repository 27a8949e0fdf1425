/**
 * Ctrl+C and its relatives.
 *
 * @module
 */
import type { Platform } from "../platform.ts";

/** The signals that ask a program to end: Windows has no SIGTERM, but a Ctrl+Break. */
export function endingSignals(platform: Platform): readonly Deno.Signal[] {
  return platform === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];
}

/**
 * One press of Ctrl+C may arrive more than once within this long, in milliseconds: under
 * `deno task` from the terminal, and again from `deno task`, which passes it on.
 */
const ONE_PRESS_MS = 500;

/**
 * Aborts at the first request to end. Soon after that the system's own handling is back, so that
 * a second Ctrl+C ends a slow end at once.
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
  // A press that is not over yet may still arrive again: it must not kill a program that exits.
  const dispose = () => {
    if (timer === undefined) stopListening();
  };
  return Object.assign(controller.signal, { [Symbol.dispose]: dispose });
}
