/**
 * Text measured, padded, shortened and wrapped by the columns it takes on a terminal. A CJK
 * character takes two, a combining mark none; a grapheme is never cut.
 *
 * Terminals disagree about some emoji sequences, so a line may turn out wider than measured.
 *
 * @module
 */
import stringWidth from "string-width";

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;
// deno-lint-ignore no-control-regex
const COLOUR_OR_WORD = /\x1b\[[0-9;]*m|[^ \x1b]+| +/g;

/** Widths measured recently: the same names are drawn ten times a second. */
const MEASURED = new Map<string, number>();
const MAX_MEASURED = 2000;

/** Columns that a text takes; colours take none. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  const known = MEASURED.get(text);
  if (known !== undefined) return known;
  if (MEASURED.size >= MAX_MEASURED) MEASURED.clear();
  const width = stringWidth(text);
  MEASURED.set(text, width);
  return width;
}

/** A text padded with spaces after it to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** A text padded with spaces before it to `width` columns. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/**
 * A text cut to at most `width` columns: an ellipsis replaces its middle, since names often differ
 * only at their ends.
 *
 * @param unicode Whether the ellipsis may be `…`; otherwise it is `..`.
 */
export function shorten(text: string, width: number, unicode: boolean): string {
  if (widthOf(text) <= width) return text;
  const ellipsis = unicode ? "…" : "..";
  const room = width - ellipsis.length;
  if (room < 1) return ellipsis.slice(0, Math.max(0, width));
  const graphemes = graphemesOf(text);
  const start = take(graphemes, Math.ceil(room / 2));
  const end = take(graphemes.toReversed(), room - start.width);
  return start.taken.join("") + ellipsis + end.taken.reverse().join("");
}

/** The first of some texts, from long to short, that fits; otherwise the last, shortened. */
export function fitting(texts: readonly string[], width: number, unicode: boolean): string {
  const text = texts.find((text) => widthOf(text) <= width) ?? texts.at(-1) ?? "";
  return shorten(text, width, unicode);
}

/**
 * A line as rows of at most `columns` columns, broken between words where that is possible. Rows
 * after the first begin with `indent` spaces; colours continue from row to row.
 */
export function wrapLine(text: string, columns: number, indent: number): string[] {
  if (columns < 1 || widthOf(text) <= columns) return [text];
  const margin = " ".repeat(Math.min(indent, Math.floor(columns / 2)));
  const rows: string[] = [];
  let row = "";
  let column = 0;
  const breakRow = () => {
    rows.push(row.trimEnd());
    row = margin;
    column = margin.length;
  };
  for (const word of text.match(COLOUR_OR_WORD) ?? []) {
    const width = widthOf(word);
    if (column + width > columns && column > margin.length && word.trim() !== "") breakRow();
    if (column + width <= columns) {
      row += word;
      column += width;
      continue;
    }
    if (word.trim() === "") continue;
    for (const grapheme of graphemesOf(word)) {
      if (column + grapheme.width > columns && column > margin.length) breakRow();
      row += grapheme.text;
      column += grapheme.width;
    }
  }
  return [...rows, row.trimEnd()];
}

/**
 * The number of rows that a line takes on a terminal of `columns` columns that wraps it.
 *
 * @param columns At least 1.
 */
export function wrappedRows(text: string, columns: number): number {
  if (widthOf(text) <= columns) return 1;
  let rows = 1;
  let column = 0;
  for (const { width } of graphemesOf(stripColour(text))) {
    if (column + width > columns) {
      rows++;
      column = 0;
    }
    column += width;
  }
  return rows;
}

interface Grapheme {
  readonly text: string;
  readonly width: number;
}

function graphemesOf(text: string): Grapheme[] {
  return Array.from(GRAPHEMES.segment(text), ({ segment }) => ({
    text: segment,
    width: widthOf(segment),
  }));
}

function take(graphemes: readonly Grapheme[], room: number): { taken: string[]; width: number } {
  const taken: string[] = [];
  let width = 0;
  for (const grapheme of graphemes) {
    if (width + grapheme.width > room) break;
    taken.push(grapheme.text);
    width += grapheme.width;
  }
  return { taken, width };
}

function stripColour(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}
