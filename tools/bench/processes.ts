/**
 * Other programs: run to their end, or started and stopped.
 *
 * @module
 */
import { settledWithin } from "../../lib/async/timeout.ts";

/** A command to run. */
export interface ProgramCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

/** A program that has succeeded. */
export interface FinishedProgram {
  /** The seconds from its start to its end, or to the signal that ended it. */
  readonly seconds: number;
  readonly stdout: string;
  /** Whether it was ended by `stopAfter`. */
  readonly wasStopped: boolean;
}

/** The options of a program that is run to its end. */
export interface RunOptions {
  readonly signal: AbortSignal;
  /** Called with its process id. */
  readonly started?: (pid: number) => void;
  /** The time until it is sent a signal to end, in milliseconds. @default {Infinity} */
  readonly stopAfter?: number;
}

/** A program that runs until it is disposed of. */
export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
}

/** The longest time until a program is ready, in milliseconds. */
const START_MS = 60_000;
/** The longest time for a program to end after a signal, in milliseconds. */
const END_MS = 8_000;
/** The period of the attempts to connect to a starting server, in milliseconds. */
const TRY_MS = 10;

/**
 * Runs a program to its end.
 *
 * @throws {Error} If it fails, with the last line of its output.
 */
export async function runProgram(
  { program, args, cwd }: ProgramCommand,
  { signal, started, stopAfter = Infinity }: RunOptions,
): Promise<FinishedProgram> {
  signal.throwIfAborted();
  const start = performance.now();
  const child = new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  started?.(child.pid);
  let endedAt: number | undefined;
  let wasStopped = false;
  const stop = () => {
    wasStopped = true;
    endedAt = performance.now();
    kill(child, "SIGTERM");
  };
  const timer = stopAfter === Infinity ? undefined : setTimeout(stop, stopAfter);
  const ended = child.status.then(() => endedAt ??= performance.now());
  const { code, stdout, stderr } = await child.output();
  const seconds = (await ended - start) / 1000;
  clearTimeout(timer);
  signal.throwIfAborted();
  const said = new TextDecoder().decode(stderr).trimEnd();
  if (code !== 0 && !wasStopped) {
    throw new Error(`${program} ended with ${code}: ${said.split("\n").at(-1)}`);
  }
  return { seconds, stdout: new TextDecoder().decode(stdout), wasStopped };
}

/**
 * Starts a program, and waits until it is ready.
 *
 * @param ready A port that must accept, a pattern of its standard output (the match is returned),
 * or a promise to wait for.
 * @throws {Error} If it does not become ready.
 */
export async function startProgram(
  { program, args, cwd }: ProgramCommand,
  ready: number | RegExp | Promise<unknown>,
  signal: AbortSignal,
): Promise<RunningProgram & { readonly match: RegExpMatchArray | null }> {
  signal.throwIfAborted();
  const child = new Deno.Command(program, {
    args: [...args],
    ...cwd === undefined ? {} : { cwd },
    stdin: "null",
    stdout: ready instanceof RegExp ? "piped" : "null",
    stderr: "null",
    signal,
  }).spawn();
  let hasEnded = false;
  const ended = child.status.then(() => {
    hasEnded = true;
  });
  const end = async () => {
    for (const way of ["SIGTERM", "SIGKILL"] as const) {
      if (hasEnded) return;
      kill(child, way);
      await settledWithin(ended, END_MS);
    }
  };
  try {
    const isReady = ready instanceof RegExp
      ? says(child.stdout, ready)
      : typeof ready === "number"
      ? accepts(ready, () => hasEnded)
      : ready.then(() => null);
    const tooEarly = ended.then(() => Promise.reject(new Error("It has ended")));
    const match = await within(Promise.race([isReady, tooEarly]), START_MS);
    return { pid: child.pid, match, [Symbol.asyncDispose]: end };
  } catch {
    await end();
    signal.throwIfAborted();
    throw new Error(`Cannot start ${program}: to see why, try ${program} ${args.join(" ")}`);
  }
}

/** A port of this machine without a listener. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Sends a signal; does nothing if the program has ended. */
function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function accepts(port: number, hasEnded: () => boolean): Promise<null> {
  while (!hasEnded()) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return null;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, TRY_MS));
    }
  }
  throw new Error("It has ended");
}

async function says(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  wanted: RegExp,
): Promise<RegExpMatchArray> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  for (let said = "";;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("It has ended");
    said += value;
    const match = said.match(wanted);
    if (!match) continue;
    // Its further output must not fill the pipe.
    drain(reader);
    return match;
  }
}

async function drain(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  while (!(await reader.read()).done);
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("Too late")), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
