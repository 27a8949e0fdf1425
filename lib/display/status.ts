/**
 * Sentences about the whole: what a client waits for, and what it has done.
 *
 * @module
 */
import { printable } from "../printable.ts";
import type { Paint } from "./paint.ts";
import type { Connection, ProgressState } from "./progress.ts";
import { summaryLines } from "./summary.ts";
import { formatBytes, formatCount, formatElapsed, formatRate } from "./units.ts";

/** More names would hide the sentence. */
const NAMES_SHOWN = 3;

/** What a status depends on besides the state. */
export interface StatusOptions {
  /** Milliseconds, on the clock of the state's events. */
  readonly now: number;
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
}

/** What the client waits for, in one line; null if it is at work. */
export function statusOf(state: ProgressState, options: StatusOptions): string | null {
  const { input, now } = options;
  const trouble = troubleOf(state.connection, now);
  if (trouble) return trouble;
  const stop = input === null ? "" : "; Ctrl+C to stop";
  if (state.waiting.length > 0) return waitingFor(state.waiting) + stop;
  if (input === null) return null;
  if (state.wishes === 0) return `${printable(input)} names no file yet, watching it${stop}`;
  return state.idle ? `watching ${printable(input)}${stop}` : null;
}

/** Which lines of the input list match no file of the server. */
export function waitingFor(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(printable).join(", ");
  const hidden = names.length - NAMES_SHOWN;
  const more = hidden > 0 ? ` and ${hidden} more` : "";
  const files = formatCount(names.length, "file");
  return `waiting for ${files} the server does not have yet: ${shown}${more}`;
}

/** Why there is no connection, without when the next try comes. */
export function lossOf(server: string, reason: string, everConnected: boolean): string {
  const what = everConnected ? "lost the server" : `cannot reach ${printable(server)}`;
  return `${what}: ${printable(reason)}`;
}

/** The last lines, if there is anything to sum up: without a server the error says it all. */
export function closingOf(state: ProgressState, now: number, paint: Paint): readonly string[] {
  const { summary } = state;
  const isWorthIt = state.connection.everConnected || state.totals.files > 0;
  if (!isWorthIt) return [];
  // Without a summary something went wrong that nobody foresaw.
  return summary ? summaryLines(summary, paint) : [paint.strong(summaryOf(state, now))];
}

/** What a client has done so far, in one line. */
export function summaryOf(state: ProgressState, now: number): string {
  const { files, done, alreadyThere, failed } = state.totals;
  const unfinished = files - done - failed;
  const missing = state.waiting.length;
  const counts = [
    formatCount(done, "file") + " done" +
    (alreadyThere > 0 ? ` (${alreadyThere} already there)` : ""),
    failed > 0 ? `${failed} failed` : "",
    unfinished > 0 ? `${unfinished} unfinished` : "",
    missing > 0 ? `${missing} not on the server` : "",
  ].filter((count) => count !== "").join(", ");
  if (state.fetched === 0) return counts;
  const took = state.busyTime(now);
  const mean = took > 0 ? ` (${formatRate(state.fetched * 1000 / took)})` : "";
  return `${counts}: ${formatBytes(state.fetched)} in ${formatElapsed(took)}${mean}`;
}

function troubleOf(connection: Connection, now: number): string | null {
  const { phase, server, reason, retryAt, everConnected } = connection;
  if (phase === "connected" || server === "") return null;
  if (reason === null) return `connecting to ${printable(server)}`;
  const loss = lossOf(server, reason, everConnected);
  if (phase === "connecting") return `${loss}; trying again`;
  if (retryAt === null) return loss;
  const seconds = Math.ceil(Math.max(0, retryAt - now) / 1000);
  return `${loss}; trying again in ${seconds} s`;
}
