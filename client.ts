/**
 * The client's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { CLIENT_HELP, CLIENT_OPTIONS, parseClientCommand } from "./lib/cli/client_options.ts";
import { helpOutputFor } from "./lib/cli/help_output.ts";
import { interruptSignal } from "./lib/cli/interrupt.ts";
import { runMain, writeLine } from "./lib/cli/main.ts";

const MANUAL = { name: "sluice-client", help: CLIENT_HELP, options: CLIENT_OPTIONS };

async function main(args: readonly string[]): Promise<number> {
  const command = parseClientCommand(args);
  const information = helpOutputFor(command, MANUAL);
  if (information !== null) {
    writeLine(Deno.stdout, information);
    return 0;
  }
  using interrupted = interruptSignal();
  // Only now: who asks for the version does not wait for all of it to be loaded.
  const { runClient } = await import("./lib/cli/client_program.ts");
  return await runClient(command, Deno.stdout, interrupted);
}

if (import.meta.main) await runMain("client", () => main(Deno.args));
