/**
 * Starts the real programs as users do, and watches what they say.
 *
 * `Program` is one running program; `startServer`, `startClient` and `runProgram` start one. Who
 * starts a program disposes of it, which kills it if it still runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname } from "@std/path";
import { type ProgramCommand, programCommand } from "./program_command.ts";

export * from "./files.ts";
export { programCommand };

/** How long to wait for what should come soon, in milliseconds: other tests use the machine too. */
export const TIMEOUT_MS = 60_000;
/** How often `eventually` tries, in milliseconds. */
const TRY_MS = 25;

/** Without this Windows opens no sockets. */
const MIN_ENVIRONMENT = Deno.build.os === "windows" ? { SystemRoot: "C:\\Windows" } : {};

/** Where and how a program runs. */
export interface ProgramOptions {
  /** The program's working folder. */
  readonly cwd: string;
  /** Whether it leads a process group of its own, as a job of a terminal does. */
  readonly ownGroup?: boolean;
}

/** How a program ended, and all that it said. */
export interface ProgramResult {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was started. */
export class Program implements AsyncDisposable {
  /** Resolves when it has ended and all that it said is here. */
  readonly status: Promise<Deno.CommandStatus>;

  readonly #child: Deno.ChildProcess;
  readonly #ownGroup: boolean;
  readonly #said = { stdout: "", stderr: "" };
  #ended = false;
  #news = Promise.withResolvers<void>();

