/**
 * Sentences about the whole: what a client waits for, and what it has done.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";
import type { Paint } from "../terminal/paint.ts";
import type { ConnectionState, ProgressState } from "../state/progress.ts";
import { summaryLines } from "./summary.ts";
import { formatBytes, formatCount, formatElapsed, formatRate } from "../terminal/units.ts";

/** More names would hide the sentence. */
const NAMES_SHOWN = 3;

/** What a status depends on besides the state. */
export interface StatusOptions {
  /** Milliseconds, on the clock of the state's events. */
  readonly now: number;
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
}

/**
 * What the client waits for, in one line: the same said from long to short, so that who has little
 * room can take what fits. Empty if it is at work.
 */
export function statusOf(state: ProgressState, options: StatusOptions): readonly string[] {
  const { input, now } = options;
  const trouble = troubleOf(state.connection, now);
  if (trouble.length > 0) return trouble;
  const { waiting } = state;
  if (waiting.length > 0) {
    const short = `waiting for ${formatCount(waiting.length, "file")}`;
    return stoppable([waitingFor(waiting), `waiting for ${namesOf(waiting)}`, short], input);
  }
  if (input === null) return [];
  const name = sanitize(input);
  if (state.entries === 0) {
    return stoppable([`${name} names no file yet, watching it`, "no file named yet"], input);
  }
  return state.idle ? stoppable([`watching ${name}`, "watching"], input) : [];
}

/** Who watches the input goes on until the user stops it, which is worth more than details. */
function stoppable(texts: readonly string[], input: string | null): string[] {
  return input === null
    ? [...texts]
    : [...texts.map((text) => `${text}; Ctrl+C to stop`), ...texts];
}

/** Which lines of the input list match no file of the server. */
export function waitingFor(names: readonly string[]): string {
  const files = formatCount(names.length, "file");
  return `waiting for ${files} the server does not have yet: ${namesOf(names)}`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(sanitize).join(", ");
  const hidden = names.length - NAMES_SHOWN;
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}

/** What the system calls an error, which says nothing that its text does not. */
const ERROR_NUMBER = / \(os error \d+\)$/;

/** Why there is no connection, without when the next try comes. */
export function lossOf(server: string, reason: string, everConnected: boolean): string {
  return `${whatOf(server, everConnected)}: ${sanitize(reason.replace(ERROR_NUMBER, ""))}`;
}

function whatOf(server: string, everConnected: boolean): string {
  return everConnected ? "lost the server" : `cannot reach ${sanitize(server)}`;
}

/**
 * The last lines, if there is anything to sum up: without a server the error says it all.
 *
 * @param columns The most of a line.
 */
export function closingOf(
  state: ProgressState,
  now: number,
  paint: Paint,
  columns = Infinity,
): readonly string[] {
  const { summary } = state;
  const isWorthIt = state.connection.everConnected || state.totals.files > 0;
  if (!isWorthIt) return [];
  // Without a summary something went wrong that nobody foresaw.
  if (!summary) return [paint.strong(summaryOf(state, now))];
  return summaryLines(summary, paint, columns);
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
  const took = state.activeTime(now);
  const mean = took > 0 ? ` (${formatRate(state.fetched * 1000 / took)})` : "";
  return `${counts}: ${formatBytes(state.fetched)} in ${formatElapsed(took)}${mean}`;
}

function troubleOf(connection: ConnectionState, now: number): readonly string[] {
  const { phase, server, reason, retryAt, everConnected } = connection;
  if (phase === "connected" || server === "") return [];
  if (reason === null) return [`connecting to ${sanitize(server)}`, "connecting"];
  const losses = [
    lossOf(server, reason, everConnected),
    whatOf(server, everConnected),
    "no server",
  ];
  if (phase === "connecting") return losses.map((loss) => `${loss}; trying again`);
  if (retryAt === null) return losses;
  const seconds = Math.ceil(Math.max(0, retryAt - now) / 1000);
  return [...losses.map((loss) => `${loss}; trying again in ${seconds} s`), "no server"];
}
