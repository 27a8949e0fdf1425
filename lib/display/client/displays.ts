/**
 * The choice of a client's display.
 *
 * This room shows a client's events: `bars_writer.ts` on a terminal, `plain.ts` elsewhere,
 * `json_lines.ts` for programs, `quiet.ts` failures only; all are a `Display` (`display.ts`).
 * Pure parts make the lines: `bars.ts` over `bar_columns.ts`, `status.ts`, `messages.ts` over
 * `message_fold.ts`, `summary.ts`, `file_list.ts`, and for `--explain` `explanation_lines.ts`.
 * `cli/` may import it, and `report/` its `summary.ts`.
 *
 * @module
 */
import { OutputQueue, type OutputQueueOptions } from "../../text/output_queue.ts";
import type { BackgroundOutput } from "../../text/write_text.ts";
import type { Display } from "./display.ts";
import type { DrawingChoice } from "../terminal/terminal.ts";

/** How much JSON may wait for its reader, in bytes: scripts count on every line. */
const MAX_JSON = 16 * 2 ** 20;

/** The user's choices. */
export interface DisplayChoice extends DrawingChoice {
  readonly progress: "auto" | "bars" | "plain" | "json" | "none";
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
  /** The command that starts a server, without options. */
  readonly serverCommand: string;
}

/**
 * The display. Only its own code is loaded: to measure texts takes as long to load as all the rest.
 *
 * Texts for people go to standard error, so that standard output is free for programs.
 */
export async function displayFor(choice: DisplayChoice): Promise<Display> {
  const { progress, input, serverCommand } = choice;
  const output = Deno.stderr;
  if (progress === "none") {
    const { QuietDisplay } = await import("./quiet.ts");
    return inBackground(output, {}, (queue) => new QuietDisplay(queue));
  }
  if (progress === "json") {
    const { droppedLine, JsonDisplay } = await import("./json_lines.ts");
    const options = { maxBytes: MAX_JSON, dropped: droppedLine };
    return inBackground(Deno.stdout, options, (queue) => new JsonDisplay({ output: queue }));
  }
  if (progress === "plain" || (progress === "auto" && !output.isTerminal())) {
    const { PlainDisplay } = await import("./plain.ts");
    return inBackground(
      output,
      {},
      (queue) => new PlainDisplay({ output: queue, input, serverCommand }),
    );
  }
  const { BarsDisplay } = await import("./bars_writer.ts");
  const { drawingFor } = await import("../terminal/terminal.ts");
  return new BarsDisplay({ output, input, serverCommand, ...drawingFor(choice) });
}

/** A display whose lines are written in the background: the download does not wait for a reader. */
function inBackground(
  output: BackgroundOutput,
  options: Partial<OutputQueueOptions>,
  show: (queue: OutputQueue) => Display,
): Display {
  const queue = new OutputQueue(output, { dropped: droppedText, ...options });
  const display = show(queue);
  return {
    handle: (event) => display.handle(event),
    close: async () => {
      await display.close();
      await queue.end();
    },
  };
}

function droppedText(lines: number): string {
  return `${lines} lines were dropped: nobody read them in time`;
}
