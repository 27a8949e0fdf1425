/**
 * The server's log: one line an event, for people or for programs.
 *
 * @module
 */
import { jsonLine } from "../text/json_line.ts";
import { sanitize } from "../text/sanitize.ts";
import type { ServerEvent } from "./events.ts";

/** Takes events for the log. */
export type Log = (event: ServerEvent) => void;

/** How the log is written. */
export type LogStyle = "text" | "json";

/** Something to log. */
export interface LogEvent {
  /** What happened, a few words. */
  readonly event: string;
  /** Details in the order in which they are shown. */
  readonly [detail: string]: string | number | boolean;
}

/** A log that writes lines. */
export function lineLog(style: LogStyle, write: (line: string) => void): Log {
  const format = style === "json" ? formatJsonLine : formatLogLine;
  return (event) => write(format(event, new Date()));
}

/**
 * An event as one line of text: time, event, then `name=value` for each detail. Strings from
 * peers are made safe for a terminal.
 */
export function formatLogLine({ event, ...details }: LogEvent, time: Date): string {
  const words = Object.entries(details).map(([name, value]) => `${name}=${quoteIfNeeded(value)}`);
  return [time.toISOString(), event, ...words].join("  ");
}

/** An event as one JSON object: `time`, `event`, then its details, which are safe to look at. */
export function formatJsonLine({ event, ...details }: LogEvent, time: Date): string {
  const bounded = Object.entries(details)
    .map(([name, value]) => [name, typeof value === "string" ? shorten(value, MAX_VALUE) : value]);
  return jsonLine({ time: time.toISOString(), event, ...Object.fromEntries(bounded) });
}

/** Longest text of one detail, in UTF-16 units: a peer's words are not to fill the disk. */
const MAX_DETAIL = 500;
/** The same for programs, which want a path whole: it has at most as many bytes. */
const MAX_VALUE = 4096;

function shorten(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).toWellFormed()}…` : text;
}

function quoteIfNeeded(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const text = shorten(sanitize(value), MAX_DETAIL);
  return /^[^\s"=\\]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
