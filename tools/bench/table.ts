/**
 * Reports as text. Pure.
 *
 * @module
 */
import { padEnd, padStart } from "../../lib/display/terminal/text_width.ts";
import { type Metric, METRICS } from "./metrics.ts";
import { type CaseReport, figuresOf, presentFigures, type Report, type Row } from "./report.ts";
import { pairedRatio, spreadOf } from "./statistics.ts";

/** The text of an empty cell. */
const NOTHING = "–";

/** The lines above all tables. */
export function renderHead({ machine, rounds, seed, isQuick, skipped }: Report): string {
  const { os, arch, processors, deno, fileSystem } = machine;
  return [
    `Medians of up to ${rounds} interleaved rounds on ${processors} processors, ${os} ${arch}, Deno ` +
    `${deno}, ${fileSystem}, seed ${seed}.`,
    ...isQuick ? ["Quick: sizes are small, and what starting a program takes counts most."] : [],
    ...skipped.map((peer) => `Skipped: ${peer}`),
  ].join("\n");
}

/** One case: its rows, then its targets. */
export function renderCase(report: CaseReport): string {
  const { id, title, metrics, subjects, rows, targets } = report;
  const [first] = metrics;
  const present = subjects.flatMap((name) => rows.find((row) => row.name === name) ?? []);
  const head = [
    "",
    METRICS[first!].title,
    "(least–most)",
    ...metrics.slice(1).map((metric) => METRICS[metric].title),
    "rounds",
    ...present.map(({ name }) => `${name} is`),
  ];
  const cells = rows.map((row) => [
    row.role === "limit" ? `${row.name} *` : row.name,
    medianOf(row, first!),
    spread(row, first!),
    ...metrics.slice(1).map((metric) => medianOf(row, metric)),
    String(presentFigures(row, first!).length),
    ...present.map((subject) => speedRatio(subject, row, first!)),
  ]);
  return [
    `${id}  ${title}`,
    ...columns([head, ...cells]),
    ...rows.flatMap(({ name, failure }) => failure === undefined ? [] : [`  ${name}: ${failure}`]),
    ...targets.map(({ text, value, isMet }) =>
      `  ${isMet ? "met   " : "MISSED"}  ${value}  ${text}`
    ),
  ].join("\n");
}

/** How many times as fast as a row the subject is. */
export function speedRatio(subject: Row, row: Row, metric: Metric): string {
  if (subject === row) return "";
  const ratio = pairedRatio(figuresOf(row, metric), figuresOf(subject, metric));
  return ratio === null ? NOTHING : `${ratio.toFixed(2)} ×`;
}

/** The formatted median of a row's figures. */
export function medianOf(row: Row, metric: Metric): string {
  const figures = presentFigures(row, metric);
  return figures.length === 0 ? NOTHING : METRICS[metric].write(spreadOf(figures).median);
}

function spread(row: Row, metric: Metric): string {
  const figures = presentFigures(row, metric);
  if (figures.length === 0) return NOTHING;
  const { min, max } = spreadOf(figures);
  return `${METRICS[metric].write(min)}–${METRICS[metric].write(max)}`;
}

/** Aligns names to the left and figures to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => [...row[i]!].length)));
  return rows.map((row) =>
    row.map((cell, i) => i === 0 ? padEnd(cell, widths[i]!) : padStart(cell, widths[i]!))
      .join("  ").trimEnd()
  ).map((line) => `  ${line}`);
}
