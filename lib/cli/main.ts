/**
 * The outermost function of both programs.
 *
 * This room parses the command lines and wires `client/` or `server/` to `display/`:
 * `client_options.ts` and `server_options.ts` over `command_line.ts`; `help_output.ts` over
 * `completions.ts`; `client_program.ts` over `list.ts`, `explain_input.ts`, `clean.ts` and
 * `download_input.ts` (with `with_report.ts`, `report_file.ts`, `command_text.ts`,
 * `connect_with_retry.ts`); `server_program.ts` (with `give_up_connecting.ts`); `own_command.ts`,
 * `interrupt.ts`. Only the entry files `client.ts`
 * and `server.ts` import it.
 *
 * @module
 */
import { messageOf, UserError } from "../errors.ts";
import { sanitize } from "../text/sanitize.ts";
import { OutputQueue } from "../text/output_queue.ts";
import {
  type BackgroundOutput,
  type Output,
  writeText,
  writeWholeText,
} from "../text/write_text.ts";

/**
 * Runs a program and ends the process with its exit code. A {@linkcode UserError}
 * becomes one line on standard error; any other error is a bug, and is thrown.
 *
 * @param name The program's name in that line.
 * @param program Returns the exit code.
 */
export async function runMain(name: string, program: () => Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await program();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    await printLine(Deno.stderr, `${name}: ${sanitize(error.message)}`);
    code = error.exitCode;
  }
  Deno.exit(code);
}

/** Writes a line in the background; does not wait for long if nobody reads it. */
export async function printLine(output: BackgroundOutput, line: string): Promise<void> {
  const queue = new OutputQueue(output, { dropped: () => "" });
  writeLine(queue, line);
  await queue.end();
}

/**
 * Writes a result, which is why the program was started. A reader that has closed it has enough.
 *
 * @throws {UserError} If it cannot be written.
 */
export function writeResult(output: Output, text: string): void {
  try {
    writeWholeText(output, `${text}\n`);
  } catch (cause) {
    if (cause instanceof Deno.errors.BrokenPipe) return;
    throw new UserError(`Cannot write to standard output: ${messageOf(cause)}`, 2, { cause });
  }
}

/** Writes a line; like `writeText`, ignores a broken output. */
export function writeLine(output: Output, line: string): void {
  writeText(output, `${line}\n`);
}
