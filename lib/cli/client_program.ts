/**
 * The client's commands: downloading, and what can be done instead.
 *
 * @module
 */
import type { ClientCommand } from "./client_options.ts";
import { OutputFolder } from "../client/disk/output_folder.ts";
import { OutputLock } from "../client/disk/output_lock.ts";
import { clean } from "./clean.ts";
import { downloadInput } from "./download_input.ts";
import { explainInput, type ExplanationOutput } from "./explain_input.ts";
import { listFiles } from "./list.ts";
import { withReport } from "./with_report.ts";

/**
 * Runs the command that the options select.
 *
 * @param stdout Receives results that programs may read.
 * @param signal Interrupts the command.
 * @returns The exit code.
 * @throws {UserError} If the command fails.
 */
export async function runClient(
  command: ClientCommand,
  stdout: ExplanationOutput,
  signal: AbortSignal,
): Promise<number> {
  if (command.list) return await listFiles(command, stdout, signal);
  if (command.explain) return await explainInput(command, stdout, signal);
  const output = await OutputFolder.open(command.output);
  using _lock = await OutputLock.acquire(output.lockPath, command.output);
  await output.removeProbes();
  if (command.clean) return await clean(command.input, output, stdout);
  return await withReport(command, (listen) => downloadInput(command, output, signal, listen));
}
