/**
 * The client program: parses the options, runs the command, exits.
 *
 * @module
 */
import { CLIENT_HELP, CLIENT_OPTIONS, parseClientCommand } from "./lib/cli/client_options.ts";
import { helpOutputFor } from "./lib/cli/help_output.ts";
import { interruptSignal } from "./lib/cli/interrupt.ts";
import { runMain, writeResult } from "./lib/cli/main.ts";
import { ownCommand, ownName, userArgs } from "./lib/cli/own_command.ts";

const MANUAL = { name: "sluice-client", help: CLIENT_HELP, options: CLIENT_OPTIONS };

async function main(args: readonly string[]): Promise<number> {
  const command = parseClientCommand(args);
  const helpOutput = helpOutputFor(command, MANUAL, ownCommand("client"));
  if (helpOutput !== null) {
    writeResult(Deno.stdout, helpOutput);
    return 0;
  }
  using interrupted = interruptSignal();
  // Imported late, so that --help and --version are fast.
  const { runClient } = await import("./lib/cli/client_program.ts");
  return await runClient(command, Deno.stdout, interrupted);
}

if (import.meta.main) await runMain(ownName("client"), () => main(userArgs(Deno.args)));
