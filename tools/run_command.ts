/**
 * Running another program to its end.
 *
 * @module
 */
/** What a program came to. */
export interface CommandResult {
  readonly success: boolean;
  /** What it said on standard output, and on standard error. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, and keeps what it says.
 *
 * @param command The program, and its arguments.
 * @param env Environment variables besides those that there are.
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
