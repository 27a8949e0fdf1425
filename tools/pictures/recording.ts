/**
 * Records the screen of a program on a pseudo-terminal, which `script` of util-linux opens.
 *
 * @module
 */
import { UserError } from "../../lib/errors.ts";
import { scriptOptions } from "../script_terminal.ts";
import { type Row, Screen } from "./screen.ts";

/** A screen from some time on. */
export interface Frame {
  /** Milliseconds from the recording's start. */
  readonly at: number;
  readonly rows: readonly Row[];
}

/** The program, the terminal and the period of a recording. */
export interface RecordingOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** The terminal's size, in characters. */
  readonly columns: number;
  readonly rows: number;
  /** The time from frame to frame, in milliseconds. */
  readonly period: number;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program to its end.
 *
 * @returns The screen at the beginning, after each period, and at the end.
 * @throws {UserError} If there is no `script`, or the program fails.
 * @throws {DOMException} If the signal has ended it.
 */
export async function record(options: RecordingOptions): Promise<Frame[]> {
  const { columns, rows, period } = options;
  const child = startOnTerminal(options);
  using screen = new Screen(columns, rows);
  const startedAt = performance.now();
  const frames: Frame[] = [];
  const capture = () => frames.push({ at: performance.now() - startedAt, rows: screen.rows() });
  const timer = setInterval(capture, period);
  try {
    for await (const bytes of child.stdout) await screen.write(bytes);
  } finally {
    clearInterval(timer);
  }
  capture();
  const { success, code } = await child.status;
  // The program may handle the signal and succeed; even so the recording is not a whole run.
  options.signal.throwIfAborted();
  if (!success) {
    const shown = screen.rows().map((row) => row.map(({ text }) => text).join(" ")).join("\n");
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
