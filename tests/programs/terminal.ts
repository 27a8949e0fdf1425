/**
 * A program on a real pseudo-terminal, whose screen can be looked at; if this machine has `script`
 * of util-linux, which opens one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { shellWord } from "../../lib/shell_word.ts";
import { writeLine } from "../../lib/main.ts";
import { FakeTerminal } from "../display/fakes.ts";
import { eventually } from "./harness.ts";
import type { ProgramCommand } from "./program_command.ts";

const CTRL_C = "\x03";

/** What a program is started with. */
export interface TerminalStart {
  readonly command: ProgramCommand;
  /** An empty folder. */
  readonly cwd: string;
  readonly columns: number;
  readonly rows: number;
}

/** A program on a terminal. */
export class TerminalProgram implements AsyncDisposable {
  readonly terminal: FakeTerminal;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #shown: Promise<void>;
  readonly #cwd: string;

  private constructor(child: Deno.ChildProcess, { columns, rows, cwd }: TerminalStart) {
    this.terminal = new FakeTerminal(columns, rows);
    this.#child = child;
    this.#cwd = cwd;
    this.#input = child.stdin.getWriter();
    this.#shown = this.#show();
  }

  /** Starts a program; null, and a line that says why, if there can be no terminal. */
  static async start(options: TerminalStart): Promise<TerminalProgram | null> {
    if (!await hasScript()) {
      writeLine(Deno.stderr, "Skipped: this machine has no `script` of util-linux");
      return null;
    }
    const { command: { command, args }, cwd, columns, rows } = options;
    // Who wants another size writes it into a file; the terminal is changed from within.
    const resizing = "while [ ! -e size ]; do sleep 0.05; done; stty $(cat size) < /dev/tty; " +
      "touch resized";
    const line = [command, ...args].map(shellWord).join(" ");
    const script = `stty cols ${columns} rows ${rows}; (${resizing}) & exec ${line}`;
    const child = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", script, "/dev/null"],
      cwd,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      env: { DENO_NO_UPDATE_CHECK: "1", TERM: "xterm-256color" },
    }).spawn();
    return new TerminalProgram(child, options);
  }

  /** Presses Ctrl+C. */
  async interrupt(): Promise<void> {
    await this.#input.write(new TextEncoder().encode(CTRL_C) as Uint8Array<ArrayBuffer>);
  }

  /** Gives the terminal another size; once. */
  async resize(columns: number, rows: number): Promise<void> {
    const fresh = join(this.#cwd, "fresh");
    await Deno.writeTextFile(fresh, `cols ${columns} rows ${rows}`);
    await Deno.rename(fresh, join(this.#cwd, "size"));
    await eventually(() => Deno.lstat(join(this.#cwd, "resized")));
    await this.terminal.resize(columns, rows);
  }

  /** The screen, once it is as a test wants it. */
  async screen(assertIsWanted: (lines: readonly string[]) => void): Promise<string[]> {
    return await eventually(async () => {
      const lines = await this.terminal.screen();
      try {
        assertIsWanted(lines);
      } catch (error) {
        throw new Error(`${error}\n--- screen\n${lines.join("\n")}`, { cause: error });
      }
      return lines;
    });
  }

  /** Waits for the program's end; its exit code. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#shown;
    return code;
  }

  async #show(): Promise<void> {
    for await (const bytes of this.#child.stdout) this.terminal.writeSync(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What waits for a size ends, too.
    await Deno.writeTextFile(join(this.#cwd, "size"), "cols 80 rows 24");
    await this.#input.close().catch(() => {});
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      assert.ok(error instanceof TypeError || error instanceof Deno.errors.NotFound);
    }
    await this.#child.status;
    await this.#shown;
    this.terminal[Symbol.dispose]();
  }
}

async function hasScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
