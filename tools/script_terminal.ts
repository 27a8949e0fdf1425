/**
 * A pseudo-terminal for a program, made by `script` of util-linux.
 *
 * @module
 */
import { shellQuote } from "../lib/text/shell_quote.ts";

/**
 * The options with which `script` runs a program on a terminal. The output of `script` is what the
 * terminal receives.
 *
 * @param command The program and its arguments.
 * @param size The terminal's size, in characters.
 * @param before A shell command that runs on the terminal first.
 */
export function scriptOptions(
  command: readonly string[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
  before = ":",
) {
  const line = command.map(shellQuote).join(" ");
  const script = `stty cols ${columns} rows ${rows}; ${before}; exec ${line}`;
  return {
    args: ["--quiet", "--return", "--flush", "--command", script, "/dev/null"],
    env: { DENO_NO_UPDATE_CHECK: "1", SHELL: "/bin/sh", TERM: "xterm-256color" },
    stdout: "piped",
    stderr: "null",
  } satisfies Deno.CommandOptions;
}
