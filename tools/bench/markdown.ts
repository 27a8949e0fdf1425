/**
 * Reports as Markdown tables for the documents. Pure.
 *
 * @module
 */
import { type Growth, shortNumber } from "./growth.ts";
import { METRICS } from "./metrics.ts";
import type { CaseReport, Report } from "./report.ts";
import { medianOf, speedRatio } from "./table.ts";

/** The cases in which all peers take part. */
const SHARED_CASES = ["a", "b", "c", "d", "e"];
const OTHER_CASES = ["f", "g", "h", "i"];
const NOTHING = "–";

/** The tables of a report: the shared cases, the other cases, the targets, and growth. */
export function renderMarkdown(report: Report, growths: readonly Growth[]): string {
  const { machine: { processors, os, arch, deno, fileSystem }, cases } = report;
  const some = (ids: readonly string[]) => cases.filter(({ id }) => ids.includes(id));
  return [
    `${processors} processors, ${os} ${arch}, Deno ${deno}, data on ${fileSystem}.`,
    sharedTable(some(SHARED_CASES)),
    ...some(OTHER_CASES).map(caseTable),
    targetTable(cases),
    ...growths.map(growthTable),
  ].filter((part) => part !== "").join("\n\n");
}

/** A row for each contestant, a column for each case: seconds, and Sluice's speed relative to it. */
function sharedTable(cases: readonly CaseReport[]): string {
  if (cases.length === 0) return "";
  const names = [...new Set(cases.flatMap(({ rows }) => rows.map(({ name }) => name)))];
  return table(
    ["seconds (how many times as fast Sluice is)", ...cases.map(({ title }) => title)],
    names.map((name) => [name, ...cases.map((found) => cell(found, name))]),
  );
}

function cell({ rows, subjects }: CaseReport, name: string): string {
  const row = rows.find((row) => row.name === name);
  if (!row) return "";
  const seconds = medianOf(row, "seconds");
  const subject = rows.find((row) => row.name === subjects[0]);
  if (!subject || row.role === "sluice" || seconds === NOTHING) return seconds;
  return `${seconds} (${speedRatio(subject, row, "seconds")})`;
}

function caseTable({ title, metrics, rows }: CaseReport): string {
  return table(
    [title, ...metrics.map((metric) => METRICS[metric].title)],
    rows.map((row) => [row.name, ...metrics.map((metric) => medianOf(row, metric))]),
  );
}

function targetTable(cases: readonly CaseReport[]): string {
  const rows = cases.flatMap(({ id, targets }) =>
    targets.map(({ text, value, isMet }) => [id, text, value, isMet ? "yes" : "no"])
  );
  return rows.length === 0 ? "" : table(["case", "target", "figure", "met"], rows);
}

/** A row for each value of x, a column for each curve. */
function growthTable({ title, write, panels }: Growth): string {
  const curves = panels.flatMap((panel) =>
    panel.curves.map((curve) => ({
      ...curve,
      title: curve.owner === "both" ? panel.title : `${curve.owner}'s ${panel.title}`,
    }))
  );
  const xs = [...new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)))];
  return table(
    [title, ...curves.map(({ title }) => title)],
    xs.map((x) => [
      write(x),
      ...curves.map(({ points }) => {
        const point = points.find((point) => point.x === x);
        return point ? shortNumber(Number(point.y.toPrecision(3))) : NOTHING;
      }),
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, i) => i === 0 ? "---" : "---:");
  return [head, rule, ...rows].map(line).join("\n");
}
