/**
 * A program on a pseudo-terminal, and what its screen shows while it runs; `script` of util-linux
 * opens the terminal.
 *
 * @module
 */
import { UserError } from "../../lib/errors.ts";
import { scriptOptions } from "../script_terminal.ts";
import { type Row, Screen } from "./screen.ts";

/** What a screen shows from some time on. */
export interface Frame {
  /** Milliseconds from the recording's start. */
  readonly at: number;
  readonly rows: readonly Row[];
}

/** What to record, and how. */
export interface RecordingOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The terminal's size, in characters. */
  readonly columns: number;
  readonly rows: number;
  /** How often to look, in milliseconds. */
  readonly period: number;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end.
 *
 * @returns What was to be seen: at the beginning, after each period, and at the end.
 * @throws {UserError} If there is no `script`, or the program fails.
 * @throws {DOMException} If the signal has ended it.
 */
export async function record(options: RecordingOptions): Promise<Frame[]> {
  const { columns, rows, period } = options;
  const child = startOnTerminal(options);
  using screen = new Screen(columns, rows);
  const startedAt = performance.now();
  const frames: Frame[] = [];
  const look = () => frames.push({ at: performance.now() - startedAt, rows: screen.look() });
  const timer = setInterval(look, period);
  try {
    for await (const bytes of child.stdout) await screen.write(bytes);
  } finally {
    clearInterval(timer);
  }
  look();
  const { success, code } = await child.status;
  // The program may have made its peace with being ended: what is there is not a whole run.
  options.signal.throwIfAborted();
  if (!success) {
    const shown = screen.look().map((row) => row.map(({ text }) => text).join(" ")).join("\n");
    throw new UserError(`Cannot record the run: it ended with ${code}:\n${shown.trim()}`, 1);
  }
  return frames;
}

function startOnTerminal({ command, cwd, signal, ...size }: RecordingOptions) {
  try {
    const options = scriptOptions(command, size);
    return new Deno.Command("script", { ...options, cwd, stdin: "null", signal }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UserError("Cannot open a terminal: install script, which is part of util-linux", 1);
  }
}
