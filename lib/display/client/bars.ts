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
import { type FileState, isSmall, type Totals } from "../state/file_table.ts";
import { type Paint, paintOf } from "../terminal/paint.ts";
import { percentOf, type ProgressState } from "../state/progress.ts";
import { paceOf, statusOf } from "./status.ts";
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

/** So many small files of one priority have a row each; more have one for all. */
const MAX_SINGLE_SMALL = 8;

const UNKNOWN_TIME = "-:--";

interface Pen extends BarsOptions {
  readonly paint: Paint;
  readonly widths: BarColumns;
}

/** A row above the total: one file, or all small files of one priority. */
type Entry = FileState | Priority;

/**
 * At most `rows - 1` lines of at most `columns` columns: active files by priority and then in the
 * order of the list, queued files, a count of the files without a row, the total, and the status.
 * Many small files of one priority have one row. None if there is nothing to show.
 */
export function renderBars(state: ProgressState, options: BarsOptions): string[] {
  const { columns, rows, color, unicode } = options;
  const maxLines = Math.min(rows - 1, Math.max(MIN_LINES, Math.floor(rows * MAX_PART_OF_HEIGHT)));
  if (maxLines < 1 || columns < 1) return [];
  const paint = paintOf(color);
  const status = fitting(statusOf(state, options), columns, unicode);
  const pace = status === "" ? fitting(paceOf(state, options.now), columns, unicode) : "";
  const hasTotal = state.totals.files > 0;
  const room = maxLines - (hasTotal ? 1 : 0) - (status + pace === "" ? 0 : 1);

  const { shown, hidden } = entriesOf(state, room);
  const names = shown.map((entry) =>
    typeof entry === "string" ? smallFilesTexts(state.small(entry))[0]! : sanitize(entry.path)
  );
  const widths = columnsFor(
    columns,
    names.reduce((widest, name) => Math.max(widest, widthOf(name)), 0),
  );
  const pen: Pen = { ...options, paint, widths };

  const lines = shown.map((entry, index) =>
    typeof entry === "string"
      ? smallFilesRow(state, entry, pen)
      : fileRow(state, entry, names[index]!, pen)
  );
  if (hidden.length > 0) lines.push(paint.faint(foldText(hidden, columns)));
  if (hasTotal) lines.push(totalRow(state, pen));
  if (status !== "") lines.push(paint.notable(status));
  else if (pace !== "") lines.push(paint.faint(pace));
  return lines.slice(-maxLines);
}

/** The number of files of a priority that have no row. */
interface Hidden {
  readonly priority: Priority;
  readonly count: number;
}

/** The rows to show, at most `room` together with the one that counts the others. */
function entriesOf(
  state: ProgressState,
  room: number,
): { readonly shown: readonly Entry[]; readonly hidden: readonly Hidden[] } {
  const grouped = new Set(
    PRIORITIES.filter((priority) => state.small(priority).files > MAX_SINGLE_SMALL),
  );
  const isSingle = (file: FileState) => !(grouped.has(file.priority) && isSmall(file));
  const active = PRIORITIES.flatMap((priority): Entry[] => {
    const files = [...state.active.of(priority)].filter(isSingle).sort(byLine);
    const { files: all, done, failed } = state.small(priority);
    return grouped.has(priority) && done + failed < all ? [...files, priority] : files;
  });
  const queued: FileState[] = [];
  for (const priority of PRIORITIES) {
    const files = state.queued.of(priority);
    // Very many small files may stand before one that has a row, or before none.
    let rows = files.size - (grouped.has(priority) ? queuedSmall(state, priority) : 0);
    for (const file of files) {
      if (rows === 0 || queued.length === MAX_QUEUED) break;
      if (!isSingle(file)) continue;
      queued.push(file);
      rows--;
    }
  }
  const entries = [...active, ...queued];
  const open = state.active.size + state.queued.size;
  const all = hiddenBy(state, entries, grouped);
  if (all.length === 0 && entries.length <= room) return { shown: entries, hidden: [] };
  // A single row is worth more than the count.
  const shown = entries.slice(0, room > 1 || open === 0 ? Math.max(0, room - 1) : room);
  return { shown, hidden: room > 1 ? hiddenBy(state, shown, grouped) : [] };
}

