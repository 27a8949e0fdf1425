/**
 * File names that are given as arguments, as the text of an input list. Pure.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import type { Priority } from "../priority.ts";
import { parseInputList } from "./input_list.ts";

/** Names that replace an input list for one run. */
export interface GivenNames {
  /** Names, folders, globs, and exclusions with `!` before them, at least one. */
  readonly names: readonly string[];
  /** The priority of all of them. */
  readonly priority: Priority;
}

/** Where an input list comes from: the path of a file, `-` for standard input, or arguments. */
export type InputSource = string | GivenNames;

/** What is said to have the entries, where the path of a list would be. */
export function sourceName(source: InputSource): string {
  return typeof source === "string" ? source : "the arguments";
}

/** The list that has a line for each name. */
export function listOf({ names, priority }: GivenNames): Uint8Array {
  const lines = names.map((name) => {
    if (name.startsWith("!")) return `!${inQuotes(name.slice(1))}\n`;
    return `${inQuotes(name)} ${priority}\n`;
  });
  return new TextEncoder().encode(lines.join(""));
}

/** @throws {UserError} If a name can be none of a server. */
export function assertNames({ names, priority }: GivenNames): void {
  for (const name of names) {
    // A line end would make two entries of it.
    const { problems: [problem] } = /[\r\n]/.test(name)
      ? { problems: [{ message: "a name has no line end" }] }
      : parseInputList(listOf({ names: [name], priority }));
    if (problem) throw new UserError(`Wrong file name: ${problem.message}`);
  }
}

function inQuotes(name: string): string {
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}
