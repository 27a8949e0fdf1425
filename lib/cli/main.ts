/**
 * What both programs have in common at their edges.
 *
 * @module
 */
import { UserError } from "../errors.ts";
import { sanitize } from "../text/sanitize.ts";
import { type Output, writeText } from "../text/write_text.ts";

/**
 * Runs a program and ends the process with its exit code. An error that the user can do something
 * about is one line on standard error.
 *
 * @param name What the program is called in that line.
 * @param program Returns the exit code.
 */
export async function runMain(name: string, program: () => Promise<number>): Promise<never> {
  let code: number;
  try {
    code = await program();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    writeLine(Deno.stderr, `${name}: ${sanitize(error.message)}`);
    code = error.exitCode;
  }
  Deno.exit(code);
}

/** Writes a line, or loses it like `writeText`. */
export function writeLine(output: Output, line: string): void {
  writeText(output, `${line}\n`);
}
