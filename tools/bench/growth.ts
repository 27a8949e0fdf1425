/**
 * The growth of cost with clients, files and file sizes: curves from a report. Pure.
 *
 * @module
 */
import { formatBytes } from "../../lib/display/terminal/units.ts";
import type { Metric } from "./metrics.ts";
import { presentFigures, type Report, type Row } from "./report.ts";
import { median } from "./statistics.ts";

/** The program whose cost a curve shows; both for their throughput. */
export type Owner = "both" | "server" | "client";

/** Medians, from left to right. */
export interface Curve {
  readonly owner: Owner;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** One plot. */
export interface Panel {
  readonly title: string;
  /** Whether the y axis is logarithmic, and does not begin at 0. */
  readonly isLogarithmic: boolean;
  readonly curves: readonly Curve[];
}

/** A quantity that grows, and its costs: throughput, memory, processor. */
export interface Growth {
  readonly title: string;
  /** Formats a value of x. */
  readonly write: (x: number) => string;
  readonly panels: readonly Panel[];
}

const MB = 1_000_000;
const inMB = (bytes: number) => bytes / MB;
const identity = (value: number) => value;

/** The owner and the metric of a curve, and a function from a figure and its x to y. */
type CurveSource = readonly [owner: Owner, metric: Metric, (figure: number, x: number) => number];

const MEMORY: readonly CurveSource[] = [
  ["server", "serverPeak", inMB],
  ["client", "clientPeak", inMB],
];
const CPU_PER_GB: readonly CurveSource[] = [
  ["server", "serverCpuPerGB", identity],
  ["client", "clientCpuPerGB", identity],
];
const CPU_PER_FILE: readonly CurveSource[] = [
  ["server", "serverCpu", (seconds, files) => seconds / files * 1000],
  ["client", "clientCpu", (seconds, files) => seconds / files * 1000],
];

/** A number in few characters: `0.25`, `12`, `100k`. */
export function shortNumber(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : String(value);
}

/** The growth in a report; quantities without cases are omitted. */
export function growthIn(report: Report): Growth[] {
  const rowsOf = (id: string) => {
    const rows = report.cases.find((found) => found.id === id)?.rows ?? [];
    return rows.filter(({ x }) => x !== undefined).sort((a, b) => a.x! - b.x!);
  };
  const clients = rowsOf("f");
  const counts = rowsOf("n");
  const sizes = rowsOf("s");
  // The large folder is one more number of files, if its download was completed.
  const folder = rowsOf("g").filter((row) => presentFigures(row, "files")[0] === row.x);
  const files = counts.length === 0 ? [] : [...counts, ...folder];
  return [
    {
      title: "clients at once",
      write: shortNumber,
      panels: [
        panel("MB/s, all together", clients, [["both", "rate", inMB]]),
        panel("memory, MB", clients, MEMORY.slice(0, 1)),
        panel("CPU, s/GB", clients, CPU_PER_GB.slice(0, 1), true),
      ],
    },
    {
      title: "files of 4 KiB",
      write: shortNumber,
      panels: [
        panel("files/s", files, [["both", "filesPerSecond", identity]]),
        panel("memory, MB", files, MEMORY),
        panel("CPU, ms a file", files, CPU_PER_FILE, true),
      ],
    },
    {
      title: "size of each file",
      write: (x: number) => formatBytes(x).replace(/(?:\.0+)? ([KMG])iB$/, "$1"),
      panels: [
        panel("MB/s", sizes, [["both", "rate", inMB]]),
        panel("memory, MB", sizes, MEMORY),
        panel("CPU, s/GB", sizes, CPU_PER_GB, true),
      ],
    },
  ].filter(({ panels }) => panels[0]!.curves.some(({ points }) => points.length > 0));
}

function panel(
  title: string,
  rows: readonly Row[],
  sources: readonly CurveSource[],
  isLogarithmic = false,
): Panel {
  const curves = sources.map(([owner, metric, convert]) => ({
    owner,
    points: rows.flatMap((row) => {
      const figures = presentFigures(row, metric);
      return figures.length === 0 ? [] : [{ x: row.x!, y: convert(median(figures), row.x!) }];
    }),
  }));
  return { title, isLogarithmic, curves };
}
