/**
 * One picture on a terminal as the bytes that turn the picture before into it. Pure.
 *
 * Between two frames the cursor stands, hidden, at the start of the row below the bars. A frame
 * goes up to the first bar and writes over what is there, each line with the rest of its row
 * cleared and the rows below cleared at the end, so that no moment shows less than before. Lines
 * that stay go where the bars were and push these down, and what is too much scrolls off the top
 * as any output does.
 *
 * While bars are drawn the terminal does not wrap: terminals disagree about the width of some
 * characters, and a row that wrapped would never be found again. Lines that stay may wrap.
 *
 * After a change of the width nearly all terminals have wrapped the bars anew, so that they take
 * more rows than before; see {@linkcode Frame.rowsAbove}. In one that cuts instead of wrapping
 * (xterm) some of the lines above are lost then.
 *
 * A screen that becomes smaller than the bars pushes the first of them into the terminal's history,
 * where nobody can take them back; a terminal that becomes larger again (tmux) shows them once more.
 *
 * | bytes | | |
 * |---|---|---|
 * | `ESC [ ? 2026 h` / `l` | synchronized update | shown at once; unknown to old terminals, which ignore it |
 * | `ESC [ ? 25 l` / `h` | cursor | hidden / shown |
 * | `ESC [ ? 7 l` / `h` | wrapping | off / on |
 * | `ESC [ n A` / `B` | up / down | by n rows, or one, as far as the screen goes |
 * | `ESC [ K` | clear | the rest of the row |
 * | `ESC [ J` | clear | the rest of the row and all rows below |
 *
 * @module
 */

/** What a frame changes. */
export interface Frame {
  /** Rows that the bars before take now, at the terminal's present width. */
  readonly rowsAbove: number;
  /** Whether to clear them first, because what comes does not cover them row by row. */
  readonly clear: boolean;
  /** Lines that stay, above the bars. */
  readonly messages: readonly string[];
  readonly bars: readonly string[];
  /** Whether the cursor is to be seen afterwards. */
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
 * The same, for when there is a row below; not in one step, which tmux takes, in the screen's first
 * row, for a wish to keep all that is there in its history.
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
