/**
 * Which programs the tests start: those of the sources, or executables that were made of them.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { executableName, TARGETS } from "../../tools/compile_plan.ts";
import { programArgs, type ProgramName } from "../../tools/programs.ts";

/** What to start. */
export interface ProgramCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it starts without any environment. @default {false} */
  readonly isBare?: boolean;
}

const SWITCH = "--programs=";

/** The folder of the executables to test, as `--programs=FOLDER` says; null for the sources. */
export const EXECUTABLES: string | null = Deno.args.find((arg) => arg.startsWith(SWITCH))
  ?.slice(SWITCH.length) ?? null;

/** The one place that says how a program is started. */
export function programCommand(name: ProgramName, args: readonly string[]): ProgramCommand {
  return EXECUTABLES === null
    ? { command: Deno.execPath(), args: programArgs(name, args) }
    : { command: executableIn(EXECUTABLES, name), args, isBare: true };
}

/** Where a program for this machine is, which may bear its system in its name. */
function executableIn(folder: string, name: ProgramName): string {
  const target = TARGETS.find((target) => target === Deno.build.target) ?? null;
  for (const named of [null, target]) {
    const path = resolve(join(folder, executableName(name, named, Deno.build.os)));
    if (isFile(path)) return path;
  }
  throw new Error(`There is no executable of the ${name} in ${folder}: run deno task compile`);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
