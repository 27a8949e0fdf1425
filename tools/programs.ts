/**
 * The commands of the programs, with exactly the permissions that their tasks have.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import config from "../deno.json" with { type: "json" };

/** The repository's folder. */
export const REPOSITORY = fromFileUrl(new URL("..", import.meta.url));

/** The names of the programs. */
export type ProgramName = "server" | "client";

/** The parts of a task's command. */
interface TaskCommand {
  /** The flags of Deno: the program's permissions. */
  readonly flags: readonly string[];
  /** The entry file. */
  readonly script: string;
}

/** The flags of Deno for a program: its permissions. */
export function programFlags(name: ProgramName): readonly string[] {
  return taskCommand(name).flags;
}

/** The path of a program's entry file. */
export function programEntry(name: ProgramName): string {
  return REPOSITORY + taskCommand(name).script;
}

/**
 * The arguments of Deno that start a program of this repository from any folder.
 *
 * @param name Which program.
 * @param args The program's own arguments.
 */
export function programArgs(name: ProgramName, args: readonly string[]): string[] {
  const place = ["--config", `${REPOSITORY}deno.json`];
  return ["run", ...programFlags(name), ...place, programEntry(name), ...args];
}

function taskCommand(name: ProgramName): TaskCommand {
  const [deno, run, ...rest] = config.tasks[name].command.split(" ");
  const at = rest.indexOf(`${name}.ts`);
  const [flags, script] = [rest.slice(0, at), rest[at]!];
  if (deno !== "deno" || run !== "run" || at < 0) {
    throw new Error(`The task "${name}" does not start with deno run`);
  }
  return { flags, script };
}
