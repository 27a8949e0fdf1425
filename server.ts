/**
 * The server's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { ServerView } from "./lib/display/server_view.ts";
import { drawingFor } from "./lib/display/terminal.ts";
import { informationFor } from "./lib/information.ts";
import { interruptSignal } from "./lib/interrupt.ts";
import { LineBuffer } from "./lib/line_buffer.ts";
import { runMain, writeLine } from "./lib/main.ts";
import { lineLog } from "./lib/server/log.ts";
import { formatAddress } from "./lib/protocol/ip_address.ts";
import {
  parseServerCommand,
  SERVER_HELP,
  SERVER_OPTIONS,
  type ServerCommand,
} from "./lib/server/options.ts";
import { startServer } from "./lib/server/server.ts";

const MANUAL = { name: "sluice-server", help: SERVER_HELP, options: SERVER_OPTIONS };

async function main(args: readonly string[]): Promise<number> {
  const command = parseServerCommand(args);
  const information = informationFor(command, MANUAL);
  if (information !== null) {
    writeLine(Deno.stdout, information);
    return 0;
  }
  using interrupted = interruptSignal();
  await using view = viewFor(command);
  using lines = new LineBuffer(Deno.stderr);
  const write = (line: string) => view ? view.log(line) : lines.write(line);
  const log = lineLog(command.logStyle, write);
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
  view?.watch(server);
  if (!interrupted.aborted) {
    await new Promise((resolve) => interrupted.addEventListener("abort", resolve));
  }
  // Before the server's end, which a second Ctrl+C cuts short.
  await view?.close();
  await server.shutdown();
  return 0;
}

/** The table is for people: not for programs that read the log, nor for files that keep it. */
function viewFor(command: ServerCommand): ServerView | null {
  if (command.logStyle !== "text" || !Deno.stderr.isTerminal()) return null;
  return new ServerView({ output: Deno.stderr, ...drawingFor(command) });
}

function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}

if (import.meta.main) await runMain("server", () => main(Deno.args));
