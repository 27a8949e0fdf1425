/**
 * Contestants take turns, round by round (A B C, A B C, …), so that whatever else the machine does
 * meets all of them alike.
 *
 * @module
 */
import { messageOf } from "../../lib/errors.ts";
import type { Sample } from "./metrics.ts";
import { presentFigures, type Role, type Row } from "./report.ts";

/** One that takes part. */
export interface Contestant {
  readonly name: string;
  readonly role: Role;
  /** What grows from contestant to contestant, where something does. */
  readonly x?: number;
  /** What is not to be measured, once, before the first round. */
  readonly warmUp?: () => Promise<void>;
  /** One run. */
  readonly run: () => Promise<Sample>;
}

/** How contestants take turns. */
export interface ContestOptions {
  /** The most rounds, and the fewest. */
  readonly rounds: number;
  readonly leastRounds: number;
  /** No round begins that would not end by then, on the clock of `performance.now`. */
  readonly deadline: number;
  /** Whether who is slow by far need not take part in every round. */
  readonly slowOnesSitOut: boolean;
  /** Hears, before each round, which it is. */
  readonly tell: (round: number) => void;
  readonly signal: AbortSignal;
}

/** Who is slower than the fastest Sluice by more than this factor … */
const SLOW = 3;
/** … takes part in so many rounds only: what it costs is known by then. */
const ROUNDS_OF_SLOW = 2;

interface Standing {
  readonly contestant: Contestant;
  readonly samples: (Sample | null)[];
  failure?: string;
}

/** Runs the rounds. Who fails is out, and says why. */
export async function holdContest(
  contestants: readonly Contestant[],
  { rounds, leastRounds, deadline, slowOnesSitOut, tell, signal }: ContestOptions,
): Promise<Row[]> {
  const standings: Standing[] = contestants.map((contestant) => ({ contestant, samples: [] }));
  for (const standing of standings) {
    const { warmUp } = standing.contestant;
    if (warmUp) await attempt(standing, warmUp, signal);
  }
  let lastTook = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    if (round >= leastRounds && start + lastTook > deadline) break;
    tell(round);
    const slow = slowOnesSitOut && round >= ROUNDS_OF_SLOW ? slowOnes(standings) : new Set();
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

function slowOnes(standings: readonly Standing[]): Set<Standing> {
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
