/**
 * Failures and mistakes of the input list only, for `--progress none`.
 *
 * @module
 */
import { type Output, writeText } from "../../text/write_text.ts";
import type { ClientEvent } from "../../client/events.ts";
import { quoted, sanitize } from "../../text/sanitize.ts";
import type { Display } from "./display.ts";

/** Writes a line for each failed file and each wrong line of the list, and nothing else. */
export class QuietDisplay implements Display {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  handle(event: ClientEvent): void {
    if (event.type === "failed") {
      this.#write(`Cannot download ${quoted(event.path)}: ${sanitize(event.reason)}`);
    } else if (event.type === "warning" && event.kind === "line") {
      this.#write(sanitize(event.message));
    }
  }

  close(): void {}

  #write(line: string): void {
    writeText(this.#output, `client: ${line}\n`);
  }
}
