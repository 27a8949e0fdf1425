/**
 * The client's program: parses its options, wires its parts, exits.
 *
 * @module
 */
import { messageOf, ProtocolError, UserError } from "./lib/errors.ts";
import { completionsFor } from "./lib/completions.ts";
import { backoff } from "./lib/client/backoff.ts";
import { cleanCommand, resumeCommand } from "./lib/client/command_text.ts";
import { runDownloader } from "./lib/client/downloader.ts";
import type { ClientEvent } from "./lib/client/events.ts";
import { EXIT_INTERRUPTED, EXIT_UNREACHABLE, exitCodeOf } from "./lib/client/exit_code.ts";
import {
  CLIENT_HELP,
  CLIENT_OPTIONS,
  type ClientCommand,
  parseClientCommand,
  type ProgressStyle,
} from "./lib/client/options.ts";
import { explain } from "./lib/client/explain.ts";
import type { Explanation } from "./lib/client/explanation.ts";
import { parseInputList, type Wish } from "./lib/client/input_list.ts";
import { readInput } from "./lib/client/input_watcher.ts";
import { findLeftovers, removeLeftovers } from "./lib/client/leftovers.ts";
import { OutputFolder } from "./lib/client/output_folder.ts";
import { OutputLock } from "./lib/client/output_lock.ts";
import { Remote } from "./lib/client/remote.ts";
import { ReportFile } from "./lib/client/report_file.ts";
import { formatServerAddress, type ServerAddress } from "./lib/client/server_address.ts";
import { displayFor } from "./lib/display/displays.ts";
import { renderExplanation } from "./lib/display/explanation_lines.ts";
import { renderFileList } from "./lib/display/file_list.ts";
import { reportPage } from "./lib/display/report_page.ts";
import { ReportRecord } from "./lib/display/report_record.ts";
import { terminalSize } from "./lib/display/terminal.ts";
import { formatBytes } from "./lib/display/units.ts";
import { quoted } from "./lib/printable.ts";
import { interruptSignal } from "./lib/interrupt.ts";
import { runMain, writeLine } from "./lib/main.ts";
import { sleep } from "./lib/sleep.ts";
import { PROGRAM } from "./lib/version.ts";

/** Progress that tells of a lost server in words for people. */
const SAYS_LOSS: ReadonlySet<ProgressStyle> = new Set(["auto", "bars", "plain"]);

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
  if (command.completions) {
    const script = completionsFor(command.completions, "sluice-client", CLIENT_OPTIONS);
    writeLine(Deno.stdout, script.trimEnd());
    return 0;
  }
  using interrupted = interruptSignal();
  if (command.list) return await list(command, interrupted);
  if (command.explain) return await explainInput(command, interrupted);
  const output = await OutputFolder.open(command.output);
  using _lock = await OutputLock.acquire(output.lockPath, command.output);
  await output.removeProbes();
  if (command.clean) return await clean(command, output);
  return await downloadWithReport(command, output, interrupted);
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
      color: isTerminal && command.color && !Deno.noColor,
      unicode: !command.ascii,
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
  const { wishes, problems: [problem] } = parseInputList(await readInput(input));
  if (problem) {
    throw new UserError(
      `Cannot tell what is not wanted: ${input}, line ${problem.line}: ${problem.message}`,
    );
  }
  const leftovers = await findLeftovers(output, wishes);
  await removeLeftovers(leftovers);
  for (const { path, size } of leftovers) {
    const name = path === null ? "a file of unknown name" : quoted(path);
    writeLine(Deno.stdout, `removed ${formatBytes(size)} of ${name}`);
  }
  return 0;
}

/** Downloads, and writes a report if one is wanted, however the download ends. */
async function downloadWithReport(
  command: ClientCommand,
  output: OutputFolder,
  signal: AbortSignal,
): Promise<number> {
  if (command.report === null) return await download(command, output, signal, () => {});
  using file = ReportFile.open(command.report, command.input);
  const record = new ReportRecord(performance.now());
  try {
    return await download(command, output, signal, (event) => {
      record.handle(event, performance.now());
    });
  } finally {
    const { summary } = record;
    if (summary) file.write(reportPage(record, summary, new Date()));
  }
}

async function download(
  command: ClientCommand,
  output: OutputFolder,
  signal: AbortSignal,
  listen: (event: ClientEvent) => void,
): Promise<number> {
  const input = command.once ? null : command.input;
  const display = displayFor({ ...command, input });
  let lost = "";
  const emit = (event: ClientEvent) => {
    if (event.type === "disconnected" && event.retryIn === null) lost = event.reason;
    listen(event);
    display.handle(event);
  };
  try {
    const outcome = await runDownloader({
      ...command,
      output,
      platform: Deno.build.os,
      emit,
      signal,
    });
    if (outcome.wishes) await tellLeftovers(command, output, outcome.wishes, emit);
    const code = exitCodeOf(outcome);
    const failure = outcome.failure ??
      (code === EXIT_UNREACHABLE ? unreachable(command.server, lost) : null);
    const exitCode = failure instanceof UserError ? failure.exitCode : failure ? 1 : code;
    const { summary, underway, failed, unverified, interrupted } = outcome;
    emit({
      type: "summary",
      ...summary,
      resume: underway + failed + unverified > 0 ? resumeCommand(command) : null,
      interrupted,
      error: failure === null ? null : messageOf(failure),
      exitCode,
    });
    // Bars and plain lines have said that the server is lost.
    const isSaid = outcome.failure === undefined && SAYS_LOSS.has(command.progress);
    if (failure !== null && !isSaid) throw failure;
    return exitCode;
  } finally {
    display.close();
  }
}

async function tellLeftovers(
  command: ClientCommand,
  output: OutputFolder,
  wishes: readonly Wish[],
  emit: (event: ClientEvent) => void,
): Promise<void> {
  const leftovers = await findLeftovers(output, wishes);
  if (leftovers.length === 0) return;
  const size = leftovers.reduce((sum, leftover) => sum + leftover.size, 0);
  const files = leftovers.length;
  emit({ type: "leftovers", files, size, command: cleanCommand(command) });
}

if (import.meta.main) await runMain("client", () => main(Deno.args));
