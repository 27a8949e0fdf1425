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
import { BarsDisplay } from "./bars_writer.ts";
import type { Display } from "./display.ts";
import { JsonDisplay } from "./json_lines.ts";
import { PlainDisplay } from "./plain.ts";
import { QuietDisplay } from "./quiet.ts";
import { type DrawingChoice, drawingFor } from "../terminal/terminal.ts";

/** The user's choices. */
export interface DisplayChoice extends DrawingChoice {
  readonly progress: "auto" | "bars" | "plain" | "json" | "none";
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
}

/**
 * The display for a choice.
 *
 * Texts for people go to standard error, so that standard output is free for programs.
 */
export function displayFor(choice: DisplayChoice): Display {
  const { progress, input } = choice;
  const output = Deno.stderr;
  if (progress === "none") return new QuietDisplay(output);
  if (progress === "json") return new JsonDisplay({ output: Deno.stdout });
  if (progress === "plain" || (progress === "auto" && !output.isTerminal())) {
    return new PlainDisplay({ output, input });
  }
  return new BarsDisplay({ output, input, ...drawingFor(choice) });
}
