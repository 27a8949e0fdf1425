/**
 * The results of a benchmark, in the format of the JSON. Pure.
 *
 * @module
 */
import type { Machine } from "./machine.ts";
import type { Metric, Sample } from "./metrics.ts";

/** The kind of a contestant: Sluice, an alternative, or an upper limit of speed. */
export type Role = "sluice" | "peer" | "limit";

/** One contestant's runs. */
export interface Row {
  readonly name: string;
  readonly role: Role;
  /** The quantity that grows from row to row, if there is one: clients, files, bytes. */
  readonly x?: number;
  /** Its runs by round; null for skipped rounds. */
  readonly samples: readonly (Sample | null)[];
  /** The reason why it took no further part. */
  readonly failure?: string;
}

/** A target of a case, and whether it is met. */
export interface TargetResult {
  readonly text: string;
  /** The formatted figure. */
  readonly value: string;
  readonly isMet: boolean;
}

/** One case. */
export interface CaseReport {
  readonly id: string;
  readonly title: string;
  /** The metrics to show. */
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
  /** The start, in milliseconds since 1970-01-01 UTC. */
  readonly startedAt: number;
  readonly machine: Machine;
  readonly seed: number;
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Peers that are not installed, each with the missing programs. */
  readonly skipped: readonly string[];
  readonly cases: readonly CaseReport[];
}

/** A row's figures of one metric, by round; null where there is none. */
export function figuresOf(row: Row, metric: Metric): (number | null)[] {
  return row.samples.map((sample) => sample?.[metric] ?? null);
}

/** The same without the gaps. */
export function presentFigures(row: Row, metric: Metric): number[] {
  return figuresOf(row, metric).filter((figure) => figure !== null);
}
