/**
 * A report as the benchmark writes it, with every case that is drawn.
 *
 * @module
 */
import type { Sample } from "../../tools/bench/metrics.ts";
import type { CaseReport, Report, Row } from "../../tools/bench/report.ts";

const COSTS: Sample = {
  serverPeak: 80e6,
  clientPeak: 90e6,
  serverCpu: 0.5,
  clientCpu: 0.8,
  serverCpuPerGB: 0.9,
  clientCpuPerGB: 1.4,
};

/** A report whose names contain characters that are special in XML and Markdown. */
export const SAMPLE_REPORT: Report = {
  format: 1,
  startedAt: 1_764_000_000_000,
  machine: {
    os: "linux",
    arch: "x86_64",
    processors: 2,
    deno: "2.9.6",
    fileSystem: "tmpfs",
  },
  seed: 1,
  rounds: 3,
  isQuick: false,
  skipped: [],
  cases: [
    oneCase("b", [
      row("sluice none", [{ seconds: 2 }, { seconds: 1 }, { seconds: 4 }]),
      { ...row("nginx & <curl>", [{ seconds: 3 }, { seconds: 3 }, null]), role: "peer" },
    ]),
    oneCase("f", [1, 10, 100].map((x) => ({ ...row(`${x}`, [{ ...COSTS, rate: 1e9 / x }]), x }))),
    oneCase(
      "n",
      [1, 1000].map((x) => ({ ...row(`${x}`, [{ ...COSTS, filesPerSecond: 5 * x }]), x })),
    ),
    oneCase(
      "s",
      [4096, 2 ** 30].map((x) => ({ ...row(`${x}`, [{ ...COSTS, rate: x }]), x })),
    ),
  ],
};

function oneCase(id: string, rows: readonly Row[]): CaseReport {
  return {
    id,
    title: `case ${id}`,
    metrics: ["seconds"],
    subjects: ["sluice none"],
    rows,
    targets: [],
  };
}

function row(name: string, samples: readonly (Sample | null)[]): Row {
  return { name, role: "sluice", samples };
}
