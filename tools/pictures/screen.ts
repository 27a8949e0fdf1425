/**
 * A terminal's screen as a value: its text with positions and styles.
 *
 * @module
 */
import xterm from "@xterm/headless";

/** Adjacent characters of one style. */
export interface Span {
  /** The first cell, from 0. */
  readonly column: number;
  /** Its width, in cells. */
  readonly width: number;
  readonly text: string;
  /** Any of `bold`, `dim` and a colour's name, separated by blanks. */
  readonly style: string;
}

/** One row of a screen; blank cells have no span. */
export type Row = readonly Span[];

/** The eight colours of a terminal; 0 and 7 are text's default. */
const COLOURS = ["", "red", "green", "yellow", "blue", "magenta", "cyan", ""];

/** Characters that fill a part of their cell. */
const BLOCK = /^[█-▏▕]$/;

interface Growing {
  readonly column: number;
  readonly style: string;
  readonly isBlocks: boolean;
  end: number;
  text: string;
}

/** A terminal without a window. */
export class Screen implements Disposable {
  readonly #terminal: xterm.Terminal;
  readonly #rows: number;

  constructor(columns: number, rows: number) {
    this.#rows = rows;
    this.#terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  }

  /** Draws a program's output. */
  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve));
  }

  /** The visible rows, from top to bottom. */
  rows(): Row[] {
    const { active } = this.#terminal.buffer;
    return Array.from({ length: this.#rows }, (_, row) => {
      const line = active.getLine(active.baseY + row);
      return line === undefined ? [] : spansOf(line);
    });
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }
}

/** The spans of a line; one ends where the style changes, at the edges of bars, and at two blanks. */
function spansOf(line: xterm.IBufferLine): Row {
  const spans: Growing[] = [];
  for (let column = 0; column < line.length; column++) {
    const cell = line.getCell(column)!;
    const text = cell.getChars();
    if (cell.getWidth() === 0 || text.trim() === "") continue;
    const style = styleOf(cell);
    const isBlocks = BLOCK.test(text);
    const end = column + cell.getWidth();
    const last = spans.at(-1);
    const gap = last === undefined ? 0 : column - last.end;
    const continues = last?.style === style && last.isBlocks === isBlocks &&
      gap <= (isBlocks ? 0 : 1);
    if (continues) {
      last.text += " ".repeat(gap) + text;
      last.end = end;
    } else spans.push({ column, style, isBlocks, end, text });
  }
  return spans.map(({ column, end, text, style }) => ({
    column,
    width: end - column,
    text,
    style,
  }));
}

function styleOf(cell: xterm.IBufferCell): string {
  const colour = cell.isFgPalette() ? COLOURS[cell.getFgColor() % COLOURS.length]! : "";
  return [cell.isBold() ? "bold" : "", cell.isDim() ? "dim" : "", colour]
    .filter((word) => word !== "").join(" ");
}
