/**
 * What a benchmark has found, as it stands in the JSON. Pure.
 *
 * @module
 */
import type { Machine } from "./machine.ts";
import type { Metric, Sample } from "./metrics.ts";

/** What takes part: Sluice, what users would take instead, or what nothing can be faster than. */
export type Role = "sluice" | "peer" | "limit";

/** One contestant's runs. */
export interface Row {
  readonly name: string;
  readonly role: Role;
  /** What grows from row to row, where something does: clients, files, bytes. */
  readonly x?: number;
  /** By round; null where it sat out. */
  readonly samples: readonly (Sample | null)[];
  /** Why it took no further part. */
  readonly failure?: string;
}

/** A target of a case, and what came of it. */
export interface TargetResult {
  readonly text: string;
  /** The figure as it is written. */
  readonly value: string;
  readonly isMet: boolean;
}

/** One case. */
export interface CaseReport {
  readonly id: string;
  readonly title: string;
  /** What is shown of each row. */
  readonly metrics: readonly Metric[];
  /** The rows that all others are compared with. */
  readonly subjects: readonly string[];
  readonly rows: readonly Row[];
  readonly targets: readonly TargetResult[];
}

/** A whole run of the benchmark. */
export interface Report {
  /** The version of this format. */
  readonly format: 1;
  /** When it began, in milliseconds since 1970-01-01 UTC. */
  readonly startedAt: number;
  readonly machine: Machine;
  readonly seed: number;
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Peers that are not installed, each with what it lacks. */
  readonly skipped: readonly string[];
  readonly cases: readonly CaseReport[];
}

/** The figures of one kind of a row, by round; null where there is none. */
export function figuresOf(row: Row, metric: Metric): (number | null)[] {
  return row.samples.map((sample) => sample?.[metric] ?? null);
}

/** The same without the gaps. */
export function presentFigures(row: Row, metric: Metric): number[] {
  return figuresOf(row, metric).filter((figure) => figure !== null);
}