/** The number of small files of a priority that have not started. */
function queuedSmall(state: ProgressState, priority: Priority): number {
  const { files, done, failed } = state.small(priority);
  const active = [...state.active.of(priority)].filter(isSmall).length;
  return files - done - failed - active;
}

function hiddenBy(
  state: ProgressState,
  shown: readonly Entry[],
  grouped: ReadonlySet<Priority>,
): Hidden[] {
  return PRIORITIES.map((priority) => {
    const { files, done, failed } = state.small(priority);
    const open = state.active.of(priority).size + state.queued.of(priority).size;
    const inGroup = grouped.has(priority) && shown.includes(priority) ? files - done - failed : 0;
    const single = shown.filter((entry) =>
      typeof entry !== "string" && entry.priority === priority
    );
    return { priority, count: open - inGroup - single.length };
  }).filter(({ count }) => count > 0);
}

function byLine(a: FileState, b: FileState): number {
  return a.line - b.line || (a.path < b.path ? -1 : 1);
}

/** The number of files without a row, by priority if there is room for that. */
function foldText(hidden: readonly Hidden[], columns: number): string {
  const total = hidden.reduce((sum, { count }) => sum + count, 0);
  const textOf = (width: number) =>
    hidden.map(({ priority, count }) => `${count} ${priority.slice(0, width)}`).join(", ");
  const texts = [`+ ${total} more (${textOf(8)})`, `+ ${total} more (${textOf(1)})`];
  return texts.find((text) => text.length <= columns) ?? `+ ${total} more`.slice(0, columns);
}

/** What small files have done, in texts from long to short. */
function smallFilesTexts({ files, done, verifying }: Totals): string[] {
  const count = `${done} of ${files}`;
  const checking = verifying > 0 ? [`${count} files, ${verifying} being checked`] : [];
  return [...checking, `${count} files`, count];
}

/** The row of all small files of one priority. */
function smallFilesRow(
  state: ProgressState,
  priority: Priority,
  pen: Pen,
): string {
  const { now, widths, unicode } = pen;
  const totals = state.small(priority);
  const name = fitting(smallFilesTexts(totals), widths.name, unicode);
  const timeLeft = time(isConnected(state) ? state.smallTimeLeft(priority, now) : null);
  const pace = [formatRate(state.smallRate(priority, now)), timeLeft];
  const amount = amountOf({ ...totals, received: totals.peakReceived }, false);
  return row([...headOf(priority, name, pen), ...measure(amount, pace, pen, priority)]);
}

function headOf(priority: Priority, name: string, { paint, widths, unicode }: Pen): string[] {
  return [
    left(priorityText(priority, widths.priority), widths.priority, paint[priority]),
    left(shorten(name, widths.name, unicode), widths.name),
  ];
}

function fileRow(state: ProgressState, file: FileState, name: string, pen: Pen): string {
  const { paint, widths, now } = pen;
  const { priority } = file;
  const head = headOf(priority, name, pen);
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
    return row([...head, ...measure(amountOf(file, true), note, pen, priority)]);
  }
  const rate = formatRate(state.fileRate(file, now));
  const timeLeft = time(isConnected(state) ? state.fileTimeLeft(file, now) : null);
  return row([...head, ...measure(amountOf(file, false), [rate, timeLeft], pen, priority)]);
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
    ...measure(amountOf({ ...totals, received: totals.peakReceived }, isComplete), pace, pen, null),
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
  priority: Priority | null,
): string[] {
  const { paint, widths, unicode } = pen;
  const { peakReceived, size, percent, repeated } = amount;
  const fraction = size > 0 ? peakReceived / size : percent / 100;
  const bar = widths.bar > 0 ? drawBar(fraction, widths.bar, unicode) : "";
  return [
    left(bar, widths.bar, priority ? paint[priority] : paint.moving),
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