  constructor(
    { command, args, isBare = false }: ProgramCommand,
    { cwd, ownGroup = false }: ProgramOptions,
  ) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: ownGroup,
      clearEnv: isBare,
      env: isBare ? MIN_ENVIRONMENT : { DENO_NO_UPDATE_CHECK: "1" },
    }).spawn();
    this.#ownGroup = ownGroup;
    this.status = this.#follow();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What it said on standard output so far. */
  get stdout(): string {
    return this.#said.stdout;
  }

  /** What it said on standard error so far. */
  get stderr(): string {
    return this.#said.stderr;
  }

  /**
   * Waits until standard error has something.
   *
   * @param wanted What.
   * @param after Where in standard error to look from, as an earlier `stderr.length`.
   */
  waitFor(wanted: string | RegExp, timeout = TIMEOUT_MS, after = 0): Promise<string> {
    return this.#waitFor("stderr", wanted, timeout, after);
  }

  /** Waits until standard output has something. */
  waitForOutput(wanted: string | RegExp, timeout = TIMEOUT_MS): Promise<string> {
    return this.#waitFor("stdout", wanted, timeout, 0);
  }

  /** Waits for its end. */
  async ended(timeout = TIMEOUT_MS): Promise<ProgramResult> {
    const { code, signal } = await within(this.status, timeout, () => this.#story("its end"));
    return { code, signal, ...this.#said };
  }

  /** Sends it a signal; one that comes too late is no error. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** What Ctrl+C does. */
  interrupt(): void {
    this.kill("SIGINT");
  }

  /** Signals the process group that it leads, as a terminal does. */
  killGroup(signal: Deno.Signal): void {
    Deno.kill(-this.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    try {
      if (this.#ownGroup) this.killGroup("SIGKILL");
      else this.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
    await this.status;
  }

  async #follow(): Promise<Deno.CommandStatus> {
    const [status] = await Promise.all([
      this.#child.status,
      this.#collect("stdout"),
      this.#collect("stderr"),
    ]);
    this.#ended = true;
    this.#news.resolve();
    return status;
  }

  async #collect(name: "stdout" | "stderr"): Promise<void> {
    for await (const text of this.#child[name].pipeThrough(new TextDecoderStream())) {
      this.#said[name] += text;
      this.#news.resolve();
      this.#news = Promise.withResolvers();
    }
  }

  async #waitFor(
    where: "stdout" | "stderr",
    wanted: string | RegExp,
    timeout: number,
    after: number,
  ): Promise<string> {
    const until = performance.now() + timeout;
    for (;;) {
      const text = this.#said[where].slice(after);
      const found = typeof wanted === "string"
        ? (text.includes(wanted) ? wanted : undefined)
        : text.match(wanted)?.[0];
      if (found !== undefined) return found;
      const story = () => this.#story(`${where} with ${wanted}`);
      if (this.#ended) throw new Error(story());
      await within(this.#news.promise, until - performance.now(), story);
    }
  }

  #story(wanted: string): string {
    const state = this.#ended ? "it has ended" : "it runs";
    return `Waited for ${wanted}, but ${state}.\n--- stdout\n${this.stdout}--- stderr\n${this.stderr}`;
  }
}

/** A server that accepts clients. */
export class ServerProgram extends Program {
  /** The port that it listens on. */
  port = 0;

  /** How many bytes each client got that has gone, in the order of their going. */
  get bytesByClient(): number[] {
    return [...this.stderr.matchAll(/ {2}client_disconnected {2}.* bytes=(\d+) /g)]
      .map(([, bytes]) => Number(bytes));
  }

  /** The paths of the files that were sent to their end, in order. */
  get sent(): string[] {
    return [...this.stderr.matchAll(/ {2}file_sent {2}.* path=(?:"(.+)"|(\S+)) /g)]
      .map(([, quoted, plain]) => quoted?.replaceAll('\\"', '"') ?? plain!);
  }

  /** Waits until it accepts clients; `port` says where. */
  async waitUntilListening(): Promise<void> {
    const line = await this.waitForOutput(/^sluice server listening on \S+:\d+\n/);
    this.port = Number(line.match(/:(\d+)\n/)![1]);
  }

  /** Waits until so many clients have gone. */
  async waitForLeaving(clients: number): Promise<void> {
    await eventually(() => {
      assert.ok(
        this.bytesByClient.length >= clients,
        `${clients} clients are to go:\n${this.stderr}`,
      );
    });
  }
}

/** What a server is started with. */
export interface ServerStart {
  /** The folder to share. */
  readonly dir: string;
  /** @default {0} */
  readonly port?: number;
  readonly args?: readonly string[];
}

/** Starts a server, and waits until it listens. */
export async function startServer(
  { dir, port = 0, args = [] }: ServerStart,
): Promise<ServerProgram> {
  const server = new ServerProgram(
    programCommand("server", ["--dir", dir, "--port", String(port), ...args]),
    { cwd: dirname(dir) },
  );
  try {
    await server.waitUntilListening();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a client is started with. */
export interface ClientStart {
  /** The server's port on this machine. */
  readonly port: number;
  /** Path of the input list. */
  readonly input: string;
  /** Path of the output folder. */
  readonly output: string;
  readonly args?: readonly string[];
}

/** Starts a client. */
export function startClient({ port, input, output, args = [] }: ClientStart): Program {
  const own = ["--server", `127.0.0.1:${port}`, "--input", input, "--output", output];
  return new Program(programCommand("client", [...own, ...args]), { cwd: dirname(input) });
}

/** Runs a client to its end, with `--once` unless `args` say otherwise. */
export async function runClient(start: ClientStart): Promise<ProgramResult> {
  await using client = startClient({ args: ["--once"], ...start });
  return await client.ended();
}

/** Runs a program to its end. */
export async function runProgram(
  name: "server" | "client",
  args: readonly string[],
  cwd: string,
): Promise<ProgramResult> {
  await using program = new Program(programCommand(name, args), { cwd });
  return await program.ended();
}

/** Whether one program can press Ctrl+C for another one here; Windows has no way. */
export const CAN_INTERRUPT = Deno.build.os !== "windows";

/** A test that presses Ctrl+C. */
export function interruptTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN_INTERRUPT, fn });
}

/** What `attempt` returns once it does not throw any more. */
export async function eventually<T>(
  attempt: () => T | Promise<T>,
  timeout = TIMEOUT_MS,
): Promise<T> {
  const until = performance.now() + timeout;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
}

async function within<T>(promise: Promise<T>, timeout: number, story: () => string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(story())), timeout);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
