/**
 * The plot of a report: the rates over time, stacked. Pure.
 *
 * The areas are an SVG that is stretched to the page's width; the labels are HTML positioned in
 * percent, so that they keep their size on a phone.
 *
 * @module
 */
import { PRIORITIES, type Priority } from "../../client/priority.ts";
import { escapeHtml } from "./html.ts";
import type { RateHistory } from "./rate_history.ts";
import type { Mark, SeriesKey } from "./report_record.ts";
import { formatBytes, formatDuration, formatRate } from "../terminal/units.ts";

/** The most files with an area of their own; the others of a priority share one. */
const MAX_BANDS = 24;

/** The SVG's size in its own units. */
const WIDTH = 1000;
const HEIGHT = 300;

/** The shortest last span, as a part of one: a shorter one would give absurd rates. */
const MIN_LAST = 0.25;

const MAX_TICKS = 5;
const RATE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200];
const DAY = 86_400;

interface Band {
  readonly priority: Priority;
  readonly label: string;
  /** Bytes in each span. */
  readonly bytes: readonly number[];
  readonly total: number;
}

interface BandTotals {
  readonly priority: Priority;
  /** Null if the band covers several files. */
  readonly path: string | null;
  readonly files: number;
  readonly total: number;
}

/** The content of a plot. */
export interface PlotData {
  readonly history: RateHistory;
  readonly marks: readonly Mark[];
  /** The run's length in milliseconds. */
  readonly took: number;
}

/** The plot as HTML; empty if nothing was received. */
export function plotHtml({ history, marks, took }: PlotData): string {
  const bands = bandsOf(history);
  if (bands.length === 0) return "";
  const end = Math.max(took, history.span);
  const rates = bands.map(({ bytes }) => ratesOf(bytes, history.span, end));
  const top = niceTop(Math.max(...history.spans.map((_, at) => sum(rates.map((of) => of[at]!)))));
  const x = (at: number) => WIDTH * Math.min(at, end) / end;
  const y = (rate: number) => HEIGHT * (1 - rate / top.value);

  let floor = history.spans.map(() => 0);
  const areas = bands.map((band, index) => {
    const ceiling = floor.map((below, at) => below + rates[index]![at]!);
    const path = areaPath(floor, ceiling, (at) => x((at + 0.5) * history.span), y);
    floor = ceiling;
    const shade = index % 2 === 0 ? "" : " odd";
    return `<path class="${band.priority.toLowerCase()}${shade}" d="${path}">` +
      `<title>${escapeHtml(`${band.label} (${band.priority}, ${formatBytes(band.total)})`)}` +
      "</title></path>";
  });
  const lines = marks.map(({ at, kind }) =>
    `<line class="${kind}" x1="${round(x(at))}" x2="${round(x(at))}" y1="0" y2="${HEIGHT}"/>`
  );
  return `<figure class="plot" role="img" aria-label="Rates over time, by priority">
${rateTicks(top)}
<div class="area">
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">
${areas.join("\n")}
${lines.join("\n")}
</svg>
${marks.map((mark, index) => markLabel(mark, index, end)).join("\n")}
</div>
${timeTicks(end)}
</figure>`;
}

/** The areas from the bottom up: by priority, then by first arrival. */
function bandsOf(history: RateHistory): Band[] {
  const totals = new Map<string, number>();
  for (const span of history.spans) {
    for (const [key, bytes] of span) totals.set(key, (totals.get(key) ?? 0) + bytes);
  }
  const largest = new Set(
    [...totals].sort(([, a], [, b]) => b - a).slice(0, MAX_BANDS).map(([key]) => key),
  );
  const bands = new Map<string, BandTotals>();
  for (const [key, total] of totals) {
    const { priority, path }: SeriesKey = JSON.parse(key);
    const isOwn = largest.has(key);
    const name = isOwn ? key : priority;
    const band = bands.get(name) ?? { priority, path: isOwn ? path : null, files: 0, total: 0 };
    bands.set(name, { ...band, files: band.files + 1, total: band.total + total });
  }
  const bytesByName = new Map([...bands.keys()].map((name) => [name, history.spans.map(() => 0)]));
  for (const [index, span] of history.spans.entries()) {
    for (const [key, bytes] of span) {
      const name = largest.has(key) ? key : (JSON.parse(key) as SeriesKey).priority;
      bytesByName.get(name)![index]! += bytes;
    }
  }
  const finished = Array.from(bands, ([name, { priority, path, files, total }]): Band => ({
    priority,
    label: path ?? `${files} more`,
    bytes: bytesByName.get(name)!,
    total,
  }));
  return PRIORITIES.flatMap((priority) => finished.filter((band) => band.priority === priority));
}

/** Bytes a second in each span; the last span may be shorter than the others. */
function ratesOf(bytes: readonly number[], span: number, end: number): number[] {
  return bytes.map((amount, index) => {
    const length = Math.min(span, Math.max(end - index * span, span * MIN_LAST));
    return amount * 1000 / length;
  });
}

function areaPath(
  floor: readonly number[],
  ceiling: readonly number[],
  x: (index: number) => number,
  y: (rate: number) => number,
): string {
  const point = (rate: number, index: number) => `${round(x(index))} ${round(y(rate))}`;
  const upper = ceiling.map(point);
  const lower = floor.map(point).reverse();
  const last = floor.length - 1;
  const edges = [`${round(x(-0.5))} ${round(y(0))}`, `${round(x(last + 0.5))} ${round(y(0))}`];
  return `M${edges[0]} L${upper.join(" L")} L${edges[1]} L${lower.join(" L")} Z`;
}

interface Top {
  readonly value: number;
  readonly step: number;
}

/** The upper end of the rate axis, and the distance of its ticks. */
function niceTop(rate: number): Top {
  const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(rate, 1)) / Math.log(1024)));
  const steps = [...RATE_STEPS, 1024].map((step) => step * unit);
  const step = steps.find((step) => rate / step <= MAX_TICKS) ?? steps.at(-1)!;
  return { step, value: step * Math.max(1, Math.ceil(rate / step)) };
}

function rateTicks({ value, step }: Top): string {
  const ticks = Array.from({ length: Math.round(value / step) + 1 }, (_, index) => index * step);
  const spans = ticks.map((rate) =>
    `<span style="bottom:${round(100 * rate / value)}%">${formatRate(rate)}</span>`
  );
  return `<div class="rates" aria-hidden="true">${spans.join("")}</div>`;
}

function timeTicks(end: number): string {
  const seconds = end / 1000;
  const step = TIME_STEPS.find((step) => seconds / step <= MAX_TICKS) ??
    DAY * Math.ceil(seconds / DAY / MAX_TICKS);
  const ticks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
  const spans = ticks.map((second) =>
    `<span style="left:${round(100 * second / seconds)}%">${formatDuration(1000 * second)}</span>`
  );
  return `<div class="times" aria-hidden="true">${spans.join("")}</div>`;
}

function markLabel({ at, kind, text }: Mark, index: number, end: number): string {
  const left = round(100 * Math.min(at, end) / end);
  return `<span class="mark ${kind}" style="left:${left}%" title="${escapeHtml(text)}">` +
    `${index + 1}</span>`;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function round(amount: number): number {
  return Math.round(amount * 100) / 100;
}
