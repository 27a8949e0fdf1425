/**
 * Growth as a picture: one column for each quantity, one row for each cost. Pure.
 *
 * Written by hand, without a library; legible on light and on dark ground, and without colours.
 *
 * @module
 */
import { type Curve, type Growth, type Panel, shortNumber } from "./growth.ts";

/** The size of a panel and the positions of its parts, in pixels. */
const PANEL = { width: 290, height: 190 };
const PLOT = { left: 52, top: 30, width: 222, height: 118 };
const MARGIN = { top: 34, side: 8, bottom: 30 };

/** The colours of ground, ink, grid, and of the curves of both, server and client. */
const LIGHT = colours("#ffffff", "#1f2328", "#d1d9e0", "#1a7f37", "#0969da", "#bc4c00");
const DARK = colours("#0d1117", "#f0f6fc", "#3d444d", "#3fb950", "#58a6ff", "#f0883e");
const STYLE = `
text { font: 11px system-ui, sans-serif }
.title { font-weight: 600; font-size: 12px }
.end { text-anchor: end }
.middle { text-anchor: middle }
.curve { fill: none; stroke-width: 2 }
${LIGHT}
@media (prefers-color-scheme: dark) {
${DARK}
}
`;

/** One axis: a value's position, from 0 to 1, and the labelled values. */
interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The style rules of a set of colours; without variables, which some viewers lack. */
function colours(
  ground: string,
  ink: string,
  grid: string,
  both: string,
  server: string,
  client: string,
): string {
  const curves = Object.entries({ both, server, client }).map(([owner, colour]) =>
    `.${owner} .curve { stroke: ${colour} } .${owner} .mark { fill: ${colour} }`
  );
  return [
    `.ground { fill: ${ground} } text { fill: ${ink} } .grid { stroke: ${grid} }`,
    ...curves,
  ].join("\n");
}

/** The picture, as an SVG document. */
export function renderGrowth(growths: readonly Growth[]): string {
  const rows = Math.max(0, ...growths.map(({ panels }) => panels.length));
  const width = growths.length * PANEL.width + 2 * MARGIN.side;
  const height = rows * PANEL.height + MARGIN.top + MARGIN.bottom;
  const panels = growths.flatMap((growth, column) =>
    growth.panels.map((panel, row) => {
      const x = MARGIN.side + column * PANEL.width;
      const y = MARGIN.top + row * PANEL.height;
      return `<g transform="translate(${x} ${y})">\n${renderPanel(growth, panel)}\n</g>`;
    })
  );
  const heads = growths.map(({ title }, column) => {
    const x = MARGIN.side + column * PANEL.width + PLOT.left;
    return text(x, 20, escape(`by ${title}`), "title");
  });
  return `\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" \
height="${height}" role="img" aria-label="How throughput, memory and processor time grow">
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}" rx="6"/>
${[...heads, ...panels, renderLegend(height - 12)].join("\n")}
</svg>
`;
}

function renderPanel({ write }: Growth, { title, isLogarithmic, curves }: Panel): string {
  const points = curves.flatMap((curve) => curve.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  if (points.length === 0) return text(PLOT.left, 20, `${escape(title)}: no figures`);
  const across = spanAxis(xs);
  const values = points.map(({ y }) => y);
  const up = isLogarithmic ? logarithmicAxis(values) : linearAxis(values);
  const place = (x: number, y: number) => ({
    x: round(PLOT.left + across.at(x) * PLOT.width),
    y: round(PLOT.top + (1 - up.at(y)) * PLOT.height),
  });
  const right = PLOT.left + PLOT.width;
  const bottom = PLOT.top + PLOT.height;
  return [
    text(PLOT.left, 20, escape(title)),
    ...up.ticks.map((tick) => {
      const { y } = place(xs[0]!, tick);
      return `<line class="grid" x1="${PLOT.left}" x2="${right}" y1="${y}" y2="${y}"/>` +
        text(PLOT.left - 6, y + 4, shortNumber(tick), "end");
    }),
    ...across.ticks.map((tick) =>
      text(place(tick, up.ticks[0]!).x, bottom + 16, escape(write(tick)), "middle")
    ),
    ...curves.map((curve) => renderCurve(curve, place)),
  ].join("\n");
}

function renderCurve(
  { owner, points }: Curve,
  place: (x: number, y: number) => { x: number; y: number },
): string {
  const places = points.map(({ x, y }) => place(x, y));
  const line = places.map(({ x, y }) => `${x},${y}`).join(" ");
  const marks = places.map(({ x, y }) => mark(owner, x, y)).join("");
  return `<g class="${owner}"><polyline class="curve" points="${line}"/>${marks}</g>`;
}

/** A point's mark; its shape distinguishes the owners where colours do not. */
function mark(owner: Curve["owner"], x: number, y: number): string {
  return owner === "client"
    ? `<rect class="mark" x="${round(x - 3)}" y="${round(y - 3)}" width="6" height="6"/>`
    : `<circle class="mark" cx="${x}" cy="${y}" r="3.5"/>`;
}

function renderLegend(y: number): string {
  const entries = [["both", "both together"], ["server", "server"], ["client", "client"]] as const;
  return entries.map(([owner, name], i) => {
    const x = MARGIN.side + PLOT.left + i * 110;
    return `<g class="${owner}">${mark(owner, x, y - 4)}</g>${text(x + 9, y, name)}`;
  }).join("\n");
}

/** An axis of whole decades, at least one. */
function logarithmicAxis(values: readonly number[]): Axis {
  const exponents = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(Math.min(...exponents));
  const high = Math.max(low + 1, Math.ceil(Math.max(...exponents)));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => Number(`1e${low + i}`));
  return { at: (value) => (Math.log10(Math.max(value, ticks[0]!)) - low) / (high - low), ticks };
}

/** An axis from the first to the last of some values, each of which is labelled. */
function spanAxis(values: readonly number[]): Axis {
  const low = Math.log(values[0]!);
  const span = Math.log(values.at(-1)!) - low;
  return { at: (value) => span === 0 ? 0.5 : (Math.log(value) - low) / span, ticks: values };
}

/** An axis from 0, in about four steps of 1, 2 or 5 times a power of ten. */
function linearAxis(values: readonly number[]): Axis {
  const rough = Math.max(...values, Number.MIN_VALUE) / 4;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5].find((factor) => factor * decade >= rough) ?? 10);
  const steps = Math.ceil(Math.max(...values) / step) || 1;
  const ticks = Array.from({ length: steps + 1 }, (_, i) => Number((i * step).toPrecision(12)));
  return { at: (value) => value / (steps * step), ticks };
}

function text(x: number, y: number, content: string, style = ""): string {
  const attribute = style === "" ? "" : ` class="${style}"`;
  return `<text${attribute} x="${x}" y="${y}">${content}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
