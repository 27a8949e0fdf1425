/**
 * Which display a user gets.
 *
 * @module
 */
import type { Display } from "./display.ts";
import type { DrawingChoice } from "../terminal/terminal.ts";

/** What the user said about it. */
export interface DisplayChoice extends DrawingChoice {
  readonly progress: "auto" | "bars" | "plain" | "json" | "none";
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
}

/**
 * The display. Only its own code is loaded: to measure texts takes as long to load as all the rest.
 *
 * What people read goes to standard error, so that standard output is free for what programs read.
 */
export async function displayFor(choice: DisplayChoice): Promise<Display> {
  const { progress, input } = choice;
  const output = Deno.stderr;
  if (progress === "none") {
    const { QuietDisplay } = await import("./quiet.ts");
    return new QuietDisplay(output);
  }
  if (progress === "json") {
    const { JsonDisplay } = await import("./json_lines.ts");
    return new JsonDisplay({ output: Deno.stdout });
  }
  if (progress === "plain" || (progress === "auto" && !output.isTerminal())) {
    const { PlainDisplay } = await import("./plain.ts");
    return new PlainDisplay({ output, input });
  }
  const { BarsDisplay } = await import("./bars_writer.ts");
  const { drawingFor } = await import("../terminal/terminal.ts");
  return new BarsDisplay({ output, input, ...drawingFor(choice) });
}
