/**
 * The real programs on a real pseudo-terminal, whose screen can be read; `script` of util-linux
 * opens it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { shellQuote } from "../../lib/text/shell_quote.ts";
import type { ProgramName } from "../../tools/programs.ts";
import { scriptOptions } from "../../tools/script_terminal.ts";
import { FakeTerminal } from "./fake_terminal.ts";
import { screenTest } from "./bars_fixture.ts";
import { eventually, programCommand, TIMEOUT_MS } from "./harness.ts";

const CTRL_C = "\x03";

/** A test that needs a pseudo-terminal; skipped, with the reason in its name, where there is none. */
export function terminalTest(name: string, fn: () => Promise<void>): void {
  if (hasScript()) screenTest(name, fn);
  else Deno.test.ignore(`${name} (skipped: no script of util-linux)`, fn);
}

/** A terminal's size, in characters, and the program's working folder. */
export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
}

/** A program on a terminal. */
export class TerminalProgram implements AsyncDisposable {
  /** The terminal that it draws on. */
  readonly terminal: FakeTerminal;

  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  /** The path of a file that holds the path of the terminal's device. */
  readonly #device: string;
  readonly #ended: Promise<Deno.CommandStatus>;

  private constructor(
    child: Deno.ChildProcess,
    device: string,
    { columns, rows }: TerminalOptions,
  ) {
    this.terminal = new FakeTerminal(columns, rows);
    this.#child = child;
    this.#device = device;
    this.#keys = child.stdin.getWriter();
    this.#ended = this.#follow();
  }

  /** Starts a program. */
  static async start(
    name: ProgramName,
    args: readonly string[],
    options: TerminalOptions,
  ): Promise<TerminalProgram> {
    const { command, args: all } = programCommand(name, args);
    const device = await Deno.makeTempFile();
    const onTerminal = scriptOptions([command, ...all], options, `tty > ${shellQuote(device)}`);
    const { cwd } = options;
    const child = new Deno.Command("script", { ...onTerminal, cwd, stdin: "piped" }).spawn();
    return new TerminalProgram(child, device, options);
  }

  /** Presses Ctrl+C. */
  async interrupt(): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(CTRL_C) as Uint8Array<ArrayBuffer>);
  }

  /** Gives the terminal another size. */
  async resize(columns: number, rows: number): Promise<void> {
    const device = (await Deno.readTextFile(this.#device)).trim();
    const args = ["-F", device, "cols", String(columns), "rows", String(rows)];
    const { success, stderr } = await new Deno.Command("stty", { args }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    await this.terminal.resize(columns, rows);
  }

  /** Waits until the visible rows pass an assertion; returns them. */
  async screen(assertScreen: (lines: readonly string[]) => void): Promise<string[]> {
    return await eventually(async () => {
      const lines = await this.terminal.screen();
      try {
        assertScreen(lines);
      } catch (error) {
        throw new Error(`${error}\n--- screen\n${lines.join("\n")}`, { cause: error });
      }
      return lines;
    });
  }

  /** Waits until the program has ended; returns its exit code. */
  async ended(): Promise<number> {
    const timer = setTimeout(() => this.#kill(), TIMEOUT_MS);
    const { code } = await this.#ended;
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#ended;
    await this.#keys.close().catch(() => {});
    await Deno.remove(this.#device);
    this.terminal[Symbol.dispose]();
  }

  /** Kills `script`; the program gets a hangup with its terminal. */
  #kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended.
      assert.ok(error instanceof TypeError || error instanceof Deno.errors.NotFound);
    }
  }

  async #follow(): Promise<Deno.CommandStatus> {
    for await (const bytes of this.#child.stdout) this.terminal.writeSync(bytes);
    return await this.#child.status;
  }
}

function hasScript(): boolean {
  try {
    const { stdout } = new Deno.Command("script", { args: ["--version"] }).outputSync();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
