/**
 * The server's log: one line per event, as text or JSON.
 *
 * @module
 */
import { jsonLine } from "../text/json_line.ts";
import { sanitize } from "../text/sanitize.ts";
import { RateBound } from "../async/rate_bound.ts";
import type { ServerEvent } from "./events.ts";

/** Writes an event to the log. */
export type Log = (event: ServerEvent) => void;

/** The format of the log. */
export type LogStyle = "text" | "json";

/** An event as a flat record. */
export interface LogEvent {
  /** The event's name. */
  readonly event: string;
  /** Details, in the order in which they are written. */
  readonly [detail: string]: string | number | boolean;
}

/** Returns a log that writes lines. */
export function lineLog(style: LogStyle, write: (line: string) => void): Log {
  return (event) => write(formatLog(style, event));
}

interface Bound {
  readonly burst: number;
  readonly intervalMs: number;
}

const USUAL: Bound = { burst: 100, intervalMs: 10_000 };
/**
 * The events that a peer can cause at will: a burst of each is logged, then one in each interval.
 * A load balancer may cause failed connections all the time.
 */
const BOUNDS: { readonly [event in ServerEvent["event"]]?: Bound } = {
  client_refused: USUAL,
  request_refused: USUAL,
  accept_failed: USUAL,
  session_failed: USUAL,
  connection_failed: { burst: 10, intervalMs: 600_000 },
};

/**
 * A log that bounds the rate of what peers can cause, and says how many lines it leaves out: with
 * the next line of the event, and at the end.
 *
 * @param now Milliseconds, of any steady clock.
 */
export function boundedLog(log: Log, now: () => number = () => performance.now()): Log {
  const bounds = new Map<string, RateBound>();
  const sayOmitted = (name: string, bound: RateBound) => {
    const lines = bound.takeOmitted();
    const reason = `more ${name} than are logged`;
    if (lines > 0) log({ event: "lines_dropped", lines, reason });
  };
  return (event) => {
    const { event: name } = event;
    const limit = BOUNDS[name];
    if (limit) {
      const bound = bounds.get(name) ?? new RateBound(limit.burst, limit.intervalMs);
      bounds.set(name, bound);
      if (!bound.take(now())) return;
      sayOmitted(name, bound);
    } else if (name === "server_stopped") {
      for (const [name, bound] of bounds) sayOmitted(name, bound);
    }
    log(event);
  };
}

/** An event as one line with the present time. */
export function formatLog(style: LogStyle, event: ServerEvent): string {
  return style === "json" ? formatJsonLine(event, new Date()) : formatLogLine(event, new Date());
}

/**
 * An event as one line of text: time, event, then `name=value` for each detail. Strings are
 * sanitized.
 */
export function formatLogLine({ event, ...details }: LogEvent, time: Date): string {
  const fields = Object.entries(details).map(([name, value]) => `${name}=${quoteIfNeeded(value)}`);
  return [time.toISOString(), event, ...fields].join("  ");
}

/** An event as one JSON object: `time`, `event`, then its details, safe for a terminal. */
export function formatJsonLine({ event, ...details }: LogEvent, time: Date): string {
  const bounded = Object.entries(details)
    .map((
      [name, value],
    ) => [name, typeof value === "string" ? shorten(value, MAX_JSON_DETAIL) : value]);
  return jsonLine({ time: time.toISOString(), event, ...Object.fromEntries(bounded) });
}

/** The longest text of one detail, in UTF-16 units, so that a peer cannot fill the disk. */
const MAX_DETAIL = 500;
/** The same for JSON, which has paths in full: the longest path has this many bytes. */
const MAX_JSON_DETAIL = 4096;

function shorten(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max).toWellFormed()}…` : text;
}

function quoteIfNeeded(value: string | number | boolean): string {
  if (typeof value !== "string") return String(value);
  const text = shorten(sanitize(value), MAX_DETAIL);
  return /^[^\s"=\\]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}
