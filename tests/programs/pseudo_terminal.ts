/**
 * The real programs on a real pseudo-terminal, seen as a person sees them.
 *
 * @module
 */
import { FakeTerminal } from "../display/fakes.ts";
import { PATIENCE, programCommand } from "./harness.ts";

/** A terminal's size, in characters, and the program's working folder. */
export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
}

/** Why there is no pseudo-terminal on this machine; null if there is one. */
export const NO_TERMINAL: string | null = await findScript() ? null : "there is no script(1)";

/** A program on a terminal. */
export class TerminalProgram implements AsyncDisposable {
  /** What it has drawn. */
  readonly terminal: FakeTerminal;

  readonly #child: Deno.ChildProcess;
  readonly #keys: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #ended: Promise<Deno.CommandStatus>;
  #hasEnded = false;

  constructor(
    name: "server" | "client",
    args: readonly string[],
    { columns, rows, cwd }: TerminalOptions,
  ) {
    this.terminal = new FakeTerminal(columns, rows);
    const { command, args: all } = programCommand(name, args);
    const words = [command, ...all].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    this.#child = new Deno.Command("script", {
      args: ["-qefc", `stty cols ${columns} rows ${rows}; exec ${words}`, "/dev/null"],
      cwd,
      env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1", SHELL: "/bin/sh" },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#keys = this.#child.stdin.getWriter();
    this.#ended = this.#follow();
  }

  /** What is to be seen. */
  screen(): Promise<string[]> {
    return this.terminal.screen();
  }

  /** Types; `\x03` is Ctrl+C. */
  async type(keys: string): Promise<void> {
    await this.#keys.write(new TextEncoder().encode(keys) as Uint8Array<ArrayBuffer>);
  }

  /** Waits for its end; its exit code. */
  async ended(): Promise<number> {
    const timer = setTimeout(() => this.#kill(), PATIENCE);
    const { code } = await this.#ended;
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#kill();
    await this.#ended;
    this.terminal[Symbol.dispose]();
  }

  /** The program gets a hangup with its terminal. */
  #kill(): void {
    this.#child.kill("SIGTERM");
  }

  async #follow(): Promise<Deno.CommandStatus> {
    for await (const bytes of this.#child.stdout) this.terminal.writeSync(bytes);
    await this.#keys.close().catch(() => {});
    const status = await this.#child.status;
    this.#hasEnded = true;
    return status;
  }
}

async function findScript(): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command("script", { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}
