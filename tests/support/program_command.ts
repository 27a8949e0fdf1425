/**
 * The commands of the programs that tests start: of the sources, or of compiled executables.
 *
 * @module
 */
import { basename, join, resolve } from "@std/path";
import { executableName, TARGETS } from "../../tools/compile_plan.ts";
import { programArgs, type ProgramName } from "../../tools/programs.ts";

/** A command to run. */
export interface ProgramCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it starts without any environment. @default {false} */
  readonly isBare?: boolean;
}

const SWITCH = "--programs=";

/** The folder of the executables to test, from `--programs=FOLDER`; null for the sources. */
export const EXECUTABLES: string | null = Deno.args.find((arg) => arg.startsWith(SWITCH))
  ?.slice(SWITCH.length) ?? null;

/** The command that starts a program; the only place that decides it. */
export function programCommand(name: ProgramName, args: readonly string[]): ProgramCommand {
  return EXECUTABLES === null
    ? { command: Deno.execPath(), args: programArgs(name, args) }
    : { command: executableIn(EXECUTABLES, name), args, isBare: true };
}

/**
 * The pattern of an error of a program, which begins with the program's own name.
 *
 * @param rest The text behind the name and a colon.
 */
export function errorOf(name: ProgramName, rest: RegExp): RegExp {
  const own = EXECUTABLES === null
    ? name
    : basename(executableIn(EXECUTABLES, name)).replace(/\.exe$/, "");
  return new RegExp(`^${own}: ${rest.source}`, rest.flags);
}

/** The path of this machine's executable, whose name may contain its target. */
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
