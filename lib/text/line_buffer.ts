/**
 * Lines that are collected for a moment and written together.
 *
 * @module
 */
import { type Output, writeText } from "./write_text.ts";

/** How long a line waits for further lines, in milliseconds. */
const DELAY_MS = 20;

/** Writes lines in batches; disposal writes the lines that still wait. */
export class LineBuffer implements Disposable {
  readonly #output: Output;
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  write(line: string): void {
    this.#text += `${line}\n`;
    this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #flush(): void {
    this.#timer = undefined;
    writeText(this.#output, this.#text);
    this.#text = "";
  }
}
