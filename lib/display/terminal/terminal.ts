/**
 * The terminal that a program runs on: its size, and what may be drawn on it.
 *
 * This room turns text and state into terminal output, and knows neither client nor server:
 * `terminal_painter.ts` over `frame.ts` makes the bytes of a picture; `table.ts`, `bar.ts`,
 * `text_width.ts` and `units.ts` lay out text; `paint.ts` colours it; `locale.ts`, `clock.ts` and
 * `on_exit.ts` are its surroundings. Every other room of `display/` may import it, and `cli/`.
 *
 * @module
 */
import { isUnicodeLocale, readPermitted } from "./locale.ts";

/** A terminal's size in characters. */
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

/** The user's choices about drawing. */
export interface DrawingChoice {
  /** Whether colours are allowed. */
  readonly color: boolean;
  /** Whether only ASCII is allowed. */
  readonly ascii: boolean;
}

/** The limits of a drawing. */
export interface Drawing {
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
}

/** The limits set by the user's choice, `NO_COLOR` and the locale. */
export function drawingFor({ color, ascii }: DrawingChoice): Drawing {
  return {
    color: color && !Deno.noColor,
    unicode: !ascii && isUnicodeLocale(readPermitted),
  };
}
