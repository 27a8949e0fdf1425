/**
 * The parts of a case, and how one is run.
 *
 * @module
 */
import { join } from "@std/path";
import { type Contestant, holdContest } from "./contest.ts";
import type { Metric } from "./metrics.ts";
import type { Peer } from "./peers.ts";
import type { CaseReport, Row, TargetResult } from "./report.ts";
import type { Scale } from "./scale.ts";
import type { Build } from "./sluice.ts";

/** The resources of a case. */
export interface CaseSetup {
  /** The case's own folder. */
  readonly dir: string;
  readonly scale: Scale;
  readonly seed: number;
  /** The builds of Sluice that take part, this repository's first. */
  readonly builds: readonly [Build, ...Build[]];
  /** The peers that are installed. */
  readonly peers: readonly Peer[];
  /** Whether a program is installed. */
  readonly has: (program: string) => boolean;
  /** Disposed of at the end of the case. */
  readonly stack: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

/** One case. */
export interface BenchCase {
  readonly id: string;
  readonly title: (scale: Scale) => string;
  /** The metrics to show; rows are compared by the first one. */
  readonly metrics: readonly Metric[];
  /** The rows that all others are compared with. */
  readonly subjects: readonly string[];
  /** The number of useful rounds, given the requested number. */
  readonly rounds?: (requested: number) => number;
  /** The minimum of rounds if time is short. @default {Infinity} */
  readonly minRounds?: number;
  /** The time it needs, relative to other cases. @default {1} */
  readonly weight?: number;
  readonly skipsSlowPeers?: boolean;
  readonly targets?: (rows: readonly Row[]) => TargetResult[];
  /** Makes the data and starts the servers; returns the contestants in order. */
  readonly prepare: (setup: CaseSetup) => Promise<Contestant[]>;
}

/** The options that all cases share. */
export interface CaseOptions extends Omit<CaseSetup, "dir" | "stack"> {
  /** The parent of the cases' folders. */
  readonly dir: string;
  readonly rounds: number;
  readonly minRounds: number;
  /** The time limit, in milliseconds; the minimum of rounds is run anyway. */
  readonly time: number;
  /** Whether the sizes are those for which the targets are set. */
  readonly hasTargets: boolean;
  readonly log: (line: string) => void;
}

/** Runs one case, and removes its data. */
export async function runCase(benchCase: BenchCase, options: CaseOptions): Promise<CaseReport> {
  const { id, metrics, subjects } = benchCase;
  const dir = join(options.dir, `case-${id}`);
  const deadline = performance.now() + options.time;
  const rounds = benchCase.rounds?.(options.rounds) ?? options.rounds;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  await Deno.mkdir(dir);
  options.log(`${id}: preparing`);
  const contestants = await benchCase.prepare({ ...options, dir, stack });
  const rows = await holdContest(contestants, {
    rounds,
    minRounds: Math.min(options.minRounds, benchCase.minRounds ?? Infinity),
    deadline,
    skipsSlowPeers: benchCase.skipsSlowPeers ?? false,
    onRound: (round) => options.log(`${id}: round ${round + 1}`),
    signal: options.signal,
  });
  return {
    id,
    title: benchCase.title(options.scale),
    metrics,
    subjects,
    rows,
    targets: options.hasTargets ? benchCase.targets?.(rows) ?? [] : [],
  };
}
