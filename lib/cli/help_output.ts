/**
 * The outputs that both programs print instead of running: help, version, completions. Pure.
 *
 * @module
 */
import type { OptionSpec } from "./command_line.ts";
import { completionsFor, type Shell } from "./completions.ts";
import { PROGRAM } from "../version.ts";

/** The outputs that a command line requests. */
export interface HelpRequest {
  readonly help: boolean;
  readonly version: boolean;
  /** The shell whose completions to print; null for none. */
  readonly completions: Shell | null;
}

/** A program's description. */
export interface ProgramManual {
  /** The name of its executable. */
  readonly name: string;
  /** Its help, with `{command}` for the command that starts it. */
  readonly help: string;
  readonly options: readonly OptionSpec[];
}

/**
 * The requested text, without its last newline; null if the program should run.
 *
 * @param command The command that starts the program.
 */
export function helpOutputFor(
  { help, version, completions }: HelpRequest,
  manual: ProgramManual,
  command: string,
): string | null {
  if (help) return manual.help.replaceAll("{command}", command).trimEnd();
  if (version) return PROGRAM;
  if (completions === null) return null;
  return completionsFor(completions, manual.name, manual.options).trimEnd();
}
