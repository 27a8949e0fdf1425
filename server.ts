/**
 * The server program: parses the options, runs the command, exits.
 *
 * @module
 */
import { helpOutputFor } from "./lib/cli/help_output.ts";
import { interruptSignal } from "./lib/cli/interrupt.ts";
import { runMain, writeResult } from "./lib/cli/main.ts";
import { ownCommand, ownName, userArgs } from "./lib/cli/own_command.ts";
import { parseServerCommand, SERVER_HELP, SERVER_OPTIONS } from "./lib/cli/server_options.ts";

const MANUAL = { name: "sluice-server", help: SERVER_HELP, options: SERVER_OPTIONS };

async function main(args: readonly string[]): Promise<number> {
  const command = parseServerCommand(args);
  const helpOutput = helpOutputFor(command, MANUAL, ownCommand("server"));
  if (helpOutput !== null) {
    writeResult(Deno.stdout, helpOutput);
    return 0;
  }
  using interrupted = interruptSignal();
  // Imported late, so that --help and --version are fast.
  const { runServer } = await import("./lib/cli/server_program.ts");
  return await runServer(command, interrupted);
}

if (import.meta.main) await runMain(ownName("server"), () => main(userArgs(Deno.args)));
