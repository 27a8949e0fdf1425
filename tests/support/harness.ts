/**
 * Starts the real programs as users do, and collects their output.
 *
 * `Program` is one running program; `startServer`, `startClient` and `runProgram` start one. The
 * caller disposes of it, which kills the program if it still runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname } from "@std/path";
import { errorOf, type ProgramCommand, programCommand } from "./program_command.ts";

export * from "./files.ts";
export { errorOf, programCommand };

/** The default limit of every wait, in milliseconds; long, since other tests use the machine too. */
export const TIMEOUT_MS = 60_000;
/** The period at which `eventually` tries again, in milliseconds. */
const TRY_MS = 25;

/** Windows opens no sockets without this variable. */
const MIN_ENVIRONMENT = Deno.build.os === "windows" ? { SystemRoot: "C:\\Windows" } : {};

/** Where and how a program runs. */
export interface ProgramOptions {
  /** The program's working folder. */
  readonly cwd: string;
  /** Whether it leads a process group of its own, as a job of a terminal does. */
  readonly ownGroup?: boolean;
}

/** A program's exit status and its whole output. */
export interface ProgramResult {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running program. */
export class Program implements AsyncDisposable {
  /** Resolves when it has ended and all of its output has been read. */
  readonly status: Promise<Deno.CommandStatus>;

  readonly #child: Deno.ChildProcess;
  readonly #ownGroup: boolean;
  readonly #output = { stdout: "", stderr: "" };
  #ended = false;
  #outputChanged = Promise.withResolvers<void>();

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

  /** Its standard output so far. */
  get stdout(): string {
    return this.#output.stdout;
  }

  /** Its standard error so far. */
  get stderr(): string {
    return this.#output.stderr;
  }

  /**
   * Waits until standard error contains a text; returns the part that matches.
   *
   * @param wanted The text, or a pattern of it.
   * @param after The position in standard error to search from: an earlier `stderr.length`.
   */
  waitFor(wanted: string | RegExp, timeout = TIMEOUT_MS, after = 0): Promise<string> {
    return this.#waitFor("stderr", wanted, timeout, after);
  }

  /** Waits until standard output contains a text; returns the part that matches. */
  waitForOutput(wanted: string | RegExp, timeout = TIMEOUT_MS): Promise<string> {
    return this.#waitFor("stdout", wanted, timeout, 0);
  }

  /** Waits until it has ended. */
  async ended(timeout = TIMEOUT_MS): Promise<ProgramResult> {
    const { code, signal } = await within(this.status, timeout, () => this.#failureText("its end"));
    return { code, signal, ...this.#output };
  }

  /** Sends it a signal; does nothing if it has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Sends the signal of Ctrl+C. */
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
    this.#outputChanged.resolve();
    return status;
  }

  async #collect(name: "stdout" | "stderr"): Promise<void> {
    for await (const text of this.#child[name].pipeThrough(new TextDecoderStream())) {
      this.#output[name] += text;
      this.#outputChanged.resolve();
      this.#outputChanged = Promise.withResolvers();
    }
  }

  async #waitFor(
    stream: "stdout" | "stderr",
    wanted: string | RegExp,
    timeout: number,
    after: number,
  ): Promise<string> {
    const until = performance.now() + timeout;
    for (;;) {
      const text = this.#output[stream].slice(after);
      const found = typeof wanted === "string"
        ? (text.includes(wanted) ? wanted : undefined)
        : text.match(wanted)?.[0];
      if (found !== undefined) return found;
      const failureText = () => this.#failureText(`${stream} with ${wanted}`);
      if (this.#ended) throw new Error(failureText());
      await within(this.#outputChanged.promise, until - performance.now(), failureText);
    }
  }

  #failureText(wanted: string): string {
    const state = this.#ended ? "it has ended" : "it runs";
    return `Waited for ${wanted}, but ${state}.\n--- stdout\n${this.stdout}--- stderr\n${this.stderr}`;
  }
}

/** A running server. */
export class ServerProgram extends Program {
  /** The port that it listens on. */
  port = 0;

  /** The bytes that each client got, in the order in which the clients disconnected. */
  get bytesByClient(): number[] {
    return [...this.stderr.matchAll(/ {2}client_disconnected {2}.* bytes=(\d+) /g)]
      .map(([, bytes]) => Number(bytes));
  }

  /** The paths of the files that were sent whole, in order. */
  get sent(): string[] {
    return [...this.stderr.matchAll(/ {2}file_sent {2}.* path=(?:"(.+)"|(\S+)) /g)]
      .map(([, quoted, plain]) => quoted?.replaceAll('\\"', '"') ?? plain!);
  }

  /** Waits until it accepts clients, and sets `port`. */
  async waitUntilListening(): Promise<void> {
    const line = await this.waitForOutput(/^sluice server listening on \S+:\d+\n/);
    this.port = Number(line.match(/:(\d+)\n/)![1]);
  }

  /** Waits until that many clients have disconnected. */
  async waitForDisconnects(clients: number): Promise<void> {
    await eventually(() => {
      assert.ok(
        this.bytesByClient.length >= clients,
        `${clients} clients should disconnect:\n${this.stderr}`,
      );
    });
  }
}

/** The options of a server to start. */
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

/** The options of a client to start. */
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

/** Whether a program can send Ctrl+C to another one; Windows has no way. */
export const CAN_INTERRUPT = Deno.build.os !== "windows";

/** A test that sends Ctrl+C; skipped where that is impossible. */
export function interruptTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !CAN_INTERRUPT, fn });
}

/** Waits until the client reports in plain lines that a file is complete. */
export async function waitForDone(client: Program, path: string): Promise<void> {
  await client.waitFor(`done     ${path}  `);
}

/** Repeats `attempt` until it does not throw; returns its result. */
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

async function within<T>(
  promise: Promise<T>,
  timeout: number,
  failureText: () => string,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(failureText())), timeout);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
