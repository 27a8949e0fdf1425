/**
 * The client's default command: downloading the files that the input list names.
 *
 * @module
 */
import { cleanCommand, resumeCommand } from "./command_text.ts";
import { type ProgressSource, runClient } from "../client/client.ts";
import type { ClientEvent } from "../client/events.ts";
import { EXIT_FAILED, EXIT_UNREACHABLE, exitCodeOf } from "../client/exit_code.ts";
import { sourceName } from "../client/input/given_names.ts";
import type { InputEntry } from "../client/input/input_list.ts";
import { matcherOfEntries } from "../client/input/name_meaning.ts";
import { findLeftovers } from "../client/disk/leftovers.ts";
import type { ClientCommand, ProgressStyle } from "./client_options.ts";
import type { OutputFolder } from "../client/disk/output_folder.ts";
import type { OutputLock } from "../client/disk/output_lock.ts";
import { displayFor } from "../display/client/displays.ts";
import { messageOf, UserError } from "../errors.ts";
import { unreachable } from "./connect_with_retry.ts";
import { ownCommand } from "./own_command.ts";

/** How often positions are read for the displays, in milliseconds. */
const PROGRESS_MS = 100;

/** The styles whose display reports a lost server. */
const REPORTS_LOSS: ReadonlySet<ProgressStyle> = new Set(["auto", "bars", "plain"]);

/**
 * Downloads until all is done or the signal interrupts it, and shows the progress.
 *
 * @param lock The lock of the output folder.
 * @param signal Interrupts the download.
 * @param listen Called with every event before it is shown.
 * @returns The exit code.
 * @throws {UserError} If the run as a whole fails, unless the display has reported that.
 */
export async function downloadInput(
  command: ClientCommand,
  output: OutputFolder,
  { lost, warning }: Pick<OutputLock, "lost" | "warning">,
  signal: AbortSignal,
  listen: (event: ClientEvent) => void,
): Promise<number> {
  const input = command.once ? null : sourceName(command.input);
  const display = await displayFor({ ...command, input, serverCommand: ownCommand("server") });
  let lastReason = "";
  const emit = (event: ClientEvent) => {
    if (event.type === "disconnected" && event.retryIn === null) lastReason = event.reason;
    listen(event);
    display.handle(event);
  };
  let progress: ProgressSource | undefined;
  const showProgress = () => {
    const files = progress?.takeProgress() ?? [];
    if (files.length > 0) emit({ type: "progress", files });
    const shares = progress?.takeShares();
    if (shares) emit({ type: "shares", ...shares });
  };
  const timer = setInterval(showProgress, PROGRESS_MS);
  try {
    const platform = Deno.build.os;
    const onStart = (source: ProgressSource) => {
      progress = source;
      if (warning !== null) emit({ type: "warning", kind: "output", message: warning });
    };
    const outcome = await runClient({ ...command, output, platform, emit, onStart, lost, signal });
    clearInterval(timer);
    showProgress();
    // Names that are arguments do not say what of earlier runs is still wanted.
    const isList = typeof command.input === "string";
    if (outcome.entries && isList) await emitLeftovers(command, output, outcome.entries, emit);
    const code = exitCodeOf(outcome);
    const failure = outcome.failure ??
      (code === EXIT_UNREACHABLE ? unreachable(command.server, lastReason) : null);
    const exitCode = failure === null ? code : exitCodeFor(failure);
    const { summary, underway, failed, unverified, interrupted } = outcome;
    emit({
      type: "summary",
      ...summary,
      resume: underway + failed + unverified > 0
        ? resumeCommand(ownCommand("client"), command)
        : null,
      interrupted,
      error: failure === null ? null : messageOf(failure),
      exitCode,
    });
    const isReported = outcome.failure === undefined && REPORTS_LOSS.has(command.progress);
    if (failure !== null && !isReported) throw failure;
    return exitCode;
  } finally {
    clearInterval(timer);
    await display.close();
  }
}

function exitCodeFor(failure: unknown): number {
  return failure instanceof UserError ? failure.exitCode : EXIT_FAILED;
}

async function emitLeftovers(
  command: ClientCommand,
  output: OutputFolder,
  entries: readonly InputEntry[],
  emit: (event: ClientEvent) => void,
): Promise<void> {
  const leftovers = await findLeftovers(output, matcherOfEntries(entries));
  if (leftovers.length === 0) return;
  const size = leftovers.reduce((sum, leftover) => sum + leftover.size, 0);
  emit({
    type: "leftovers",
    files: leftovers.length,
    size,
    command: cleanCommand(ownCommand("client"), command),
  });
}
