/**
 * Text by the columns it takes on a terminal: measured, padded, shortened, wrapped. A CJK
 * character takes two, a combining mark none; what a reader takes for one character is never cut.
 *
 * Terminals disagree about some emoji sequences; who draws must cope with a line that turns out
 * wider than it was measured.
 *
 * @module
 */
import stringWidth from "string-width";

const GRAPHEMES = new Intl.Segmenter("en", { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a text takes; colours take none. */
export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** A text with spaces after it, up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** A text with spaces before it, up to `width` columns. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/**
 * A text of at most `width` columns: its middle gives way to an ellipsis, so that the end, which
 * tells names apart, is kept.
 *
 * @param unicode Whether the ellipsis may be `…`; else it is `..`.
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

/**
 * The rows that one line takes on a terminal of `columns`, once it is wrapped there.
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

/**
 * A text as lines of at most `width` columns, cut between words; a word that is wider is cut within.
 *
 * @param width At least 1; a character that is wider stands alone.
 */
export function wrapWords(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (widthOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = cutInto(word, width);
    line = pieces.pop() ?? "";
    lines.push(...pieces);
  }
  return line === "" ? lines : [...lines, line];
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

/** A text in pieces of at most `width` columns. */
function cutInto(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const pieces: string[] = [];
  for (let rest = graphemesOf(text); rest.length > 0;) {
    const { taken } = take(rest, width);
    const length = Math.max(1, taken.length);
    pieces.push(rest.slice(0, length).map((grapheme) => grapheme.text).join(""));
    rest = rest.slice(length);
  }
  return pieces;
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
