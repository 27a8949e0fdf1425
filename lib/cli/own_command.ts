/**
 * The command that starts a program of this pair the way in which this one was started, so that a
 * printed command works where it is printed.
 *
 * @module
 */
import { basename, dirname, fromFileUrl, join } from "@std/path";
import type { Platform } from "../platform.ts";
import { shellQuote } from "../text/shell_quote.ts";

/** One of the two programs. */
export type ProgramName = "client" | "server";

/** The argument by which a task says that it started the program, and what started the task. */
const STARTED_BY = "--started-by=task:";
/** The value of npm's variable `npm_command` under `npx`. */
const BY_NPX = "exec";

/** The permissions of the programs. */
export const PERMISSIONS: Readonly<Record<ProgramName, string>> = {
  server: "--allow-net --allow-read --allow-sys=statfs",
  client: "--allow-net --allow-read --allow-write --allow-sys=statfs",
};

/** How a program was started. */
export interface Start {
  /** Its arguments. */
  readonly args: readonly string[];
  /** The path of the executable; null if Deno runs the source. */
  readonly executable: string | null;
  /** The path of the entry file. */
  readonly entry: string;
  /** The working folder. */
  readonly folder: string;
  /** The version of Deno. */
  readonly deno: string;
  readonly platform: Platform;
}

/** The arguments that the user gave. */
export function userArgs([first, ...rest]: readonly string[]): readonly string[] {
  if (first === undefined) return [];
  return first.startsWith(STARTED_BY) ? rest : [first, ...rest];
}

/** The command that starts a program, without options. */
export function ownCommand(program: ProgramName): string {
  return commandFor(program, {
    args: Deno.args,
    executable: Deno.build.standalone ? Deno.execPath() : null,
    entry: fromFileUrl(Deno.mainModule),
    folder: Deno.cwd(),
    deno: Deno.version.deno,
    platform: Deno.build.os,
  });
}

/** The same as `ownCommand`. Pure. */
export function commandFor(program: ProgramName, start: Start): string {
  const { args: [first = ""], executable, entry, folder, deno, platform } = start;
  if (executable !== null) {
    const name = basename(executable).replace(/client|server/, program);
    if (dirname(executable) !== folder) return shellQuote(join(dirname(executable), name));
    return shellQuote(platform === "windows" ? `.\\${name}` : `./${name}`);
  }
  if (!first.startsWith(STARTED_BY)) {
    const path = join(dirname(entry), `${program}.ts`);
    return `deno run ${PERMISSIONS[program]} ${shellQuote(path)}`;
  }
  const npx = first.slice(STARTED_BY.length) === BY_NPX;
  return `${npx ? `npx -y deno@${deno}` : "deno"} task ${program}`;
}

/** The name that begins a program's errors: the executable's, or the task's. */
export function ownName(program: ProgramName): string {
  return Deno.build.standalone ? basename(Deno.execPath()).replace(/\.exe$/, "") : program;
}
