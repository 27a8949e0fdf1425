/**
 * What a run has done and what it has not, as lines of text. Pure.
 *
 * @module
 */
import type { Shares, Summary } from "../../client/events.ts";
import { sanitize } from "../../text/sanitize.ts";
import type { Paint } from "../terminal/paint.ts";
import { wrapLine } from "../terminal/text_width.ts";
import {
  formatBytes,
  formatCount,
  formatElapsed,
  formatPart,
  formatRate,
} from "../terminal/units.ts";

/** Entries of one kind that are shown; the others are counted. */
const MAX_SHOWN = 10;

type Colour = (text: string) => string;

const MARGIN = "  ";
const LABEL_WIDTH = "unfinished".length;

/** With fewer columns than this, rows that begin below their text would be too short to read. */
const MIN_INDENTED = 40;

/**
 * The whole summary: one line, and below it what is to be known of what is not done. Not why a run
 * as a whole could not go on, which is said elsewhere.
 *
 * @param columns The most of a line; the command that people copy is never broken, whatever it is.
 */
export function summaryLines(summary: Summary, paint: Paint, columns = Infinity): string[] {
  const { failed, refused, unfinished, waiting, shares, resume } = summary;
  const kept = unfinished.toSorted((a, b) => b.resumableBytes - a.resumableBytes);
  const keptOfHidden = kept.slice(MAX_SHOWN).reduce((sum, file) => sum + file.resumableBytes, 0);
  const entries = (label: string, texts: readonly string[], colour: Colour, ofHidden = "") => {
    const shown = texts.slice(0, MAX_SHOWN).map((text) => labelled(label, text, colour));
    const hidden = texts.length - shown.length;
    return hidden > 0 ? [...shown, labelled(label, `+ ${hidden} more${ofHidden}`, colour)] : shown;
  };
  const lines = [
    ...entries(
      "failed",
      failed.map(({ path, reason, advice }) => `${named(path, reason)}; ${sanitize(advice)}`),
      paint.bad,
    ),
    ...entries("refused", refused.map(({ path, reason }) => named(path, reason)), paint.bad),
    ...entries(
      "unfinished",
      kept.map(({ path, resumableBytes, size }) =>
        named(path, `${formatBytes(resumableBytes)} of ${formatBytes(size)} kept`)
      ),
      paint.notable,
      `: ${formatBytes(keptOfHidden)} kept`,
    ),
    ...entries("not there", waiting.map(sanitize), paint.notable),
    ...shares === null ? [] : [labelled("shares", sharesText(shares), paint.moving)],
  ];
  const indent = MARGIN.length + (columns < MIN_INDENTED ? MARGIN.length : LABEL_WIDTH + 1);
  return [
    ...wrapLine(paint.strong(headlineOf(summary)), columns, MARGIN.length),
    ...lines.flatMap((line) => wrapLine(line, columns, indent)),
    ...resume === null ? [] : [labelled("to resume", sanitize(resume), paint.good)],
  ];
}

/** What a run has done, in one line. */
export function headlineOf(summary: Summary): string {
  const { done, alreadyThere, failed, refused, unfinished, waiting, bytes, repeated, activeTime } =
    summary;
  const counts = [
    formatCount(done, "file") + " done" +
    (alreadyThere > 0 ? ` (${alreadyThere} already there)` : ""),
    failed.length > 0 ? `${failed.length} failed` : "",
    refused.length > 0 ? `${refused.length} refused` : "",
    unfinished.length > 0 ? `${unfinished.length} unfinished` : "",
    waiting.length > 0 ? `${waiting.length} not on the server` : "",
  ].filter((count) => count !== "").join(", ");
  if (bytes === 0) return counts;
  const mean = activeTime > 0 ? ` (${formatRate(bytes * 1000 / activeTime)})` : "";
  const again = repeated > 0 ? `, ${formatBytes(repeated)} of it again` : "";
  return `${counts}: ${formatBytes(bytes)} in ${formatElapsed(activeTime)}${mean}${again}`;
}

/** What each priority got of what they competed for, and what it was due. */
export function sharesText({ priorities, bytes, took }: Shares): string {
  const parts = priorities.map(({ priority, actualShare, expectedShare }) =>
    `${priority} ${formatPart(actualShare)} (due ${formatPart(expectedShare)})`
  );
  return `${parts.join(", ")} of ${formatBytes(bytes)} in ${formatElapsed(took)} of competition`;
}

function named(path: string, text: string): string {
  return `${sanitize(path)}: ${sanitize(text)}`;
}

function labelled(label: string, text: string, colour: Colour): string {
  return `${MARGIN}${colour(label.padEnd(LABEL_WIDTH))} ${text}`;
}
