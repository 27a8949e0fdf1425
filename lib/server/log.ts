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

/** Longest text of one detail, in UTF-16 units: a peer's words are not to fill the disk. */
const MAX_DETAIL = 500;

function shorten(text: string): string {
  return text.length > MAX_DETAIL ? `${text.slice(0, MAX_DETAIL).toWellFormed()}…` : text;
}

function quoteIfNeeded(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const text = shorten(printable(value));
  return /^[^\s"=\\]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
