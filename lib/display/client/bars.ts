/**
 * The progress display as lines of text: a row for each file, one for the total, one for the
 * status. Pure; `bars_writer.ts` writes it.
 *
 * @module
 */
import { PRIORITIES, type Priority } from "../../client/priority.ts";
import { sanitize } from "../../text/sanitize.ts";
import { drawBar } from "../terminal/bar.ts";
import { type BarColumns, columnsFor, REPEAT_LABEL } from "./bar_columns.ts";
import type { FileGroup, FileState } from "../state/file_table.ts";
import { type Paint, paintOf } from "../terminal/paint.ts";
import { percentOf, type ProgressState } from "../state/progress.ts";
import { statusOf } from "./status.ts";
import { fitting, padEnd, padStart, shorten, widthOf } from "../terminal/text_width.ts";
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatRate,
} from "../terminal/units.ts";

/** The surroundings of a drawing. */
export interface BarsOptions {
  /** Usable columns of the terminal. */
  readonly columns: number;
  /** Rows of the terminal; at least one stays free. */
  readonly rows: number;
  /** Milliseconds, on the clock of the state's events. */
  readonly now: number;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
}

/** The part of a tall terminal that the bars may take; the rest is for the lines above. */
const MAX_PART_OF_HEIGHT = 0.75;

/** The bars may take this many lines whatever the terminal's height. */
const MIN_LINES = 8;

/** The most rows of queued files: more would only fill the screen. */
const MAX_QUEUED = 5;

const UNKNOWN_TIME = "-:--";

interface Pen extends BarsOptions {
  readonly paint: Paint;
  readonly widths: BarColumns;
}

/**
 * At most `rows - 1` lines of at most `columns` columns: active files by priority and then by
 * start, queued files, a count of the files without a row, the total, and the status. None if
 * there is nothing to show.
 */
export function renderBars(state: ProgressState, options: BarsOptions): string[] {
  const { columns, rows, color, unicode } = options;
  const maxLines = Math.min(rows - 1, Math.max(MIN_LINES, Math.floor(rows * MAX_PART_OF_HEIGHT)));
  if (maxLines < 1 || columns < 1) return [];
  const paint = paintOf(color);
  const status = fitting(statusOf(state, options), columns, unicode);
  const hasTotal = state.totals.files > 0;
  const room = maxLines - (hasTotal ? 1 : 0) - (status === "" ? 0 : 1);

  const open = state.active.size + state.queued.size;
  const showable = state.active.size + Math.min(state.queued.size, MAX_QUEUED);
  const folds = open > Math.min(room, showable) && room > 1;
  const shown = firstFiles(state, folds ? room - 1 : room);
  const names = shown.map(({ path }) => sanitize(path));
  const widths = columnsFor(
    columns,
    names.reduce((widest, name) => Math.max(widest, widthOf(name)), 0),
  );
  const pen: Pen = { ...options, paint, widths };

  const lines = shown.map((file, index) => fileRow(state, file, names[index]!, pen));
  if (folds) lines.push(paint.faint(foldText(state, shown, columns)));
  if (hasTotal) lines.push(totalRow(state, pen));
  if (status !== "") lines.push(paint.notable(status));
  return lines.slice(-maxLines);
}

/** The files to show, at most `limit`. */
function firstFiles(state: ProgressState, limit: number): FileState[] {
  const active = firstOf(state.active, limit);
  const queued = firstOf(state.queued, Math.min(limit - active.length, MAX_QUEUED));
  return [...active, ...queued];
}

/** The first of a group by priority, and then in the group's order. */
function firstOf(group: FileGroup, limit: number): FileState[] {
  const files: FileState[] = [];
  for (const file of group) {
    if (files.length >= limit) return files;
    files.push(file);
  }
  return files;
}

/** The number of files without a row, by priority if there is room for that. */
function foldText(state: ProgressState, shown: readonly FileState[], columns: number): string {
  const counts = PRIORITIES.map((priority) => {
    const open = state.active.of(priority).size + state.queued.of(priority).size;
    return { priority, count: open - shown.filter((file) => file.priority === priority).length };
  }).filter(({ count }) => count > 0);
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const textOf = (width: number) =>
    counts.map(({ priority, count }) => `${count} ${priority.slice(0, width)}`).join(", ");
  const texts = [`+ ${total} more (${textOf(8)})`, `+ ${total} more (${textOf(1)})`];
  return texts.find((text) => text.length <= columns) ?? `+ ${total} more`.slice(0, columns);
}

