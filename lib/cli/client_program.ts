/**
 * The client's work, whatever it was asked for.
 *
 * The parts, from the caller down: this one chooses among `list.ts`, `explain_input.ts`, `clean.ts`
 * and `reported.ts` over `download_input.ts`; `reach.ts` helps those that want the server only once.
 * Each wires `lib/client/`, which works, to `lib/display/`, which shows.
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
 * Does what the user asked for.
 *
 * @param stdout Where results go that programs may read.
 * @param signal Ends it.
 * @returns The exit code.
 * @throws {UserError} If it cannot be done.
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
