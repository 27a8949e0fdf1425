/**
 * Writing for people and programs that may have stopped listening.
 *
 * @module
 */

/** Where text goes, for example `Deno.stderr`. */
export interface Output {
  /** Writes some of the bytes, and says how many. */
  writeSync(bytes: Uint8Array): number;
}

const ENCODER = new TextEncoder();

/**
 * Writes a text. If nobody can have it (the terminal or the pipe is gone, a disk is full) it is
 * lost: a program does not end because nobody looks.
 */
export function writeText(output: Output, text: string): void {
  let rest = ENCODER.encode(text);
  try {
    while (rest.length > 0) {
      const written = output.writeSync(rest);
      if (written === 0) return;
      rest = rest.subarray(written);
    }
  } catch {
    return;
  }
}
