/**
 * Lines that are written soon, many in one go.
 *
 * @module
 */
import { type Output, writeText } from "./write_text.ts";

/** How long a line waits for others, in milliseconds. */
const SOON_MS = 20;

/** Writes lines; what has not been written is, when it is disposed of. */
export class LineBuffer implements Disposable {
  readonly #output: Output;
  #text = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(output: Output) {
    this.#output = output;
  }

  write(line: string): void {
    this.#text += `${line}\n`;
    this.#timer ??= setTimeout(() => this.#flush(), SOON_MS);
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
