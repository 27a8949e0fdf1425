/**
 * A recording as a picture that moves by itself, without scripts. Pure.
 *
 * Not each frame is drawn but each row, once for as long as it stays the same: most rows of a
 * frame are those of the frame before. Whoever wants no motion, or has a viewer that cannot move,
 * sees the last frame.
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

/** How long the last frame stays before all begins anew, in milliseconds. */
const REST_MS = 5_000;

const FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

const BLOCKS = /^[█-▏▕]+$/;
const RIGHT_EIGHTH = "▕";
const FULL_BLOCK = "█".charCodeAt(0);

/** A row that stays the same from one frame to before another. */
interface Stay {
  readonly line: number;
  readonly row: Row;
  /** Frames, of which `end` is not one any more. */
  readonly start: number;
  end: number;
}

/** The picture, as a document of its own. */
export function renderRun(frames: readonly Frame[], { columns, rows }: ScreenSize): string {
  const shown = mergeFrames(frames);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = rows * CELL.height + 2 * MARGIN;
  const stays = staysOf(shown);
  const total = (shown.at(-1)?.at ?? 0) + REST_MS;
  const percentOf = (frame: number) => round(100 * shown[frame]!.at / total);
  const spells = new Set<string>();
  const groups = stays.map((stay) => {
    const content = stay.row.map((span) => renderSpan(span, stay.line)).join("");
    if (stay.start === 0 && stay.end === shown.length) return `<g>${content}</g>`;
    const isLast = stay.end === shown.length;
    spells.add(spellOf(stay, shown.length, percentOf));
    return `<g class="${isLast ? "last " : "past "}${nameOf(stay)}">${content}</g>`;
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
${[...spells].join("\n")}
}
</style>
<rect class="ground" width="${width}" height="${height}" rx="8"/>
<rect class="edge" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${groups.join("\n")}
</svg>
`;
}

/**
 * Frames that look like the one before are left out; time begins with the first that shows
 * anything.
 */
export function mergeFrames(frames: readonly Frame[]): Frame[] {
  const begun = frames.slice(frames.findIndex(({ rows }) => rows.some((row) => row.length > 0)));
  const startedAt = begun[0]?.at ?? 0;
  return begun
    .filter(({ rows }, index) => index === 0 || !isSame(rows, begun[index - 1]!.rows))
    .map(({ at, rows }) => ({ at: at - startedAt, rows }));
}

function staysOf(frames: readonly Frame[]): Stay[] {
  const stays: Stay[] = [];
  const current = new Map<number, Stay>();
  for (const [index, { rows }] of frames.entries()) {
    for (const [line, row] of rows.entries()) {
      const stay = current.get(line);
      if (stay !== undefined && isSame(stay.row, row)) {
        stay.end = index + 1;
        continue;
      }
      const next = { line, row, start: index, end: index + 1 };
      current.set(line, next);
      if (row.length > 0) stays.push(next);
    }
  }
  return stays;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function nameOf({ start, end }: Stay): string {
  return `f${start}-${end}`;
}

/** When a row is to be seen, as a rule with key frames. */
function spellOf(stay: Stay, frames: number, percentOf: (frame: number) => number): string {
  const { start, end } = stay;
  const keys = [
    start > 0 ? "0% { visibility: hidden }" : "",
    `${percentOf(start)}% { visibility: visible }`,
    end < frames ? `${percentOf(end)}% { visibility: hidden }` : "",
    `100% { visibility: ${end < frames ? "hidden" : "visible"} }`,
  ].filter((key) => key !== "");
  const name = nameOf(stay);
  return `.${name} { animation-name: ${name} } @keyframes ${name} { ${keys.join(" ")} }`;
}

function renderSpan(span: Span, line: number): string {
  const look = /red|green|yellow|blue|magenta|cyan/.test(span.look)
    ? span.look
    : `${span.look} ink`;
  if (BLOCKS.test(span.text)) return `<path class="${look.trim()}" d="${blocks(span, line)}"/>`;
  const x = round(MARGIN + span.column * CELL.width);
  const y = MARGIN + line * CELL.height + CELL.baseline;
  const length = round(span.width * CELL.width);
  return `<text class="${look.trim()}" x="${x}" y="${y}" textLength="${length}">` +
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
