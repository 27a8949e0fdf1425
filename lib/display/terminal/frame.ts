/**
 * The bytes that replace one picture on a terminal by the next. Pure.
 *
 * Between two frames the cursor stands, hidden, at the start of the row below the bars. A frame
 * moves up to the first bar and overwrites the rows, clearing the rest of each row and finally the
 * rows below, so that no moment shows less than before. Lines that stay replace the bars' first
 * rows and push the bars down; overflow scrolls off the top like any output.
 *
 * While bars are drawn the terminal does not wrap: terminals disagree about the width of some
 * characters, and the start of a row that wrapped could not be found again. Lines that stay may
 * wrap.
 *
 * After a change of the size most terminals have wrapped the lines again, and moved rows to their
 * history or back. So everything from the first line of this output on, or the whole screen, is
 * cleared and written again; see `terminal_painter.ts`. Torn bars may stay in the history, where
 * nothing can be erased.
 *
 * | bytes | | |
 * |---|---|---|
 * | `ESC [ ? 2026 h` / `l` | synchronized update | shown in one step; old terminals ignore it |
 * | `ESC [ ? 25 l` / `h` | cursor | hidden / shown |
 * | `ESC [ ? 7 l` / `h` | wrapping | off / on |
 * | `ESC [ n A` / `B` | up / down | by n rows, or one, as far as the screen goes |
 * | `ESC [ K` | clear | the rest of the row |
 * | `ESC [ J` | clear | the rest of the row and all rows below |
 *
 * @module
 */

/** The content of a frame. */
export interface Frame {
  /** Rows above the cursor to replace; more than the screen has are all of them. */
  readonly rowsAbove: number;
  /** Whether to clear them first, because the new rows do not cover them one by one. */
  readonly clear: boolean;
  /** Lines that stay, above the bars. */
  readonly messages: readonly string[];
  readonly bars: readonly string[];
  /** Whether the cursor is visible afterwards. */
  readonly cursor: boolean;
}

const BEGIN = "\x1b[?2026h\x1b[?25l";
const END = "\x1b[?2026l";
/** The bytes that show the cursor. */
export const SHOW_CURSOR = "\x1b[?25h";
const WRAP_OFF = "\x1b[?7l";
const WRAP_ON = "\x1b[?7h";
const CLEAR_ROW = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/**
 * Clears from the cursor's row on, when there is a row below. In two steps: tmux answers a single
 * `CLEAR_BELOW` in the screen's first row by saving the whole screen to its history.
 */
const CLEAR_FROM_HERE = `${CLEAR_ROW}\x1b[B${CLEAR_BELOW}\x1b[A`;

const NEXT_ROW = "\r\n";

/** The bytes of a frame, for one write. */
export function frameText(frame: Frame): string {
  const { rowsAbove, clear, messages, bars, cursor } = frame;
  return [
    BEGIN,
    "\r",
    rowsAbove > 0 ? `\x1b[${rowsAbove}A` : "",
    clear && rowsAbove > 0 ? CLEAR_FROM_HERE : "",
    ...messages.map((line) => line + NEXT_ROW),
    WRAP_OFF,
    ...bars.map((line) => line + CLEAR_ROW + NEXT_ROW),
    WRAP_ON,
    CLEAR_BELOW,
    cursor ? SHOW_CURSOR : "",
    END,
  ].join("");
}
