/**
 * What the client does unless it is told otherwise: it downloads what its input list names.
 *
 * @module
 */
import { cleanCommand, resumeCommand } from "./command_text.ts";
import { type ProgressSource, runClient } from "../client/client.ts";
import type { ClientEvent } from "../client/events.ts";
import { EXIT_FAILED, EXIT_UNREACHABLE, exitCodeOf } from "../client/exit_code.ts";
import type { InputEntry } from "../client/input/input_list.ts";
import { matcherOfAny } from "../client/input/glob.ts";
import { findLeftovers } from "../client/disk/leftovers.ts";
import type { ClientCommand, ProgressStyle } from "./client_options.ts";
import type { OutputFolder } from "../client/disk/output_folder.ts";
import { displayFor } from "../display/client/displays.ts";
import { messageOf, UserError } from "../errors.ts";
import { unreachable } from "./connect_with_retry.ts";
import { ownCommand } from "./command_text.ts";

/** How often positions are read for the displays, in milliseconds. */
const PROGRESS_MS = 100;

/** Progress that tells of a lost server in words for people. */
const SAYS_LOSS: ReadonlySet<ProgressStyle> = new Set(["auto", "bars", "plain"]);

/**
 * Downloads until all is done, or until it is interrupted, and shows how that goes.
 *
 * @param signal Interrupts it.
 * @param listen Hears of every event before it is shown.
 * @returns The exit code.
 * @throws {UserError} If it fails as a whole, and the display has not said so.
 */
export async function downloadInput(
  command: ClientCommand,
  output: OutputFolder,
  signal: AbortSignal,
  listen: (event: ClientEvent) => void,
): Promise<number> {
  const input = command.once ? null : command.input;
  const display = await displayFor({ ...command, input });
  let lost = "";
  const emit = (event: ClientEvent) => {
    if (event.type === "disconnected" && event.retryIn === null) lost = event.reason;
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
    const onStart = (source: ProgressSource) => progress = source;
    const outcome = await runClient({ ...command, output, platform, emit, onStart, signal });
    clearInterval(timer);
    showProgress();
    if (outcome.entries) await tellLeftovers(command, output, outcome.entries, emit);
    const code = exitCodeOf(outcome);
    const failure = outcome.failure ??
      (code === EXIT_UNREACHABLE ? unreachable(command.server, lost) : null);
    const exitCode = failure === null ? code : exitCodeFor(failure);
    const { summary, underway, failed, unverified, interrupted } = outcome;
    emit({
      type: "summary",
      ...summary,
      resume: underway + failed + unverified > 0 ? resumeCommand(ownCommand(), command) : null,
      interrupted,
      error: failure === null ? null : messageOf(failure),
      exitCode,
    });
    // Bars and plain lines have said that the server is lost.
    const isSaid = outcome.failure === undefined && SAYS_LOSS.has(command.progress);
    if (failure !== null && !isSaid) throw failure;
    return exitCode;
  } finally {
    clearInterval(timer);
    display.close();
  }
}

function exitCodeFor(failure: unknown): number {
  return failure instanceof UserError ? failure.exitCode : EXIT_FAILED;
}

async function tellLeftovers(
  command: ClientCommand,
  output: OutputFolder,
  entries: readonly InputEntry[],
  emit: (event: ClientEvent) => void,
): Promise<void> {
  const leftovers = await findLeftovers(output, matcherOfAny(entries.map(({ name }) => name)));
  if (leftovers.length === 0) return;
  const size = leftovers.reduce((sum, leftover) => sum + leftover.size, 0);
  emit({
    type: "leftovers",
    files: leftovers.length,
    size,
    command: cleanCommand(ownCommand(), command),
  });
}
