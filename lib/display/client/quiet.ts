/**
 * Failures only, for `--progress none`.
 *
 * @module
 */
import { type Output, writeText } from "../../text/write_text.ts";
import type { ClientEvent } from "../../client/events.ts";
import { quoted, sanitize } from "../../text/sanitize.ts";
import type { Display } from "./display.ts";

/** Writes a line for each failed file and nothing else. */
export class QuietDisplay implements Display {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  handle(event: ClientEvent): void {
    if (event.type !== "failed") return;
    const reason = sanitize(event.reason);
    writeText(this.#output, `client: Cannot download ${quoted(event.path)}: ${reason}\n`);
  }

  close(): void {}
}