function fileRow(state: ProgressState, file: FileState, name: string, pen: Pen): string {
  const { paint, widths, now } = pen;
  const head = [
    left(priorityText(file.priority, widths.priority), widths.priority, priorityPaint(file, paint)),
    left(shorten(name, widths.name, pen.unicode), widths.name),
  ];
  if (file.stage === "queued") {
    return row([
      ...head,
      left("queued", widths.bar, paint.faint),
      right("", widths.percent),
      right(formatBytes(file.size), widths.bytes, paint.faint),
    ]);
  }
  if (file.stage === "verifying") {
    const note = widths.rate > 0 ? ["checking", ""] : ["", "checking"];
    return row([...head, ...measure(amountOf(file, true), note, pen)]);
  }
  const rate = formatRate(state.fileRate(file, now));
  const timeLeft = time(isConnected(state) ? state.fileTimeLeft(file, now) : null);
  return row([...head, ...measure(amountOf(file, false), [rate, timeLeft], pen)]);
}

function totalRow(state: ProgressState, pen: Pen): string {
  const { totals } = state;
  const { paint, widths, now } = pen;
  const failed = totals.failed > 0 ? `, ${totals.failed} failed` : "";
  const width = (widths.priority > 0 ? widths.priority + 1 : 0) + widths.name;
  const label = [
    `${totals.done} of ${formatCount(totals.files, "file")}${failed}`,
    `${totals.done} of ${totals.files}${failed}`,
    `${totals.done}/${totals.files}${failed}`,
    `${totals.done}/${totals.files}`,
  ].find((text) => widthOf(text) <= width) ?? `${totals.done}`;
  const isActive = state.active.size > 0;
  const isComplete = totals.done === totals.files;
  const timeLeft = time(isConnected(state) ? state.timeLeft(now) : null);
  const pace = isActive ? [formatRate(state.rate(now)), timeLeft] : ["", ""];
  return row([
    left(shorten(label, width, pen.unicode), width, paint.strong),
    ...measure(amountOf({ ...totals, received: totals.peakReceived }, isComplete), pace, pen),
  ]);
}

interface Amount {
  /** The most bytes that were ever on disk. */
  readonly peakReceived: number;
  readonly size: number;
  readonly percent: number;
  /** Bytes that were on disk once and have to be fetched again. */
  readonly repeated: number;
}

/** @param complete Whether an empty file is complete, which its bytes do not show. */
function amountOf(
  { peakReceived, size, received }: Pick<FileState, "peakReceived" | "size" | "received">,
  complete: boolean,
): Amount {
  const percent = size > 0 ? percentOf(peakReceived, size) : (complete ? 100 : 0);
  return { peakReceived, size, percent, repeated: peakReceived - received };
}

/** The cells of bar, percent, bytes, rate and time left. */
function measure(
  amount: Amount,
  [rate = "", timeLeft = ""]: readonly string[],
  pen: Pen,
): string[] {
  const { paint, widths, unicode } = pen;
  const { peakReceived, size, percent, repeated } = amount;
  const fraction = size > 0 ? peakReceived / size : percent / 100;
  const bar = widths.bar > 0 ? drawBar(fraction, widths.bar, unicode) : "";
  return [
    left(bar, widths.bar, paint.moving),
    right(`${percent}%`, widths.percent),
    right(
      repeated > 0 ? REPEAT_LABEL + formatBytes(repeated) : formatBytesOf(peakReceived, size),
      widths.bytes,
    ),
    right(rate, widths.rate),
    right(timeLeft, widths.time),
  ];
}

function row(cells: readonly string[]): string {
  return cells.filter((cell) => cell !== "").join(" ").trimEnd();
}

function isConnected(state: ProgressState): boolean {
  return state.connection.phase === "connected";
}

function time(milliseconds: number | null): string {
  return milliseconds === null ? UNKNOWN_TIME : formatDuration(milliseconds);
}

function priorityText(priority: Priority, width: number): string {
  return width < priority.length ? priority.slice(0, 1) : priority;
}

function priorityPaint(file: FileState, paint: Paint): ((text: string) => string) | undefined {
  if (file.priority === "CRITICAL") return paint.strong;
  return file.priority === "NORMAL" ? paint.faint : undefined;
}

/** A cell; empty if its column is left out. */
function left(text: string, width: number, paint?: (text: string) => string): string {
  return width === 0 ? "" : padEnd(painted(text, paint), width);
}

function right(text: string, width: number, paint?: (text: string) => string): string {
  return width === 0 ? "" : padStart(painted(text, paint), width);
}

function painted(text: string, paint?: (text: string) => string): string {
  return paint && text !== "" ? paint(text) : text;
}
