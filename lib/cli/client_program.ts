/**
 * The client's commands: downloading, and what can be done instead.
 *
 * @module
 */
import type { ClientCommand } from "./client_options.ts";
import { EXIT_INTERRUPTED } from "../client/exit_code.ts";
import { OutputFolder } from "../client/disk/output_folder.ts";
import { OutputLock } from "../client/disk/output_lock.ts";
import { downloadInput } from "./download_input.ts";
import type { ExplanationOutput } from "./explain_input.ts";
import { writeLine } from "./main.ts";
import { ownName } from "./own_command.ts";

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
  // Each command loads its own code only.
  if (command.list) {
    const { listFiles } = await import("./list.ts");
    return await listFiles(command, stdout, signal);
  }
  if (command.explain) {
    const { explainInput } = await import("./explain_input.ts");
    return await explainInput(command, stdout, signal);
  }
  const output = await OutputFolder.open(command.output);
  await using lock = await OutputLock.acquire({
    root: output.root,
    path: output.lockPath,
    folder: command.output,
    onWait: (line) => writeLine(Deno.stderr, `${ownName("client")}: ${line}`),
    signal,
  });
  if (!lock) return EXIT_INTERRUPTED;
  await output.removeProbes();
  if (command.clean) {
    const { clean } = await import("./clean.ts");
    return await clean(command.input, output, stdout);
  }
  if (command.report === null) return await downloadInput(command, output, lock, signal, () => {});
  const { withReport } = await import("./with_report.ts");
  return await withReport(
    command.report,
    command.input,
    (listen) => downloadInput(command, output, lock, signal, listen),
  );
}
