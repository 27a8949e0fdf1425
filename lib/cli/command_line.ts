/**
 * Command lines as values, checked against a table of options. Pure.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UserError } from "../errors.ts";

/** The options of a program: those with a value, and those without. */
export interface OptionTable {
  readonly values: readonly string[];
  readonly flags: readonly string[];
}

/** The description of one option. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** Its effect, in less than a line. */
  readonly summary: string;
  /** Its value: a choice of words, or a kind that shells can complete; a flag has none. */
  readonly value?: "file" | "folder" | "text" | readonly string[];
}

/** The table of some options. */
export function tableOf(options: readonly OptionSpec[]): OptionTable {
  const names = (hasValue: boolean) =>
    options.filter(({ value }) => (value !== undefined) === hasValue).map(({ name }) => name);
  return { values: names(true), flags: names(false) };
}

/** The parsed options of a command line. */
export interface GivenOptions {
  /** The value of an option, or undefined if it was not given. The last one counts. */
  value(name: string): string | undefined;
  /** Whether an option without value was given. */
  flag(name: string): boolean;
}

/**
 * Reads a command line: `--name value`, `--name=value`, `--flag`, and `-h` for `--help`.
 *
 * @throws {UserError} If an option is unknown or lacks its value, or an argument is no option.
 */
export function parseCommandLine(args: readonly string[], table: OptionTable): GivenOptions {
  for (const [i, arg] of args.entries()) assertPlain(arg, args[i + 1] ?? "", table);
  const parsed = parseArgs(args, {
    string: table.values,
    boolean: table.flags,
    alias: { help: "h" },
    unknown: (arg, key) => {
      throw key === undefined ? unexpected(arg) : unknownOption(arg, table);
    },
  });
  return {
    value: (name) => parsed[name] as string | undefined,
    flag: (name) => parsed[name] === true,
  };
}

/** Refuses arguments that `parseArgs` would misread or ignore. */
function assertPlain(arg: string, next: string, table: OptionTable): void {
  const [option = ""] = arg.split("=", 1);
  const name = option.startsWith("--") ? option.slice(2) : "";
  const hasValue = arg.length > option.length;
  if (table.values.includes(name)) {
    const isMissing = hasValue ? arg === `${option}=` : next === "" || next.startsWith("-");
    if (isMissing) throw new UserError(`Option ${option} needs a value`);
  } else if (table.flags.includes(name)) {
    if (hasValue && !/=(true|false)$/.test(arg)) {
      throw new UserError(`Option ${option} takes no value`);
    }
  } else if (arg === "--") {
    throw unexpected(arg);
  } else if (/^-[^-]/.test(arg) && arg !== "-h") {
    throw unknownOption(arg, table);
  }
}

function unexpected(arg: string): UserError {
  return new UserError(`Unexpected argument "${arg}"; see --help`);
}

function unknownOption(arg: string, { values, flags }: OptionTable): UserError {
  const [option = ""] = arg.split("=", 1);
  const name = option.replace(/^-+/, "").toLowerCase();
  return new UserError(`Unknown option "${option}"; ${suggestion(name, [...values, ...flags])}`);
}

/**
 * Parses an option's value as a whole number.
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
 * Parses an option's value as one of some words.
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

/** The number of letters to change, insert or remove (Levenshtein distance). */
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
