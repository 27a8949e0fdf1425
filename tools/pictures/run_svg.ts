/**
 * A recording as an animated picture without scripts. Pure.
 *
 * Rows are drawn instead of frames, each once for as long as it stays the same: most rows of a frame
 * equal those of the frame before. Without animation, by choice or by lack, the last frame is shown.
 *
 * @module
 */
import { escapeHtml } from "../../lib/display/report/html.ts";
import { PALETTE_STYLE } from "./palette.ts";
import type { Frame } from "./recording.ts";
import type { Row, Span } from "./screen.ts";

/** A terminal's size, in characters. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A cell, in pixels; the baseline counts from its top. */
const CELL = { width: 8.4, height: 19, baseline: 14 };
const MARGIN = 14;

/** How long the last frame stays before the animation repeats, in milliseconds. */
const REST_MS = 5_000;

const FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const BLOCKS = /^[█-▏▕]+$/;
const RIGHT_EIGHTH = "▕";
const FULL_BLOCK = "█".charCodeAt(0);

/** A row that stays the same over some frames. */
interface RowSpan {
  readonly line: number;
  readonly row: Row;
  /** Its first frame, and the frame after its last one. */
  readonly start: number;
  end: number;
}

/** The picture, as an SVG document. */
export function renderRun(frames: readonly Frame[], { columns, rows }: ScreenSize): string {
  const shown = mergeFrames(frames);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = rows * CELL.height + 2 * MARGIN;
  const rowSpans = rowSpansOf(shown);
  const total = (shown.at(-1)?.at ?? 0) + REST_MS;
  const percentOf = (frame: number) => round(100 * shown[frame]!.at / total);
  const keyframes = new Set<string>();
  const groups = rowSpans.map((rowSpan) => {
    const content = rowSpan.row.map((span) => renderSpan(span, rowSpan.line)).join("");
    if (rowSpan.start === 0 && rowSpan.end === shown.length) return `<g>${content}</g>`;
    const isLast = rowSpan.end === shown.length;
    keyframes.add(keyframesOf(rowSpan, shown.length, percentOf));
    return `<g class="${isLast ? "last " : "past "}${nameOf(rowSpan)}">${content}</g>`;
  });
  return `\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" \
height="${height}" role="img" aria-label="A run of the client, as a terminal shows it">
<style>
text { font: 14px ${FONT}; white-space: pre }
.bold { font-weight: 700 }
.dim { opacity: 0.65 }
.past { visibility: hidden }${PALETTE_STYLE}
@media (prefers-reduced-motion: no-preference) {
.past, .last { animation: ${round(total / 1000)}s step-end infinite }
${[...keyframes].join("\n")}
}
</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<rect class="edge" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${groups.join("\n")}
</svg>
`;
}

/**
 * Omits frames that equal the one before, and empty ones at the beginning; time starts at the first
 * frame that remains.
 */
export function mergeFrames(frames: readonly Frame[]): Frame[] {
  const begun = frames.slice(frames.findIndex(({ rows }) => rows.some((row) => row.length > 0)));
  const startedAt = begun[0]?.at ?? 0;
  return begun
    .filter(({ rows }, index) => index === 0 || !isSame(rows, begun[index - 1]!.rows))
    .map(({ at, rows }) => ({ at: at - startedAt, rows }));
}

function rowSpansOf(frames: readonly Frame[]): RowSpan[] {
  const rowSpans: RowSpan[] = [];
  const current = new Map<number, RowSpan>();
  for (const [index, { rows }] of frames.entries()) {
    for (const [line, row] of rows.entries()) {
      const rowSpan = current.get(line);
      if (rowSpan !== undefined && isSame(rowSpan.row, row)) {
        rowSpan.end = index + 1;
        continue;
      }
      const next = { line, row, start: index, end: index + 1 };
      current.set(line, next);
      if (row.length > 0) rowSpans.push(next);
    }
  }
  return rowSpans;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function nameOf({ start, end }: RowSpan): string {
  return `f${start}-${end}`;
}

/** The CSS rule and key frames that show a row during its frames. */
function keyframesOf(
  rowSpan: RowSpan,
  frames: number,
  percentOf: (frame: number) => number,
): string {
  const { start, end } = rowSpan;
  const keys = [
    start > 0 ? "0% { visibility: hidden }" : "",
    `${percentOf(start)}% { visibility: visible }`,
    end < frames ? `${percentOf(end)}% { visibility: hidden }` : "",
    `100% { visibility: ${end < frames ? "hidden" : "visible"} }`,
  ].filter((key) => key !== "");
  const name = nameOf(rowSpan);
  return `.${name} { animation-name: ${name} } @keyframes ${name} { ${keys.join(" ")} }`;
}

function renderSpan(span: Span, line: number): string {
  const style = /red|green|yellow|blue|magenta|cyan/.test(span.style)
    ? span.style
    : `${span.style} ink`;
  if (BLOCKS.test(span.text)) return `<path class="${style.trim()}" d="${blocks(span, line)}"/>`;
  const x = round(MARGIN + span.column * CELL.width);
  const y = MARGIN + line * CELL.height + CELL.baseline;
  const length = round(span.width * CELL.width);
  return `<text class="${style.trim()}" x="${x}" y="${y}" textLength="${length}">` +
    `${escapeHtml(span.text)}</text>`;
}

/** Bars are drawn, not written: no two fonts have blocks of the same size. */
function blocks({ column, text }: Span, line: number): string {
  const y = MARGIN + line * CELL.height + 2;
  const height = CELL.height - 4;
  let d = "";
  for (const [full] of text.matchAll(/█+|[^█]/g)) {
    const eighths = full === RIGHT_EIGHTH ? 1 : 8 - (full.charCodeAt(0) - FULL_BLOCK);
    const width = full.length * CELL.width * eighths / 8;
    const before = full === RIGHT_EIGHTH ? CELL.width * 7 / 8 : 0;
    const x = MARGIN + column * CELL.width + before;
    d += `M${round(x)} ${y}h${round(width)}v${height}h-${round(width)}z`;
    column += full.length;
  }
  return d;
}

function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}
