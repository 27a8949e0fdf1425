/**
 * The client's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { messageOf, UserError } from "./lib/errors.ts";
import { runDownloader } from "./lib/client/downloader.ts";
import { EXIT_UNREACHABLE, exitCodeOf } from "./lib/client/exit_code.ts";
import { CLIENT_HELP, type ClientCommand, parseClientCommand } from "./lib/client/options.ts";
import { OutputFolder } from "./lib/client/output_folder.ts";
import { Remote } from "./lib/client/remote.ts";
import { formatServerAddress } from "./lib/client/server_address.ts";
import { BarsDisplay } from "./lib/display/bars_writer.ts";
import type { Display } from "./lib/display/display.ts";
import { renderFileList } from "./lib/display/file_list.ts";
import { PlainDisplay } from "./lib/display/plain.ts";
import { interruptSignal } from "./lib/interrupt.ts";
import { runMain, writeLine } from "./lib/main.ts";
import { PROGRAM } from "./lib/version.ts";

async function main(args: readonly string[]): Promise<number> {
  const command = parseClientCommand(args);
  if (command.help) {
    writeLine(Deno.stdout, CLIENT_HELP.trimEnd());
    return 0;
  }
  if (command.version) {
    writeLine(Deno.stdout, PROGRAM);
    return 0;
  }
  using interrupted = interruptSignal();
  return command.list ? await list(command, interrupted) : await download(command, interrupted);
}

async function list({ server }: ClientCommand, signal: AbortSignal): Promise<number> {
  let remote: Remote;
  try {
    remote = await Remote.connect(server, signal);
  } catch (error) {
    throw new UserError(
      `Cannot reach ${formatServerAddress(server)}: ${messageOf(error)}; check --server`,
      EXIT_UNREACHABLE,
      { cause: error },
    );
  }
  const rows = renderFileList([...remote.files.values()], { columns: Infinity, limit: null });
  if (rows.length > 0) writeLine(Deno.stdout, rows.join("\n"));
  await remote.leave("the list is all it wanted");
  return 0;
}

async function download(command: ClientCommand, signal: AbortSignal): Promise<number> {
  const output = await OutputFolder.open(command.output);
  const display = displayFor(command);
  try {
    const outcome = await runDownloader({
      ...command,
      output,
      platform: Deno.build.os,
      emit: (event) => display?.handle(event),
      signal,
    });
    return exitCodeOf(outcome);
  } finally {
    display?.close();
  }
}

/** Progress goes to standard error, so that standard output is free for what programs read. */
function displayFor({ progress: style, ...command }: ClientCommand): Display | undefined {
  const input = command.once ? null : command.input;
  if (style === "none") return undefined;
  const output = Deno.stderr;
  if (style === "plain" || (style === "auto" && !output.isTerminal())) {
    return new PlainDisplay({ output, input });
  }
  return new BarsDisplay({ output, input, color: !Deno.noColor, unicode: true });
}

if (import.meta.main) await runMain("client", () => main(Deno.args));
