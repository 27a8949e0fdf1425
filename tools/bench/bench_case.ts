/**
 * What a case is made of, and how one is run.
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

/** What a case has to work with. */
export interface Site {
  /** A folder of its own. */
  readonly dir: string;
  readonly scale: Scale;
  readonly seed: number;
  /** Sluice in every form that takes part, this repository's first. */
  readonly builds: readonly [Build, ...Build[]];
  /** The peers that are installed. */
  readonly peers: readonly Peer[];
  /** Whether a program is installed. */
  readonly has: (program: string) => boolean;
  /** What is to be ended when the case has ended. */
  readonly stack: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

/** One case. */
export interface BenchCase {
  readonly id: string;
  readonly title: (scale: Scale) => string;
  /** What is shown of each row; the first is what rows are compared by. */
  readonly metrics: readonly Metric[];
  /** The rows that all others are compared with. */
  readonly subjects: readonly string[];
  /** How many rounds make sense where so many are asked for. */
  readonly rounds?: (asked: number) => number;
  /** Where fewer rounds will do if time is short. @default {Infinity} */
  readonly leastRounds?: number;
  /** What part of the time it needs, compared with others. @default {1} */
  readonly weight?: number;
  readonly slowOnesSitOut?: boolean;
  readonly targets?: (rows: readonly Row[]) => TargetResult[];
  /** Makes the data and starts the servers; who takes part is told in order. */
  readonly prepare: (site: Site) => Promise<Contestant[]>;
}

/** What is the same for all cases. */
export interface CaseOptions extends Omit<Site, "dir" | "stack"> {
  /** Where cases make their folders. */
  readonly dir: string;
  readonly rounds: number;
  readonly leastRounds: number;
  /** How long it may take, in milliseconds, but for the fewest rounds. */
  readonly time: number;
  /** Whether sizes are those that the targets are of. */
  readonly hasTargets: boolean;
  readonly tell: (line: string) => void;
}

/** Runs one case; nothing of it is left. */
export async function runCase(benchCase: BenchCase, options: CaseOptions): Promise<CaseReport> {
  const { id, metrics, subjects } = benchCase;
  const dir = join(options.dir, `case-${id}`);
  const deadline = performance.now() + options.time;
  const rounds = benchCase.rounds?.(options.rounds) ?? options.rounds;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(dir, { recursive: true }));
  await Deno.mkdir(dir);
  options.tell(`${id}: preparing`);
  const contestants = await benchCase.prepare({ ...options, dir, stack });
  const rows = await holdContest(contestants, {
    rounds,
    leastRounds: Math.min(options.leastRounds, benchCase.leastRounds ?? Infinity),
    deadline,
    slowOnesSitOut: benchCase.slowOnesSitOut ?? false,
    tell: (round) => options.tell(`${id}: round ${round + 1}`),
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
