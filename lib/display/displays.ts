/**
 * Which display a user gets.
 *
 * @module
 */
import { BarsDisplay } from "./bars_writer.ts";
import type { Display } from "./display.ts";
import { JsonDisplay } from "./json_lines.ts";
import { isUnicodeLocale, readPermitted } from "./locale.ts";
import { PlainDisplay } from "./plain.ts";
import { QuietDisplay } from "./quiet.ts";

/** What the user said about it. */
export interface DisplayChoice {
  readonly progress: "auto" | "bars" | "plain" | "json" | "none";
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
  readonly color: boolean;
  readonly ascii: boolean;
}

/**
 * The display.
 *
 * What people read goes to standard error, so that standard output is free for what programs read.
 */
export function displayFor({ progress, input, color, ascii }: DisplayChoice): Display {
  const output = Deno.stderr;
  if (progress === "none") return new QuietDisplay(output);
  if (progress === "json") return new JsonDisplay({ output: Deno.stdout });
  if (progress === "plain" || (progress === "auto" && !output.isTerminal())) {
    return new PlainDisplay({ output, input });
  }
  const unicode = !ascii && isUnicodeLocale(readPermitted);
  return new BarsDisplay({ output, input, color: color && !Deno.noColor, unicode });
}
