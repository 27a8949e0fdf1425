/**
 * The terminal that a program runs on.
 *
 * @module
 */
import { isUnicodeLocale, readPermitted } from "./locale.ts";

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

/** What the user said about drawing. */
export interface DrawingChoice {
  /** Whether colours are welcome. */
  readonly color: boolean;
  /** Whether nothing but ASCII is. */
  readonly ascii: boolean;
}

/** What may be drawn. */
export interface Drawing {
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/** What may be drawn on a terminal, as the user, `NO_COLOR` and the locale say. */
export function drawingFor({ color, ascii }: DrawingChoice): Drawing {
  return {
    color: color && !Deno.noColor,
    unicode: !ascii && isUnicodeLocale(readPermitted),
  };
}
