/**
 * The progress display as lines of text: a row for each file, one for all, one for what is waited
 * for. Pure; who writes it is `bars_writer.ts`.
 *
 * @module
 */
import { PRIORITIES, type Priority } from "../../client/priority.ts";
import { sanitize } from "../../text/sanitize.ts";
import { drawBar } from "../terminal/bar.ts";
import { type BarColumns, columnsFor } from "./bar_columns.ts";
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

/** What a drawing depends on besides the state. */
export interface BarsOptions {
  /** Columns of the terminal that may be used. */
  readonly columns: number;
  /** Rows of the terminal; at least one stays free. */
  readonly rows: number;
  /** Milliseconds, on the clock of the state's events. */
  readonly now: number;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
}

/** Of a tall terminal so much is left to the lines above the bars. */
const MAX_PART_OF_HEIGHT = 0.75;

/** Fewer lines than this are used whatever the terminal's height. */
const MIN_LINES = 8;

/** Files whose turn has not come: more of them would be a wall that says nothing. */
const MAX_QUEUED = 5;

const UNKNOWN_TIME = "-:--";

interface Pen extends BarsOptions {
  readonly paint: Paint;
  readonly widths: BarColumns;
}

/**
 * At most `rows - 1` lines of at most `columns` columns: files under way by priority and then by
 * start, files whose turn has not come, a count of those that found no room, the total, and what
 * is waited for. None if there is nothing to say.
 */
export function renderBars(state: ProgressState, options: BarsOptions): string[] {
  const { columns, rows, color, unicode } = options;
  const most = Math.min(rows - 1, Math.max(MIN_LINES, Math.floor(rows * MAX_PART_OF_HEIGHT)));
  if (most < 1 || columns < 1) return [];
  const paint = paintOf(color);
  const status = fitting(statusOf(state, options), columns, unicode);
  const hasTotal = state.totals.files > 0;
  const room = most - (hasTotal ? 1 : 0) - (status === "" ? 0 : 1);

  const open = state.active.size + state.queued.size;
  const showable = state.active.size + Math.min(state.queued.size, MAX_QUEUED);
  const folds = open > Math.min(room, showable) && room > 1;
  const shown = firstFiles(state, folds ? room - 1 : room);
  const names = shown.map(({ path }) => sanitize(path));
  const widths = columnsFor(
    columns,
    names.reduce((most, name) => Math.max(most, widthOf(name)), 0),
  );
  const pen: Pen = { ...options, paint, widths };

  const lines = shown.map((file, index) => fileRow(state, file, names[index]!, pen));
  if (folds) lines.push(paint.faint(foldText(state, shown, columns)));
  if (hasTotal) lines.push(totalRow(state, pen));
  if (status !== "") lines.push(paint.notable(status));
  return lines.slice(-most);
}

/** The files to show: not more than `limit`. */
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

/** How many files are not shown, and of which priorities as far as there is room for that. */
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
    return row([...head, ...measure(shareOf(file, true), note, pen)]);
  }
  const rate = formatRate(state.fileRate(file, now));
  const timeLeft = time(isConnected(state) ? state.fileTimeLeft(file, now) : null);
  return row([...head, ...measure(shareOf(file, false), [rate, timeLeft], pen)]);
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
  const moves = state.active.size > 0;
  const isComplete = totals.done === totals.files;
  const timeLeft = time(isConnected(state) ? state.timeLeft(now) : null);
  const pace = moves ? [formatRate(state.rate(now)), timeLeft] : ["", ""];
  return row([
    left(shorten(label, width, pen.unicode), width, paint.strong),
    ...measure(shareOf(totals, isComplete), pace, pen),
  ]);
}

interface Share {
  /** The most bytes that were here. */
  readonly peakReceived: number;
  readonly size: number;
  readonly percent: number;
  /** Bytes that were here, and have to come again. */
  readonly repeated: number;
}

/** @param complete Whether all of it is there, which bytes do not tell if there are none. */
function shareOf(
  { peakReceived, size, received }: Pick<FileState, "peakReceived" | "size" | "received">,
  complete: boolean,
): Share {
  const percent = size > 0 ? percentOf(peakReceived, size) : (complete ? 100 : 0);
  return { peakReceived, size, percent, repeated: peakReceived - received };
}

/** Bar, percent, bytes, rate and time left. */
function measure(share: Share, [rate = "", timeLeft = ""]: readonly string[], pen: Pen): string[] {
  const { paint, widths, unicode } = pen;
  const { peakReceived, size, percent, repeated } = share;
  const fraction = size > 0 ? peakReceived / size : percent / 100;
  const bar = widths.bar > 0 ? drawBar(fraction, widths.bar, unicode) : "";
  return [
    left(bar, widths.bar, paint.moving),
    right(`${percent}%`, widths.percent),
    right(
      repeated > 0 ? `repeat ${formatBytes(repeated)}` : formatBytesOf(peakReceived, size),
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

/** A cell; a column of no width has none. */
function left(text: string, width: number, paint?: (text: string) => string): string {
  return width === 0 ? "" : padEnd(painted(text, paint), width);
}

function right(text: string, width: number, paint?: (text: string) => string): string {
  return width === 0 ? "" : padStart(painted(text, paint), width);
}

function painted(text: string, paint?: (text: string) => string): string {
  return paint && text !== "" ? paint(text) : text;
}
