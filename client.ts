/**
 * The client's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { messageOf, ProtocolError, UserError } from "./lib/errors.ts";
import { backoff } from "./lib/client/backoff.ts";
import { runDownloader } from "./lib/client/downloader.ts";
import { EXIT_INTERRUPTED, EXIT_UNREACHABLE, exitCodeOf } from "./lib/client/exit_code.ts";
import { CLIENT_HELP, type ClientCommand, parseClientCommand } from "./lib/client/options.ts";
import { explain } from "./lib/client/explain.ts";
import type { Explanation } from "./lib/client/explanation.ts";
import { parseInputList } from "./lib/client/input_list.ts";
import { readInput } from "./lib/client/input_watcher.ts";
import { findLeftovers, removeLeftovers } from "./lib/client/leftovers.ts";
import { OutputFolder } from "./lib/client/output_folder.ts";
import { OutputLock } from "./lib/client/output_lock.ts";
import { Remote } from "./lib/client/remote.ts";
import { formatServerAddress, type ServerAddress } from "./lib/client/server_address.ts";
import { BarsDisplay, terminalSize } from "./lib/display/bars_writer.ts";
import type { Display } from "./lib/display/display.ts";
import { renderExplanation } from "./lib/display/explanation_lines.ts";
import { renderFileList } from "./lib/display/file_list.ts";
import { PlainDisplay } from "./lib/display/plain.ts";
import { formatBytes } from "./lib/display/units.ts";
import { printable, quoted } from "./lib/printable.ts";
import { interruptSignal } from "./lib/interrupt.ts";
import { runMain, writeLine } from "./lib/main.ts";
import { sleep } from "./lib/sleep.ts";
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
  if (command.list) return await list(command, interrupted);
  if (command.explain) return await explainInput(command, interrupted);
  const output = await OutputFolder.open(command.output);
  using _lock = await OutputLock.acquire(output.lockPath, command.output);
  if (command.clean) return await clean(command, output);
  return await download(command, output, interrupted);
}

async function list(command: ClientCommand, signal: AbortSignal): Promise<number> {
  const remote = await connectPatiently(command, signal);
  if (!remote) return EXIT_INTERRUPTED;
  const rows = renderFileList([...remote.files.values()], { columns: Infinity, limit: null });
  if (rows.length > 0) writeLine(Deno.stdout, rows.join("\n"));
  await remote.leave("the list is all it wanted");
  return 0;
}

async function explainInput(command: ClientCommand, signal: AbortSignal): Promise<number> {
  const { input, verify } = command;
  const parts = {
    input: await readInput(input),
    output: await OutputFolder.look(command.output),
    verify,
    platform: Deno.build.os,
    signal,
  };
  const write = (explanation: Explanation) => {
    const isTerminal = Deno.stdout.isTerminal();
    const lines = renderExplanation(explanation, {
      // The last column stays empty: terminals do different things after a character there.
      columns: isTerminal ? terminalSize().columns - 1 : Infinity,
      color: isTerminal && !Deno.noColor,
      unicode: true,
      input,
      cleanCommand: cleanCommand(command),
    });
    writeLine(Deno.stdout, lines.join("\n"));
  };
  try {
    const remote = await connectPatiently(command, signal);
    if (!remote) return EXIT_INTERRUPTED;
    await remote.leave("the list is all it wanted");
    write(await explain({ ...parts, files: remote.files }));
    return 0;
  } catch (error) {
    if (signal.aborted) return EXIT_INTERRUPTED;
    // The lines can be explained without a server.
    if (error instanceof UserError) write(await explain({ ...parts, files: null }));
    throw error;
  }
}

async function connectPatiently(
  { server, retryFor }: ClientCommand,
  signal: AbortSignal,
): Promise<Remote | null> {
  const giveUpAt = performance.now() + retryFor;
  for (let attempt = 0;; attempt++) {
    try {
      return await Remote.connect(server, signal);
    } catch (error) {
      const delay = backoff(attempt, Math.random());
      const isFinal = error instanceof ProtocolError || performance.now() + delay > giveUpAt;
      if (signal.aborted) return null;
      if (isFinal) throw unreachable(server, messageOf(error), error);
      await sleep(delay, signal);
    }
  }
}

function unreachable(server: ServerAddress, reason: string, cause?: unknown): UserError {
  const message = `Cannot reach ${formatServerAddress(server)}: ${reason}; check --server`;
  return new UserError(message, EXIT_UNREACHABLE, { cause });
}

async function clean({ input }: ClientCommand, output: OutputFolder): Promise<number> {
  const { wishes } = parseInputList(await readInput(input));
  const leftovers = await findLeftovers(output, wishes);
  await removeLeftovers(leftovers);
  for (const { path, size } of leftovers) {
    const name = path === null ? "a file of unknown name" : quoted(path);
    writeLine(Deno.stdout, `removed ${formatBytes(size)} of ${name}`);
  }
  return 0;
}

async function download(
  command: ClientCommand,
  output: OutputFolder,
  signal: AbortSignal,
): Promise<number> {
  const display = displayFor(command);
  let lost = "";
  try {
    const outcome = await runDownloader({
      ...command,
      output,
      platform: Deno.build.os,
      emit: (event) => {
        if (event.type === "disconnected" && event.retryIn === null) lost = event.reason;
        if (display) display.handle(event);
        // Even who wants to see no progress wants to know this.
        else if (event.type === "failed") sayFailure(event.path, event.reason);
      },
      signal,
    });
    const leftovers = await findLeftovers(output, outcome.wishes);
    if (leftovers.length > 0) {
      const size = leftovers.reduce((sum, leftover) => sum + leftover.size, 0);
      const files = leftovers.length;
      display?.handle({ type: "leftovers", files, size, command: cleanCommand(command) });
    }
    const code = exitCodeOf(outcome);
    // Nobody else has said it.
    if (!display && code === EXIT_UNREACHABLE) throw unreachable(command.server, lost);
    return code;
  } finally {
    display?.close();
  }
}

function sayFailure(path: string, reason: string): void {
  writeLine(Deno.stderr, `client: Cannot download ${quoted(path)}: ${printable(reason)}`);
}

/** What the user types to remove what is kept. */
function cleanCommand({ input, output }: ClientCommand): string {
  const words = ["client --clean"];
  if (input !== "input.txt") words.push("--input", quoted(input));
  if (output !== "Output") words.push("--output", quoted(output));
  return words.join(" ");
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
