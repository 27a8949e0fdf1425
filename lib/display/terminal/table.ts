/**
 * Rows of cells as lines of text that fit a terminal. Pure.
 *
 * Where there is too little room, columns that can be spared leave, and then what is left gives
 * way: names are shortened in the middle, sentences wrapped, at last below their rows.
 *
 * @module
 */
import { padEnd, padStart, shorten, widthOf, wrapLine } from "./text_width.ts";

/** One column of a table. */
export interface Column {
  /** Stands above it; "" has none. */
  readonly title: string;
  /** @default {"left"} */
  readonly align?: "left" | "right";
  /** What happens to a text that has too little room. @default {"keep"} */
  readonly fit?: "keep" | "shorten" | "wrap";
  /**
   * Columns that it takes at least: who draws a table again and again does not want it to jump.
   *
   * @default {0}
   */
  readonly least?: number;
  /** The column with the lowest number leaves first. @default never */
  readonly leaves?: number;
}

/** What stands in a column of a row: text without colours, and how it is coloured. */
export interface Cell {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

/** How a table is laid out. */
export interface TableOptions {
  /** The most columns of a line; `Infinity` shortens and wraps nothing. */
  readonly columns: number;
  /** Whether a shortened text may show `…`. */
  readonly unicode: boolean;
  /** Colours the titles. @default not at all */
  readonly paintTitles?: (text: string) => string;
  /** @default {true} */
  readonly hasTitles?: boolean;
}

const GAP = "  ";

/** With less room than this a name, or a sentence, is a nuisance to read. */
const COMFORTABLE = { keep: Infinity, shorten: 16, wrap: 30 };

/** With less than this a sentence stands below its row. */
const MIN_BESIDE = 16;

const WIDEST_CHARACTER = 2;

interface Placed extends Required<Pick<Column, "align" | "fit">> {
  /** Where its cells stand in a row. */
  readonly index: number;
  readonly title: string;
  readonly leaves: number;
  /** What all its texts take as they are. */
  readonly natural: number;
}

/**
 * The lines of a table, titles first.
 *
 * @param columns From left to right.
 * @param rows A cell for each column; a missing one is empty.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string[] {
  const { columns: most, unicode, paintTitles, hasTitles = true } = options;
  const titles = columns.map(({ title }) => ({ text: title, paint: paintTitles }));
  const shown = hasTitles ? [titles, ...rows] : rows;
  const all = columns.map((column, index) => place(column, index, shown));
  const fitted = fitting(all.filter(({ natural }) => natural > 0), most);
  const below = fitted.slice(1).find((column) => isCramped(column, widthsOf(fitted, most)));
  const beside = fitted.filter((column) => column !== below);
  const widths = widthsOf(beside, most);
  const isCut = sum([...widths.values()]) + gapsOf(beside) > most;
  return shown.flatMap((row, index) => {
    const lines = linesOf(row, beside, widths, { unicode, plain: isCut })
      .map((line) => isCut ? shorten(line, most, unicode) : line);
    const isTitle = hasTitles && index === 0;
    if (!below || isTitle) return lines;
    return [...lines, ...linesBelow(row[below.index], indentOf(beside, most), most, unicode)];
  });
}

function place(column: Column, index: number, rows: readonly (readonly Cell[])[]): Placed {
  const { title, align = "left", fit = "keep", least = 0, leaves = Infinity } = column;
  let natural = least;
  for (const row of rows) natural = Math.max(natural, widthOf(row[index]?.text ?? ""));
  return { index, title, align, fit, leaves, natural };
}

/** The columns that there is room for. */
function fitting(columns: readonly Placed[], most: number): readonly Placed[] {
  let shown = columns;
  for (;;) {
    const wanted = shown.map(({ natural, fit }) => Math.min(natural, COMFORTABLE[fit]));
    const [next] = shown.filter(({ leaves }) => leaves < Infinity)
      .sort((a, b) => a.leaves - b.leaves);
    if (!next || sum(wanted) + gapsOf(shown) <= most) return shown;
    shown = shown.filter((column) => column !== next);
  }
}

/** How wide each column is: those that can give way share evenly what the others leave. */
function widthsOf(columns: readonly Placed[], most: number): ReadonlyMap<Placed, number> {
  const widths = new Map<Placed, number>();
  for (const column of columns) widths.set(column, column.natural);
  const flexible = columns.filter(({ fit }) => fit !== "keep")
    .sort((a, b) => a.natural - b.natural);
  const fixed = sum(columns.filter(({ fit }) => fit === "keep").map(({ natural }) => natural));
  let room = most - gapsOf(columns) - fixed;
  for (const [index, column] of flexible.entries()) {
    const share = Math.floor(room / (flexible.length - index));
    const width = Math.min(column.natural, Math.max(WIDEST_CHARACTER, share));
    widths.set(column, width);
    room -= width;
  }
  return widths;
}

function isCramped(column: Placed, widths: ReadonlyMap<Placed, number>): boolean {
  return column.fit === "wrap" && widths.get(column)! < Math.min(column.natural, MIN_BESIDE);
}

/** Where the first column begins that is not a number or a word. */
function indentOf(columns: readonly Placed[], most: number): string {
  const before = columns.slice(0, columns.findIndex(({ fit }) => fit !== "keep"));
  const indent = sum(before.map(({ natural }) => natural + GAP.length)) || GAP.length;
  return " ".repeat(Math.min(indent, Math.floor(most / 3)));
}

function linesBelow(
  cell: Cell | undefined,
  indent: string,
  most: number,
  unicode: boolean,
): string[] {
  const { text = "", paint = asIs } = cell ?? {};
  if (text === "") return [];
  const width = most - indent.length;
  return wrapLine(text, width, 0).map((line) => indent + paint(shorten(line, width, unicode)));
}

function asIs(text: string): string {
  return text;
}

function linesOf(
  row: readonly Cell[],
  columns: readonly Placed[],
  widths: ReadonlyMap<Placed, number>,
  { unicode, plain }: { readonly unicode: boolean; readonly plain: boolean },
): string[] {
  const cells = columns.map((column) => {
    const { text = "", paint } = row[column.index] ?? {};
    const width = widths.get(column)!;
    const lines = column.fit === "wrap" ? wrapLine(text, width, 0) : [text];
    return { column, width, paint, texts: lines.map((line) => shorten(line, width, unicode)) };
  });
  const height = Math.max(1, ...cells.map(({ texts }) => texts.length));
  return Array.from({ length: height }, (_, at) =>
    cells.map(({ column, width, texts, paint }) => {
      const text = texts[at] ?? "";
      const painted = paint && text !== "" && !plain ? paint(text) : text;
      return column.align === "right" ? padStart(painted, width) : padEnd(painted, width);
    }).join(GAP).trimEnd());
}

function gapsOf(columns: readonly unknown[]): number {
  return GAP.length * Math.max(0, columns.length - 1);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
