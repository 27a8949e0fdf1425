/**
 * How the programs are started: with the permissions that their tasks give them, and no others.
 *
 * @module
 */
import { fromFileUrl } from "@std/path";
import config from "../deno.json" with { type: "json" };

/** The repository's folder. */
export const REPOSITORY = fromFileUrl(new URL("..", import.meta.url));

/**
 * The arguments of Deno that start a program of this repository from any folder.
 *
 * @param name Which program.
 * @param args The program's own arguments.
 */
export function programArgs(name: "server" | "client", args: readonly string[]): string[] {
  const [deno, ...taskArgs] = config.tasks[name].command.split(" ");
  const script = taskArgs.pop()!;
  if (deno !== "deno") throw new Error(`The task "${name}" does not start with deno`);
  const place = ["--config", `${REPOSITORY}deno.json`];
  return [...taskArgs, ...place, REPOSITORY + script, ...args];
}
