/**
 * Command lines as values, checked against a table of options. Pure.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UserError } from "../errors.ts";

/** The options of a program: those with a value, those without, and the letters of some. */
export interface OptionTable {
  readonly values: readonly string[];
  readonly flags: readonly string[];
  /** Names by letter. */
  readonly letters?: ReadonlyMap<string, string>;
  /** Whether other arguments are names, which `names` returns. @default {false} */
  readonly hasNames?: boolean;
}

/** The description of one option. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** A letter that stands for it after one dash. */
  readonly letter?: string;
  /** Its effect, in less than a line. */
  readonly summary: string;
  /** Its value: a choice of words, or a kind that shells can complete; a flag has none. */
  readonly value?: "file" | "folder" | "text" | readonly string[];
}

/**
 * The table of some options.
 *
 * @param hasNames Whether other arguments are names.
 */
export function tableOf(options: readonly OptionSpec[], hasNames = false): OptionTable {
  const names = (hasValue: boolean) =>
    options.filter(({ value }) => (value !== undefined) === hasValue).map(({ name }) => name);
  const letters = new Map(options.flatMap(({ letter, name }) => letter ? [[letter, name]] : []));
  return { values: names(true), flags: names(false), letters, hasNames };
}

/** The parsed options of a command line. */
export interface GivenOptions {
  /** The value of an option, or undefined if it was not given. The last one counts. */
  value(name: string): string | undefined;
  /** Whether an option without value was given. */
  flag(name: string): boolean;
  /** The arguments that are no options. */
  readonly names: readonly string[];
  /** Whether an option was given, with or without a value. */
  has(name: string): boolean;
}

/**
 * Reads a command line: `--name value`, `--name=value`, `--flag`, and letters, which may stand
 * together: `-o value`, `-ovalue`, `-1q`. After `--` all arguments are names.
 *
 * @throws {UserError} If an option is unknown or lacks its value, or an argument is no option.
 */
export function parseCommandLine(args: readonly string[], table: OptionTable): GivenOptions {
  const end = args.indexOf("--");
  const [before, after] = end < 0 || !table.hasNames
    ? [args, []]
    : [args.slice(0, end), args.slice(end + 1)];
  const options = withDashValues(withoutLetters(before, table), table);
  for (const [i, arg] of options.entries()) assertPlain(arg, options[i + 1] ?? "", table);
  const names: string[] = [];
  const parsed = parseArgs(options, {
    string: table.values,
    boolean: table.flags,
    unknown: (arg, key) => {
      if (key !== undefined) throw unknownOption(arg, table);
      if (!table.hasNames) throw unexpected(arg);
      names.push(arg);
      return false;
    },
  });
  return {
    value: (name) => parsed[name] as string | undefined,
    flag: (name) => parsed[name] === true,
    names: [...names, ...after],
    has: (name) => options.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`)),
  };
}

/** The arguments with the names of options instead of letters. */
function withoutLetters(args: readonly string[], table: OptionTable): string[] {
  const letters = new Map([["h", "help"], ...table.letters ?? []]);
  return args.flatMap((arg, index) => {
    const isValue = table.values.some((name) => args[index - 1] === `--${name}`);
    if (isValue || !/^-[^-]/.test(arg)) return [arg];
    const names: string[] = [];
    for (let at = 1; at < arg.length; at++) {
      const name = letters.get(arg[at]!);
      if (name === undefined) throw unknownOption(arg, table);
      const value = arg.slice(at + 1);
      if (!table.values.includes(name) || value === "") names.push(`--${name}`);
      else return [...names, `--${name}=${value}`];
    }
    return names;
  });
}

/** The arguments with `--option=-` for `--option -`, which `parseArgs` does not read. */
function withDashValues(args: readonly string[], { values }: OptionTable): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined.at(-1) ?? "";
    if (arg === "-" && values.some((name) => before === `--${name}`)) {
      joined[joined.length - 1] = `${before}=-`;
    } else joined.push(arg);
  }
  return joined;
}

/** Refuses arguments that `parseArgs` would misread or ignore. */
function assertPlain(arg: string, next: string, table: OptionTable): void {
  const [option = ""] = arg.split("=", 1);
  const name = option.startsWith("--") ? option.slice(2) : "";
  const hasValue = arg.length > option.length;
  if (table.values.includes(name)) {
    if (hasValue ? arg === `${option}=` : next === "" || next.startsWith("-")) {
      throw new UserError(`Option ${option} needs a value`);
    }
    if (arg.startsWith(`${option}=~/`)) {
      const path = arg.slice(option.length + 1);
      throw new UserError(
        `A shell does not replace the "~" of ${arg}: write ${option} ${path}, with a space`,
      );
    }
  } else if (table.flags.includes(name)) {
    if (hasValue && !/=(true|false)$/.test(arg)) {
      throw new UserError(`Option ${option} takes no value`);
    }
  } else if (arg === "--") {
    throw unexpected(arg);
  }
}

/**
 * Refuses options that contradict one another.
 *
 * @param pairs Names of options, or of arguments that are none.
 * @throws {UserError} If both of a pair are given.
 */
export function refuseTogether(
  given: GivenOptions,
  pairs: readonly (readonly [string, string])[],
): void {
  for (const [one, other] of pairs) {
    if (given.has(one) && given.has(other)) {
      throw new UserError(`Options --${one} and --${other} contradict each other: leave one out`);
    }
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
