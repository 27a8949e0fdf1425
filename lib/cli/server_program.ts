/**
 * The server's command: wires `lib/server/` to its log and its live table.
 *
 * @module
 */
import { ServerView } from "../display/server/server_view.ts";
import { drawingFor } from "../display/terminal/terminal.ts";
import { giveUpConnecting } from "./give_up_connecting.ts";
import { OutputQueue } from "../text/output_queue.ts";
import { printLine, writeLine } from "./main.ts";
import { formatAddress } from "../protocol/ip_address.ts";
import { formatLog, lineLog } from "../server/log.ts";
import type { ServerCommand } from "./server_options.ts";
import { startServer } from "../server/server.ts";

/**
 * Shares a folder until the signal aborts.
 *
 * @returns The exit code.
 * @throws {UserError} If the folder cannot be shared.
 */
export async function runServer(
  command: ServerCommand,
  interrupted: AbortSignal,
): Promise<number> {
  await using view = viewFor(command);
  const { logStyle } = command;
  const lines = new OutputQueue(Deno.stderr, {
    dropped: (lines) =>
      formatLog(logStyle, { event: "lines_dropped", lines, reason: "the log is not read" }),
  });
  await using _ = { [Symbol.asyncDispose]: () => lines.end() };
  const write = (line: string) => view ? view.log(line) : writeLine(lines, line);
  const log = lineLog(logStyle, write);
  const ended = whenAborted(interrupted);
  const onScanProgress = (files: number) => view?.showScan(command.dir, files);
  const starting = startServer({ ...command, log, signal: interrupted, onScanProgress });
  // Once it was interrupted, nobody waits for it.
  starting.catch(() => {});
  const started = await Promise.race([starting, ended]).catch((error) => {
    if (!interrupted.aborted) throw error;
  });
  // A disk that delays the start does not delay an interrupt.
  if (!started || interrupted.aborted) return 0;
  await using server = started;
  giveUpConnecting();
  await view?.endScan();
  for (const { hostname, port } of server.addrs) {
    await printLine(Deno.stdout, `sluice server listening on ${formatAddress(hostname, port)}`);
  }
  log({
    event: "sharing",
    dir: command.dir,
    files: server.fileCount,
    reach: server.addrs.every(isLoopback)
      ? "this machine only; --host 0.0.0.0 opens it to the network"
      : "the network; --host 127.0.0.1 closes it",
  });
  view?.watch(server);
  await ended;
  // First, since a second Ctrl+C may cut the server's shutdown short.
  await view?.close();
  await server.shutdown();
  return 0;
}

async function whenAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

/** The live table; null if the log is for programs or goes to a file. */
function viewFor(command: ServerCommand): ServerView | null {
  if (command.logStyle !== "text" || !Deno.stderr.isTerminal()) return null;
  return new ServerView({ output: Deno.stderr, ...drawingFor(command) });
}

function isLoopback({ hostname }: Deno.NetAddr): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}
