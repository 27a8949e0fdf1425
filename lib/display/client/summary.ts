/**
 * A run's summary as lines of text. Pure.
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

/** The most files of one kind that are listed; the others are counted. */
const MAX_SHOWN = 10;

type Colour = (text: string) => string;

const MARGIN = "  ";
const LABEL_WIDTH = "unfinished".length;

/** With fewer columns than this, later rows are indented less, to leave room for text. */
const MIN_INDENTED = 40;

/**
 * The whole summary: one line, and below it the files that are not done. An error that ended the
 * run as a whole is not part of it.
 *
 * @param columns The maximum width of a line. The resume command is never wrapped, so that people
 * can copy it.
 */
export function summaryLines(summary: Summary, paint: Paint, columns = Infinity): string[] {
  const { failed, refused, unfinished, waiting, shares, resume } = summary;
  const resumable = unfinished.toSorted((a, b) => b.resumableBytes - a.resumableBytes);
  const hiddenBytes = resumable.slice(MAX_SHOWN).reduce(
    (sum, file) => sum + file.resumableBytes,
    0,
  );
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
      resumable.map(({ path, resumableBytes, size }) =>
        named(path, `${formatBytes(resumableBytes)} of ${formatBytes(size)} kept`)
      ),
      paint.notable,
      `: ${formatBytes(hiddenBytes)} kept`,
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

/** A run's result in one line. */
export function headlineOf(summary: Summary): string {
  const { done, alreadyThere, failed, refused, unfinished, waiting, bytes, repeated, activeTime } =
    summary;
  const { misread, entries } = summary;
  const counts = [
    formatCount(done, "file") + " done" +
    (alreadyThere > 0 ? ` (${alreadyThere} already there)` : ""),
    failed.length > 0 ? `${failed.length} failed` : "",
    refused.length > 0 ? `${refused.length} refused` : "",
    unfinished.length > 0 ? `${unfinished.length} unfinished` : "",
    waiting.length > 0 ? `${waiting.length} not on the server` : "",
    misread > 0 ? `${formatCount(misread, "line")} of the list not understood` : "",
    entries + misread === 0 ? "the list names no file" : "",
  ].filter((count) => count !== "").join(", ");
  if (bytes === 0) return counts;
  const mean = activeTime > 0 ? ` (${formatRate(bytes * 1000 / activeTime)})` : "";
  const repeats = repeated > 0 ? `, ${formatBytes(repeated)} repeated` : "";
  return `${counts}: ${formatBytes(bytes)} in ${formatElapsed(activeTime)}${mean}${repeats}`;
}

/** Each priority's actual and expected share of the bytes that priorities competed for. */
export function sharesText({ priorities, bytes, took }: Shares): string {
  const parts = priorities.map(({ priority, actualShare, expectedShare }) =>
    `${priority} ${formatPart(actualShare)} (expected ${formatPart(expectedShare)})`
  );
  return `${parts.join(", ")} of ${formatBytes(bytes)} in ${formatElapsed(took)} of competition`;
}

function named(path: string, text: string): string {
  return `${sanitize(path)}: ${sanitize(text)}`;
}

function labelled(label: string, text: string, colour: Colour): string {
  return `${MARGIN}${colour(label.padEnd(LABEL_WIDTH))} ${text}`;
}
