/**
 * Command lines as values, checked against a table of options. Pure.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UserError } from "./errors.ts";

/** The options that a program knows: those with a value, and those without. */
export interface OptionTable {
  readonly values: readonly string[];
  readonly flags: readonly string[];
}

/** The options of a command line. */
export interface GivenOptions {
  /** The value of an option, or undefined if it was not given. The last one counts. */
  value(name: string): string | undefined;
  /** Whether an option without value was given. */
  flag(name: string): boolean;
}

/**
 * Reads a command line: `--name value`, `--name=value`, `--flag`, and `-h` for `--help`.
 *
 * @throws {UserError} If an option is unknown or lacks its value, or if there is anything else.
 */
export function parseCommandLine(args: readonly string[], table: OptionTable): GivenOptions {
  const known = [...table.values, ...table.flags];
  const parsed = parseArgs(args, {
    string: table.values,
    boolean: table.flags,
    alias: { help: "h" },
    unknown: (arg, key) => {
      if (key === undefined) throw new UserError(`Unexpected argument "${arg}"; see --help`);
      throw new UserError(`Unknown option "${arg.split("=")[0]}"; ${suggestion(key, known)}`);
    },
  });
  // Single letters run together would be taken for options of their own.
  for (const name of table.values) {
    const value = parsed[name];
    if (value === "" || Array.isArray(value)) throw new UserError(`Option --${name} needs a value`);
  }
  const flagWithValue = args.find((arg) =>
    table.flags.some((name) => arg.startsWith(`--${name}=`) && !/=(true|false)$/.test(arg))
  );
  if (flagWithValue) {
    throw new UserError(`Option ${flagWithValue.split("=")[0]} takes no value`);
  }
  return {
    value: (name) => parsed[name] as string | undefined,
    flag: (name) => parsed[name] === true,
  };
}

/**
 * The value of an option that is a whole number.
 *
 * @throws {UserError} If it is none, or not from `min` to `max`.
 */
export function integerOption(text: string, name: string, min: number, max: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UserError(
    `Option --${name} needs a whole number from ${min} to ${max}, not "${text}"`,
  );
}

/**
 * The value of an option that is one of some words.
 *
 * @throws {UserError} If it is none of them.
 */
export function wordOption<T extends string>(text: string, name: string, words: readonly T[]): T {
  const word = words.find((word) => word === text);
  if (word !== undefined) return word;
  const list = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  throw new UserError(`Option --${name} needs ${list}, not "${text}"`);
}

function suggestion(given: string, known: readonly string[]): string {
  const distances = known.map((name) => ({ name, distance: editDistance(given, name) }));
  const nearest = distances.reduce((a, b) => b.distance < a.distance ? b : a);
  const isNear = nearest.distance <= Math.max(1, Math.floor(nearest.name.length / 2));
  return isNear ? `did you mean --${nearest.name}?` : "see --help";
}

/** How many letters must be changed, put in or taken out (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = row[j]! + (letter === b[j] ? 0 : 1);
      next.push(Math.min(changed, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
