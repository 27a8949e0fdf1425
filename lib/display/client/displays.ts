/**
 * Which display a user gets.
 *
 * @module
 */
import { BarsDisplay } from "./bars_writer.ts";
import type { Display } from "./display.ts";
import { JsonDisplay } from "./json_lines.ts";
import { PlainDisplay } from "./plain.ts";
import { QuietDisplay } from "./quiet.ts";
import { type DrawingChoice, drawingFor } from "../terminal/terminal.ts";

/** What the user said about it. */
export interface DisplayChoice extends DrawingChoice {
  readonly progress: "auto" | "bars" | "plain" | "json" | "none";
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
}

/**
 * The display.
 *
 * What people read goes to standard error, so that standard output is free for what programs read.
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
