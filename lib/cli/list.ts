/**
 * The command `client --list`.
 *
 * @module
 */
import { EXIT_DONE, EXIT_INTERRUPTED } from "../client/exit_code.ts";
import type { ClientCommand } from "./client_options.ts";
import { renderFileList } from "../display/client/file_list.ts";
import { writeResult } from "./main.ts";
import type { Output } from "../text/write_text.ts";
import { connectWithRetry } from "./connect_with_retry.ts";

/**
 * Prints the server's files.
 *
 * @param signal Interrupts the command.
 * @returns The exit code.
 * @throws {UserError} If the server cannot be reached.
 */
export async function listFiles(
  command: ClientCommand,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const remote = await connectWithRetry(command, signal);
  if (!remote) return EXIT_INTERRUPTED;
  const rows = renderFileList([...remote.files.values()], { columns: Infinity, limit: null });
  if (rows.length > 0) writeResult(output, rows.join("\n"));
  await remote.leave("only the list was requested");
  return EXIT_DONE;
}
