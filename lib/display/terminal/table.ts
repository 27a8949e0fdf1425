/**
 * Rows of cells as lines of text that fit a terminal. Pure.
 *
 * Where there is too little room, columns are dropped in their order. Then names are shortened in
 * the middle and sentences wrapped, at last below their rows.
 *
 * @module
 */
import { padEnd, padStart, shorten, widthOf, wrapLine } from "./text_width.ts";

/** One column of a table. */
export interface Column {
  /** The heading; "" for none. */
  readonly title: string;
  /** @default {"left"} */
  readonly align?: "left" | "right";
  /** How a text that is too wide is fitted. @default {"keep"} */
  readonly fit?: "keep" | "shorten" | "wrap";
  /**
   * The smallest width, so that a table that is redrawn does not jump.
   *
   * @default {0}
   */
  readonly minWidth?: number;
  /** Where room lacks, the column with the lowest number is dropped first. @default never */
  readonly dropOrder?: number;
}

/** One cell: text without colours, and how it is coloured. */
export interface Cell {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

/** The layout of a table. */
export interface TableOptions {
  /** The maximum width of a line; `Infinity` shortens and wraps nothing. */
  readonly columns: number;
  /** Whether a shortened text may show `…`. */
  readonly unicode: boolean;
  /** Colours the titles. @default not at all */
  readonly paintTitles?: (text: string) => string;
  /** @default {true} */
  readonly hasTitles?: boolean;
}

const GAP = "  ";

/** A name or a sentence with less room than this is hard to read. */
const COMFORTABLE_WIDTH = { keep: Infinity, shorten: 16, wrap: 30 };

/** A sentence with less room than this stands below its row. */
const MIN_BESIDE = 16;

const WIDEST_CHARACTER = 2;

interface LaidOutColumn extends Required<Pick<Column, "align" | "fit">> {
  /** The index of its cells in a row. */
  readonly index: number;
  readonly title: string;
  readonly dropOrder: number;
  /** The width of its widest text. */
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
  const { columns: maxWidth, unicode, paintTitles, hasTitles = true } = options;
  const titles = columns.map(({ title }) => ({ text: title, paint: paintTitles }));
  const shown = hasTitles ? [titles, ...rows] : rows;
  const all = columns.map((column, index) => layOut(column, index, shown));
  const fitted = fitting(all.filter(({ natural }) => natural > 0), maxWidth);
  const below = fitted.slice(1).find((column) => isCramped(column, widthsOf(fitted, maxWidth)));
  const beside = fitted.filter((column) => column !== below);
  const widths = widthsOf(beside, maxWidth);
  const isCut = sum([...widths.values()]) + gapsOf(beside) > maxWidth;
  return shown.flatMap((row, index) => {
    const lines = linesOf(row, beside, widths, { unicode, plain: isCut })
      .map((line) => isCut ? shorten(line, maxWidth, unicode) : line);
    const isTitle = hasTitles && index === 0;
    if (!below || isTitle) return lines;
    return [
      ...lines,
      ...linesBelow(row[below.index], indentOf(beside, maxWidth), maxWidth, unicode),
    ];
  });
}

function layOut(column: Column, index: number, rows: readonly (readonly Cell[])[]): LaidOutColumn {
  const { title, align = "left", fit = "keep", minWidth = 0, dropOrder = Infinity } = column;
  let natural = minWidth;
  for (const row of rows) natural = Math.max(natural, widthOf(row[index]?.text ?? ""));
  return { index, title, align, fit, dropOrder, natural };
}

/** The columns that fit, without those that are dropped. */
function fitting(columns: readonly LaidOutColumn[], maxWidth: number): readonly LaidOutColumn[] {
  let shown = columns;
  for (;;) {
    const widths = shown.map(({ natural, fit }) => Math.min(natural, COMFORTABLE_WIDTH[fit]));
    const [next] = shown.filter(({ dropOrder }) => dropOrder < Infinity)
      .sort((a, b) => a.dropOrder - b.dropOrder);
    if (!next || sum(widths) + gapsOf(shown) <= maxWidth) return shown;
    shown = shown.filter((column) => column !== next);
  }
}

/** The width of each column; flexible columns share evenly the room that fixed ones leave. */
function widthsOf(
  columns: readonly LaidOutColumn[],
  maxWidth: number,
): ReadonlyMap<LaidOutColumn, number> {
  const widths = new Map<LaidOutColumn, number>();
  for (const column of columns) widths.set(column, column.natural);
  const flexible = columns.filter(({ fit }) => fit !== "keep")
    .sort((a, b) => a.natural - b.natural);
  const fixed = sum(columns.filter(({ fit }) => fit === "keep").map(({ natural }) => natural));
  let room = maxWidth - gapsOf(columns) - fixed;
  for (const [index, column] of flexible.entries()) {
    const share = Math.floor(room / (flexible.length - index));
    const width = Math.min(column.natural, Math.max(WIDEST_CHARACTER, share));
    widths.set(column, width);
    room -= width;
  }
  return widths;
}

function isCramped(column: LaidOutColumn, widths: ReadonlyMap<LaidOutColumn, number>): boolean {
  return column.fit === "wrap" && widths.get(column)! < Math.min(column.natural, MIN_BESIDE);
}

/** The indent of a sentence below its row: the start of the first flexible column. */
function indentOf(columns: readonly LaidOutColumn[], maxWidth: number): string {
  const before = columns.slice(0, columns.findIndex(({ fit }) => fit !== "keep"));
  const indent = sum(before.map(({ natural }) => natural + GAP.length)) || GAP.length;
  return " ".repeat(Math.min(indent, Math.floor(maxWidth / 3)));
}

function linesBelow(
  cell: Cell | undefined,
  indent: string,
  maxWidth: number,
  unicode: boolean,
): string[] {
  const { text = "", paint = asIs } = cell ?? {};
  if (text === "") return [];
  const width = maxWidth - indent.length;
  return wrapLine(text, width, 0).map((line) => indent + paint(shorten(line, width, unicode)));
}

function asIs(text: string): string {
  return text;
}

function linesOf(
  row: readonly Cell[],
  columns: readonly LaidOutColumn[],
  widths: ReadonlyMap<LaidOutColumn, number>,
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
