/**
 * The benchmark's command line. Pure.
 *
 * @module
 */
import { integerOption, parseCommandLine } from "../../lib/cli/command_line.ts";
import { UserError } from "../../lib/errors.ts";

/** What the user asked for. */
export interface BenchCommand {
  readonly help: boolean;
  readonly isQuick: boolean;
  /** The most rounds, and the fewest. */
  readonly rounds: number;
  readonly leastRounds: number;
  /** How long all may take, in milliseconds, but for the fewest rounds. */
  readonly time: number;
  /** The letters of the cases to run. */
  readonly cases: readonly string[];
  /** Where to make the temporary folder; undefined for the system's place. */
  readonly dir: string | undefined;
  /** Where to write the report. */
  readonly json: string | undefined;
  /** A folder with Sluice's executables, or a checkout, to run instead of this one. */
  readonly sluice: string | undefined;
  /** Another one to compare with. */
  readonly against: string | undefined;
  readonly seed: number;
}

const ROUNDS = { most: 5, least: 2, minutes: 6 };
const QUICK_ROUNDS = { most: 3, least: 1, minutes: 0.6 };
const MINUTE = 60_000;
const SEED = 2026;

/** The text of `--help`. */
export const BENCH_HELP = `\
sluice bench: Sluice and its peers, on this machine, in turns

Usage: deno task bench [options]

  --cases A,B,C   which cases to run                        (default: all)
  --rounds N      how often everybody has a turn     (default: up to 5, as often
                  as fits into some minutes, but twice in any case)
  --quick         small sizes, less than a minute: to see that all works
  --dir DIR       where to put the data, which is removed in the end
                                                  (default: the system's place)
  --json FILE     write all figures there, for tools/bench/plot.ts
  --sluice DIR    run the executables, or the checkout, in this folder
                                                  (default: this checkout)
  --against DIR   let another one take part, too
  --seed N        what the data is made from                (default: 2026)
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
  const { most, least, minutes } = isQuick ? QUICK_ROUNDS : ROUNDS;
  const cases = given.value("cases")?.split(",") ?? known;
  const unknown = cases.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new UserError(`Option --cases needs letters of ${known.join(", ")}, not "${unknown}"`);
  }
  return {
    help: given.flag("help"),
    isQuick,
    ...rounds === undefined
      ? { rounds: most, leastRounds: least, time: minutes * MINUTE }
      : exactly(integerOption(rounds, "rounds", 1, 1000)),
    cases,
    dir: given.value("dir"),
    json: given.value("json"),
    sluice: given.value("sluice"),
    against: given.value("against"),
    seed: integerOption(given.value("seed") ?? String(SEED), "seed", 0, 2 ** 32 - 1),
  };
}

/** Who asks for so many rounds has the time for them. */
function exactly(rounds: number): { rounds: number; leastRounds: number; time: number } {
  return { rounds, leastRounds: rounds, time: Infinity };
}
