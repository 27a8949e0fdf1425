/**
 * The command `client --explain`.
 *
 * @module
 */
import { cleanCommand } from "./command_text.ts";
import { EXIT_DONE, EXIT_INTERRUPTED } from "../client/exit_code.ts";
import { explain } from "../client/explain/explain.ts";
import type { Explanation } from "../client/explain/explanation.ts";
import { sourceName } from "../client/input/given_names.ts";
import { readInput } from "../client/input/input_watcher.ts";
import type { ClientCommand } from "./client_options.ts";
import { OutputFolder } from "../client/disk/output_folder.ts";
import { renderExplanation } from "../display/client/explanation_lines.ts";
import { drawingFor, terminalSize } from "../display/terminal/terminal.ts";
import { UserError } from "../errors.ts";
import { RANGE_DIGEST } from "../protocol/payloads.ts";
import { writeResult } from "./main.ts";
import type { Output } from "../text/write_text.ts";
import { connectWithRetry } from "./connect_with_retry.ts";
import { ownCommand } from "./own_command.ts";

/** The output of an explanation. */
export interface ExplanationOutput extends Output {
  isTerminal(): boolean;
}

/**
 * Prints what a download would do; without a server, only what the lines of the input list mean.
 *
 * @param signal Interrupts the command.
 * @returns The exit code.
 * @throws {UserError} If the input list or the output folder cannot be read, or the server cannot be
 * reached.
 */
export async function explainInput(
  command: ClientCommand,
  output: ExplanationOutput,
  signal: AbortSignal,
): Promise<number> {
  const parts = {
    input: await readInput(command.input),
    output: await OutputFolder.openReadOnly(command.output),
    verify: command.verify,
    keepExisting: command.keepExisting,
    platform: Deno.build.os,
    signal,
  };
  const write = (explanation: Explanation) =>
    writeResult(output, textOf(explanation, command, output));
  try {
    const remote = await connectWithRetry(command, signal);
    if (!remote) return EXIT_INTERRUPTED;
    await remote.leave("only the list was requested");
    const canTry = remote.welcome.features?.includes(RANGE_DIGEST) ?? false;
    write(await explain({ ...parts, files: remote.files, canTry }));
    return EXIT_DONE;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    // The lines can be explained without a server.
    if (error instanceof UserError) {
      write(await explain({ ...parts, files: null, canTry: false }));
    }
    throw error;
  }
}

function textOf(
  explanation: Explanation,
  command: ClientCommand,
  output: ExplanationOutput,
): string {
  const isTerminal = output.isTerminal();
  const { color, unicode } = drawingFor(command);
  return renderExplanation(explanation, {
    // The last column stays empty: terminals differ in what follows a character there.
    columns: isTerminal ? terminalSize().columns - 1 : Infinity,
    color: isTerminal && color,
    unicode,
    input: sourceName(command.input),
    cleanCommand: cleanCommand(ownCommand("client"), command),
  }).join("\n");
}
