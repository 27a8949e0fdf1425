/**
 * Contestants take turns, round by round (A B C, A B C, …), so that other load on the machine affects
 * all of them alike.
 *
 * @module
 */
import { messageOf } from "../../lib/errors.ts";
import type { Sample } from "./metrics.ts";
import { presentFigures, type Role, type Row } from "./report.ts";

/** A program, or a pair of programs, that is measured. */
export interface Contestant {
  readonly name: string;
  readonly role: Role;
  /** The quantity that grows from contestant to contestant, if there is one. */
  readonly x?: number;
  /** Runs once before the first round, unmeasured. */
  readonly warmUp?: () => Promise<void>;
  /** One run. */
  readonly run: () => Promise<Sample>;
}

/** How contestants take turns. */
export interface ContestOptions {
  /** The maximum and the minimum of rounds. */
  readonly rounds: number;
  readonly minRounds: number;
  /** The end of the last round, on the clock of `performance.now`; the minimum is run anyway. */
  readonly deadline: number;
  /** Whether contestants that are slow by far skip the later rounds. */
  readonly skipsSlowPeers: boolean;
  /** Called before each round with its index. */
  readonly onRound: (round: number) => void;
  readonly signal: AbortSignal;
}

/** A contestant slower than the fastest Sluice by more than this factor counts as slow. */
const SLOW = 3;
/** The rounds of a slow contestant: by then its time is known well enough. */
const ROUNDS_OF_SLOW = 2;

interface Standing {
  readonly contestant: Contestant;
  readonly samples: (Sample | null)[];
  failure?: string;
}

/** Runs the rounds. A contestant that fails takes no further part; its row has the reason. */
export async function holdContest(
  contestants: readonly Contestant[],
  { rounds, minRounds, deadline, skipsSlowPeers, onRound, signal }: ContestOptions,
): Promise<Row[]> {
  const standings: Standing[] = contestants.map((contestant) => ({ contestant, samples: [] }));
  for (const standing of standings) {
    const { warmUp } = standing.contestant;
    if (warmUp) await attempt(standing, warmUp, signal);
  }
  let lastTook = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    if (round >= minRounds && start + lastTook > deadline) break;
    onRound(round);
    const slow = skipsSlowPeers && round >= ROUNDS_OF_SLOW ? slowPeers(standings) : new Set();
    for (const standing of standings) {
      const takesPart = standing.failure === undefined && !slow.has(standing);
      const { run } = standing.contestant;
      standing.samples.push(takesPart ? await attempt(standing, run, signal) : null);
    }
    lastTook = performance.now() - start;
  }
  return standings.map(rowOf);
}

async function attempt<T>(
  standing: Standing,
  act: () => Promise<T>,
  signal: AbortSignal,
): Promise<T | null> {
  try {
    return await act();
  } catch (error) {
    signal.throwIfAborted();
    standing.failure = messageOf(error);
    return null;
  }
}

function slowPeers(standings: readonly Standing[]): Set<Standing> {
  const best = (standing: Standing) => Math.min(...presentFigures(rowOf(standing), "seconds"));
  const isSluice = ({ contestant }: Standing) => contestant.role === "sluice";
  const fastest = Math.min(...standings.filter(isSluice).map(best));
  return new Set(
    standings.filter((standing) => !isSluice(standing) && best(standing) > SLOW * fastest),
  );
}

function rowOf({ contestant: { name, role, x }, samples, failure }: Standing): Row {
  return {
    name,
    role,
    ...x === undefined ? {} : { x },
    samples,
    ...failure === undefined ? {} : { failure },
  };
}
