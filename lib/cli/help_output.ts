/**
 * What both programs print instead of their work. Pure.
 *
 * @module
 */
import type { OptionSpec } from "./command_line.ts";
import { completionsFor, type Shell } from "./completions.ts";
import { PROGRAM } from "../version.ts";

/** What a user can ask every program for. */
export interface HelpRequest {
  readonly help: boolean;
  readonly version: boolean;
  /** The shell whose completions are to be printed; null if none are. */
  readonly completions: Shell | null;
}

/** What a program knows of itself. */
export interface ProgramManual {
  /** What its executable is called. */
  readonly name: string;
  readonly help: string;
  readonly options: readonly OptionSpec[];
}

/** The text that was asked for, without its last newline; null if there is work to do. */
export function helpOutputFor(
  { help, version, completions }: HelpRequest,
  manual: ProgramManual,
): string | null {
  if (help) return manual.help.trimEnd();
  if (version) return PROGRAM;
  if (completions === null) return null;
  return completionsFor(completions, manual.name, manual.options).trimEnd();
}
