/**
 * The terminal that a program runs on.
 *
 * @module
 */

/** A terminal's size, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const UNKNOWN_SIZE: TerminalSize = { columns: 80, rows: 24 };

/** The size of the terminal that the program runs on; 80 × 24 if there is none. */
export function terminalSize(): TerminalSize {
  try {
    const size = Deno.consoleSize();
    return size.columns > 0 && size.rows > 0 ? size : UNKNOWN_SIZE;
  } catch {
    return UNKNOWN_SIZE;
  }
}
