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
    this.#drawn = { lines, ...size };
    return frameText({
      // Lines that fitted need measuring only where there is less room now.
      rowsAbove: size.columns >= drawn.columns
        ? drawn.lines.length
        : drawn.lines.reduce((sum, line) => sum + wrappedRows(line, size.columns), 0),
      clear: messages.length > 0 || size.columns !== drawn.columns,
      messages,
      bars: lines,
      cursor,
    });
  }
}
