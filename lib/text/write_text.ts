/**
 * Writing text to an output that may be closed.
 *
 * @module
 */

/** An output for text, for example `Deno.stderr`. */
export interface Output {
  /** Writes some of the bytes and returns how many. */
  writeSync(bytes: Uint8Array): number;
}

/** An output that can be written to in the background as well. */
export interface BackgroundOutput extends Output {
  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number>;
}

const ENCODER = new TextEncoder();

/**
 * Writes a text. If the output fails (the terminal or the pipe is closed, the disk is full), the
 * text is dropped without an error, so that the program goes on.
 */
export function writeText(output: Output, text: string): void {
  try {
    writeWholeText(output, text);
  } catch {
    return;
  }
}

/**
 * Writes a text.
 *
 * @throws {Error} If the output fails.
 */
export function writeWholeText(output: Output, text: string): void {
  let rest = ENCODER.encode(text);
  while (rest.length > 0) {
    const written = output.writeSync(rest);
    if (written === 0) return;
    rest = rest.subarray(written);
  }
}
