/**
 * Sentences about the whole run: what the client waits for, and what it has done.
 *
 * @module
 */
import { expectedShares, perPriority, PRIORITIES } from "../../client/priority.ts";
import { sanitize } from "../../text/sanitize.ts";
import type { Paint } from "../terminal/paint.ts";
import type { ConnectionState } from "../state/connection_state.ts";
import type { ProgressState } from "../state/progress.ts";
import { summaryLines } from "./summary.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
  formatRate,
} from "../terminal/units.ts";

/** The most names in a sentence. */
const NAMES_SHOWN = 3;

/** The surroundings of a status. */
export interface StatusOptions {
  /** Milliseconds, on the clock of the state's events. */
  readonly now: number;
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
}

/**
 * The status line: what the client waits for, in texts from long to short, so that the caller can
 * take the first that fits. Empty while data is received.
 */
export function statusOf(state: ProgressState, options: StatusOptions): readonly string[] {
  const { input, now } = options;
  const connection = connectionTexts(state.connection, now);
  if (connection.length > 0) return connection;
  const stalledSince = state.stalledSince(now);
  if (stalledSince !== null) {
    const text = noDataFor(now - stalledSince);
    return stoppable([text], input);
  }
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

/** Texts that first say how to stop a client that watches its input list. */
function stoppable(texts: readonly string[], input: string | null): string[] {
  return input === null
    ? [...texts]
    : [...texts.map((text) => `${text}; Ctrl+C to stop`), ...texts];
}

/** The shares of a shorter time say little, in milliseconds. */
const MIN_SHARED_MS = 2_000;

/**
 * The elapsed time, and the present share of each priority beside the one that its weight gives it,
 * in texts from long to short. Empty while no file is being downloaded.
 */
export function paceOf(state: ProgressState, now: number): readonly string[] {
  if (state.active.size === 0) return [];
  const elapsed = state.activeTime(now);
  const time = `${formatDuration(elapsed)} elapsed`;
  const rates = perPriority((priority) => state.priorityRate(priority, now));
  const total = PRIORITIES.reduce((sum, priority) => sum + rates[priority], 0);
  const open = perPriority((priority) =>
    state.active.of(priority).size + state.queued.of(priority).size
  );
  const expected = expectedShares(open);
  const competing = PRIORITIES.filter((priority) => open[priority] > 0);
  if (competing.length < 2 || total === 0 || elapsed < MIN_SHARED_MS) return [time];
  const shares = competing.map((priority) => ({
    priority,
    actual: Math.round(100 * rates[priority] / total),
    due: Math.round(100 * expected[priority]),
  }));
  const long = shares.map(({ priority, actual, due }) => `${priority} ${actual}% of ${due}%`);
  const short = shares.map(({ priority, actual, due }) => `${priority[0]} ${actual}/${due}%`);
  return [`${time}; shares now: ${long.join(", ")}`, `${time}; ${short.join(", ")}`, time];
}

/** A phrase about a run that stands still. */
export function noDataFor(milliseconds: number): string {
  return `no data for ${Math.floor(milliseconds / 1000)} s`;
}

/** A sentence about the entries that match no file of the server. */
export function waitingFor(names: readonly string[]): string {
  const files = formatCount(names.length, "file");
  return `waiting for ${files} the server does not have yet: ${namesOf(names)}`;
}

function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map(sanitize).join(", ");
  const hidden = names.length - NAMES_SHOWN;
  return hidden > 0 ? `${shown} and ${hidden} more` : shown;
}

/** The system's error number, which adds nothing to the text before it. */
const ERROR_NUMBER = / \(os error \d+\)$/;

/** A text that says why there is no connection, without the time of the next attempt. */
export function lossOf(server: string, reason: string, everConnected: boolean): string {
  return `${lossWithoutReason(server, everConnected)}: ${
    sanitize(reason.replace(ERROR_NUMBER, ""))
  }`;
}

function lossWithoutReason(server: string, everConnected: boolean): string {
  return everConnected ? "lost the server" : `cannot reach ${sanitize(server)}`;
}

/**
 * The closing lines; none if no connection was made, when the error is enough.
 *
 * @param columns The maximum width of a line.
 */
export function closingOf(
  state: ProgressState,
  now: number,
  paint: Paint,
  columns = Infinity,
): readonly string[] {
  const { summary } = state;
  const hasResult = state.connection.everConnected || state.totals.files > 0;
  if (!hasResult) return [];
  // A run without a summary ended by an unexpected error.
  if (!summary) return [paint.strong(summaryOf(state, now))];
  return summaryLines(summary, paint, columns);
}

/** The run so far, in one line. */
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

function connectionTexts(connection: ConnectionState, now: number): readonly string[] {
  const { phase, server, reason, retryAt, everConnected } = connection;
  if (phase === "connected" || server === "") return [];
  if (reason === null) return [`connecting to ${sanitize(server)}`, "connecting"];
  const losses = [
    lossOf(server, reason, everConnected),
    lossWithoutReason(server, everConnected),
    "no server",
  ];
  if (phase === "connecting") return losses.map((loss) => `${loss}; trying again`);
  if (retryAt === null) return losses;
  const seconds = Math.ceil(Math.max(0, retryAt - now) / 1000);
  return [...losses.map((loss) => `${loss}; trying again in ${seconds} s`), "no server"];
}
