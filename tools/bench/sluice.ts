/**
 * Sluice's programs as contestants: this repository's, another checkout's, or executables.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { UserError } from "../../lib/errors.ts";
import { REPOSITORY } from "../programs.ts";
import { type ProgramCommand, startProgram } from "./processes.ts";
import type { RunningServer } from "./servers.ts";

/** One build of Sluice. */
export interface Build {
  /** The first word of its rows: `sluice` or `other`. */
  readonly name: string;
  /** The command that starts one of the programs. */
  command(program: "server" | "client", args: readonly string[]): ProgramCommand;
}

/** The possible names of the executables in a folder. */
const EXECUTABLES = {
  server: ["sluice-server", "server"],
  client: ["sluice-client", "client"],
} as const;
/** The most clients of this machine that a server accepts. */
const MAX_CLIENTS = "4096";

/** The build in this repository. */
export function ownBuild(): Promise<Build> {
  return sourceBuild("sluice", REPOSITORY);
}

/**
 * The build in a folder: a checkout, or two executables.
 *
 * @param name The name of the build.
 * @throws {UserError} If it is neither.
 */
export async function buildIn(name: string, dir: string): Promise<Build> {
  const path = resolve(dir);
  if (await isFile(join(path, "deno.json"))) return await sourceBuild(name, path);
  const programs = {
    server: await executable(path, EXECUTABLES.server),
    client: await executable(path, EXECUTABLES.client),
  };
  return { name, command: (program, args) => ({ program: programs[program], args }) };
}

/** Starts a server that shares a folder. */
export async function startSluice(
  build: Build,
  dir: string,
  signal: AbortSignal,
): Promise<RunningServer> {
  const clients = ["--max-clients", MAX_CLIENTS, "--max-clients-per-address", MAX_CLIENTS];
  const server = await startProgram(
    build.command("server", ["--dir", dir, "--port", "0", ...clients]),
    /^sluice server listening on \S+:(\d+)\n/,
    signal,
  );
  return {
    port: Number(server.match![1]),
    pid: server.pid,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A client's server, input list and output folder. */
export interface SluiceJob {
  readonly port: number;
  /** The path of the input list. */
  readonly input: string;
  readonly output: string;
  readonly verify: "none" | "sha256";
}

/** The command that downloads what an input list names. */
export function sluiceClient(build: Build, job: SluiceJob): ProgramCommand {
  const options = {
    server: `127.0.0.1:${job.port}`,
    input: job.input,
    output: job.output,
    verify: job.verify,
    progress: "none",
  };
  return build.command("client", [
    "--once",
    ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
  ]);
}

/** The build of a checkout, started with the permissions of its tasks. */
async function sourceBuild(name: string, dir: string): Promise<Build> {
  const config = join(dir, "deno.json");
  const { tasks } = JSON.parse(await Deno.readTextFile(config));
  return {
    name,
    command: (program, args) => {
      const words: string[] = tasks[program].command.split(" ");
      const script = join(dir, words.at(-1)!);
      const options = [...words.slice(1, -1), "--config", config];
      return { program: Deno.execPath(), args: [...options, script, ...args] };
    },
  };
}

async function executable(dir: string, names: readonly string[]): Promise<string> {
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  for (const name of names) {
    const path = join(dir, name + suffix);
    if (await isFile(path)) return path;
  }
  throw new UserError(
    `Cannot find Sluice in "${dir}": there is no deno.json and no ${names.join(" or ")}; ` +
      "name a checkout or a folder with both executables",
  );
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
