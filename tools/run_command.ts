/**
 * Runs another program to its end.
 *
 * @module
 */
/** A program's exit status and its output. */
export interface CommandResult {
  readonly success: boolean;
  /** Its standard output and standard error. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, and returns its output.
 *
 * @param command The program, and its arguments.
 * @param env Further environment variables.
 * @throws {Deno.errors.NotFound} If there is no such program.
 */
export async function runCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, {
    args,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  });
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
