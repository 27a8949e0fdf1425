/**
 * Makes the documents' tables and the picture of growth from one or more reports. If several reports
 * have the same case, the last one counts.
 *
 *     deno run --allow-read --allow-write tools/bench/plot.ts report.json
 *
 * The tables go to standard output, the picture to `tools/bench/growth.svg`.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import { UserError } from "../../lib/errors.ts";
import { runMain, writeLine } from "../../lib/cli/main.ts";
import { growthIn } from "./growth.ts";
import { renderGrowth } from "./growth_svg.ts";
import { renderMarkdown } from "./markdown.ts";
import type { Report } from "./report.ts";

const PICTURE = fromFileUrl(new URL("growth.svg", import.meta.url));

async function main(paths: readonly string[]): Promise<number> {
  const report = merge(await Promise.all(paths.map(readReport)));
  const growths = growthIn(report);
  writeLine(Deno.stdout, renderMarkdown(report, growths));
  if (growths.length > 0) await Deno.writeTextFile(PICTURE, renderGrowth(growths));
  return 0;
}

async function readReport(path: string): Promise<Report> {
  const report: Report = JSON.parse(await Deno.readTextFile(path));
  if (report.format === 1) return report;
  throw new UserError(`Cannot read "${path}": it is not a report of this benchmark`);
}

function merge(reports: readonly Report[]): Report {
  const [first] = reports;
  if (!first) throw new UserError("Name a report that the benchmark wrote with --json");
  const cases = new Map(reports.flatMap(({ cases }) => cases.map((found) => [found.id, found])));
  return { ...first, cases: [...cases.values()] };
}

if (import.meta.main) await runMain("plot", () => main(Deno.args));
