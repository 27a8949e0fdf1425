/**
 * A picture that stays at the end of a terminal while lines scroll by above it. Remembers the last
 * picture and returns the bytes that change it; writes nothing itself.
 *
 * @module
 */
import { frameText } from "./frame.ts";
import type { TerminalSize } from "./terminal.ts";
import { wrappedRows } from "./text_width.ts";

/**
 * Milliseconds for which a terminal's size must be unchanged before the next frame. While a window
 * is dragged some terminals wrap lines again long before they report the new size (tmux: 250 ms); a
 * picture drawn meanwhile is cut, and its position cannot be computed.
 */
export const SETTLING_TIME = 300;

/** The maximum number of lines above the picture that are kept to be written again. */
const MAX_KEPT = 500;

/** A picture and the new lines above it. */
export interface Picture {
  /** Lines that stay, above the picture. */
  readonly messages: readonly string[];
  /** The picture, each line narrower than the terminal. */
  readonly lines: readonly string[];
  /**
   * Whether the cursor is visible below.
   *
   * @default {false}
   */
  readonly cursor?: boolean;
}

/** Turns pictures into the bytes that change one into the next. */
export class TerminalPainter {
  #drawn: TerminalSize & { readonly lines: readonly string[] };
  /** The last lines above the picture. */
  #above: string[] = [];
  /** Whether lines have ever scrolled off the top: nothing but this output is on the screen. */
  #hasScrolled = false;
  #seen: TerminalSize;
  #seenSince = -Infinity;

  /** @param size The terminal's size now. */
  constructor(size: TerminalSize) {
    this.#seen = size;
    this.#drawn = { lines: [], ...size };
  }

  /** The terminal's columns when the last picture was drawn. */
  get columns(): number {
    return this.#drawn.columns;
  }

  /** Whether the size has been unchanged for long enough to draw. Call it before each picture. */
  isSizeStable(size: TerminalSize, now: number): boolean {
    if (size.columns !== this.#seen.columns || size.rows !== this.#seen.rows) {
      this.#seen = size;
      this.#seenSince = now;
      // A terminal that wraps the lines again may push some of them off the screen.
      this.#noteRows([...this.#above, ...this.#drawn.lines], size);
    }
    return now - this.#seenSince >= SETTLING_TIME;
  }

  /** The bytes of the next picture, for one write; "" if nothing changes. */
  paint(picture: Picture, size: TerminalSize): string {
    if (picture.messages.length === 0 && this.#isDrawn(picture.lines, size)) return "";
    return this.#frame(picture, size);
  }

  /** The bytes that remove the picture and show the cursor; the messages stay. */
  end(messages: readonly string[], size: TerminalSize): string {
    return this.#frame({ messages, lines: [], cursor: true }, size);
  }

  #isDrawn(lines: readonly string[], { columns, rows }: TerminalSize): boolean {
    const drawn = this.#drawn;
    return columns === drawn.columns && rows === drawn.rows &&
      lines.length === drawn.lines.length &&
      lines.every((line, index) => line === drawn.lines[index]);
  }

  #frame({ messages, lines, cursor = false }: Picture, size: TerminalSize): string {
    const drawn = this.#drawn;
    const isResized = size.columns !== drawn.columns || size.rows !== drawn.rows;
    const frame = isResized
      ? { rowsAbove: this.#rowsToClear(size), messages: this.#messagesAgain(messages, lines, size) }
      : { rowsAbove: drawn.lines.length, messages };
    this.#drawn = { lines, ...size };
    this.#above.push(...messages);
    this.#noteRows([...this.#above, ...lines], size);
    this.#above = this.#above.slice(-MAX_KEPT);
    return frameText({ ...frame, clear: isResized || messages.length > 0, bars: lines, cursor });
  }

  #noteRows(lines: readonly string[], { columns, rows }: TerminalSize): void {
    // The cursor takes a row, too, and tmux keeps one more free.
    this.#hasScrolled ||= lines.length > MAX_KEPT || rowsOf(lines, columns) >= rows - 1;
  }

  /**
   * The rows above the cursor that a terminal of another size may show of this output. It has wrapped
   * lines again, and moved rows to its history or back, torn bars among them: once that can be, the
   * whole screen is drawn again.
   */
  #rowsToClear({ columns, rows }: TerminalSize): number {
    return this.#hasScrolled ? rows : rowsOf([...this.#above, ...this.#drawn.lines], columns);
  }

  /** The new messages, and before them as many earlier ones as fit on the screen with the bars. */
  #messagesAgain(
    messages: readonly string[],
    lines: readonly string[],
    { columns, rows }: TerminalSize,
  ): readonly string[] {
    let room = rows - 1 - lines.length - rowsOf(messages, columns);
    let first = this.#above.length;
    while (first > 0 && room >= wrappedRows(this.#above[first - 1]!, columns)) {
      room -= wrappedRows(this.#above[--first]!, columns);
    }
    return [...this.#above.slice(first), ...messages];
  }
}

/** The rows that lines take. */
function rowsOf(lines: readonly string[], columns: number): number {
  return lines.reduce((sum, line) => sum + wrappedRows(line, columns), 0);
}
