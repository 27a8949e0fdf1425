/**
 * The server's log: one line an event.
 *
 * @module
 */
import { printable } from "../printable.ts";

/** Something to log. */
export interface LogEvent {
  /** What happened, a few words. */
  readonly event: string;
  /** Details in the order in which they are shown. */
  readonly [detail: string]: string | number | boolean;
}

/** Takes events for the log. */
export type Log = (event: LogEvent) => void;

/**
 * An event as one line of text: time, event, then `name=value` for each detail. Strings from
 * peers are made safe for a terminal.
 */
export function formatLogLine({ event, ...details }: LogEvent, time: Date): string {
  const words = Object.entries(details).map(([name, value]) => `${name}=${quoteIfNeeded(value)}`);
  return [time.toISOString(), event, ...words].join("  ");
}

/** A log that writes text lines. */
export function textLog(write: (line: string) => void): Log {
  return (event) => write(formatLogLine(event, new Date()));
}

function quoteIfNeeded(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const text = printable(value);
  return /^[^\s"=]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}
