/**
 * The benchmark's command line. Pure.
 *
 * @module
 */
import { integerOption, parseCommandLine } from "../../lib/cli/command_line.ts";
import { UserError } from "../../lib/errors.ts";

/** The parsed command line. */
export interface BenchCommand {
  readonly help: boolean;
  readonly isQuick: boolean;
  /** The maximum and the minimum of rounds. */
  readonly rounds: number;
  readonly minRounds: number;
  /** The time limit of all cases, in milliseconds; the minimum of rounds is run anyway. */
  readonly time: number;
  /** The letters of the cases to run. */
  readonly cases: readonly string[];
  /** The parent of the temporary folder; undefined for the system's. */
  readonly dir: string | undefined;
  /** The path of the report to write. */
  readonly json: string | undefined;
  /** A folder with Sluice's executables, or a checkout, to measure instead of this one. */
  readonly sluice: string | undefined;
  /** A further one to compare with. */
  readonly against: string | undefined;
  readonly seed: number;
}

const ROUNDS = { max: 5, min: 2, minutes: 6 };
const QUICK_ROUNDS = { max: 3, min: 1, minutes: 0.6 };
const MINUTE = 60_000;
const SEED = 2026;

/** The text of `--help`. */
export const BENCH_HELP = `\
sluice bench: Sluice and its peers, on this machine, in turns

Usage: deno task bench [options]

  --cases A,B,C   which cases to run                        (default: all)
  --rounds N      the number of rounds               (default: up to 5, as many
                  as fit into some minutes, but at least 2)
  --quick         small sizes, less than a minute: to check that all works
  --dir DIR       the folder for the data, which is removed in the end
                                       (default: the system's temporary folder)
  --json FILE     write all figures to FILE, for tools/bench/plot.ts
  --sluice DIR    measure the executables, or the checkout, in DIR
                                                  (default: this checkout)
  --against DIR   measure the ones in DIR, too
  --seed N        the seed of the data                      (default: 2026)
  --help          this text

Cases: a one file to nowhere; b one file; c many tiny files; d many small files;
e a mix with priorities; f many clients; g a large folder; h start-up; i a long
line; n number of files; s size of files.

Examples:
  deno task bench --quick
  deno task bench --cases b,e --rounds 9 --dir /mnt/tmpfs
  deno task bench --cases c --against ../other-checkout
`;

/**
 * Reads the command line.
 *
 * @param known The letters of all cases.
 * @throws {UserError} If it is wrong.
 */
export function parseBenchCommand(args: readonly string[], known: readonly string[]): BenchCommand {
  const given = parseCommandLine(args, {
    values: ["cases", "rounds", "dir", "json", "sluice", "against", "seed"],
    flags: ["quick", "help"],
  });
  const isQuick = given.flag("quick");
  const rounds = given.value("rounds");
  const { max, min, minutes } = isQuick ? QUICK_ROUNDS : ROUNDS;
  const cases = given.value("cases")?.split(",") ?? known;
  const unknown = cases.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new UserError(`Option --cases needs letters of ${known.join(", ")}, not "${unknown}"`);
  }
  return {
    help: given.flag("help"),
    isQuick,
    ...rounds === undefined
      ? { rounds: max, minRounds: min, time: minutes * MINUTE }
      : exactly(integerOption(rounds, "rounds", 1, 1000)),
    cases,
    dir: given.value("dir"),
    json: given.value("json"),
    sluice: given.value("sluice"),
    against: given.value("against"),
    seed: integerOption(given.value("seed") ?? String(SEED), "seed", 0, 2 ** 32 - 1),
  };
}

/** Exactly that many rounds, without a time limit. */
function exactly(rounds: number): { rounds: number; minRounds: number; time: number } {
  return { rounds, minRounds: rounds, time: Infinity };
}
