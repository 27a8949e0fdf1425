/**
 * The server's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { completionsFor } from "./lib/completions.ts";
import { interruptSignal } from "./lib/interrupt.ts";
import { runMain, writeLine } from "./lib/main.ts";
import { textLog } from "./lib/server/log.ts";
import { formatAddress } from "./lib/protocol/ip_address.ts";
import { parseServerCommand, SERVER_HELP, SERVER_OPTIONS } from "./lib/server/options.ts";
import { startServer } from "./lib/server/server.ts";
import { PROGRAM } from "./lib/version.ts";

async function main(args: readonly string[]): Promise<number> {
  const command = parseServerCommand(args);
  if (command.help) {
    writeLine(Deno.stdout, SERVER_HELP.trimEnd());
    return 0;
  }
  if (command.version) {
    writeLine(Deno.stdout, PROGRAM);
    return 0;
  }
  if (command.completions) {
    const script = completionsFor(command.completions, "sluice-server", SERVER_OPTIONS);
    writeLine(Deno.stdout, script.trimEnd());
    return 0;
  }
  using interrupted = interruptSignal();
  const log = textLog((line) => writeLine(Deno.stderr, line));
  await using server = await startServer({ ...command, log });
  const { hostname, port } = server.addr;
  writeLine(Deno.stdout, `sluice server listening on ${formatAddress(hostname, port)}`);
  log({
    event: "sharing",
    dir: command.dir,
    files: server.fileCount,
    reach: isLoopback(hostname)
      ? "this machine only; --host 0.0.0.0 opens it to the network"
      : "the network; --host 127.0.0.1 closes it",
  });
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener("abort", resolve));
  }
  await server.shutdown();
  return 0;
}

function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}

if (import.meta.main) await runMain("server", () => main(Deno.args));
