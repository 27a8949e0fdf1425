/**
 * A terminal's screen as a value: what stands where, and how it looks.
 *
 * @module
 */
import xterm from "@xterm/headless";

/** Characters of one look, side by side. */
export interface Span {
  /** The first cell, from 0. */
  readonly column: number;
  /** How many cells it takes. */
  readonly width: number;
  readonly text: string;
  /** How it looks: any of `bold`, `dim` and a colour's name, with blanks between. */
  readonly look: string;
}

/** One row of a screen; blank cells have no span. */
export type Row = readonly Span[];

/** The eight colours of a terminal; 0 and 7 are what text has anyway. */
const COLOURS = ["", "red", "green", "yellow", "blue", "magenta", "cyan", ""];

/** Characters that fill a part of their cell. */
const BLOCK = /^[█-▏▕]$/;

interface Growing {
  readonly column: number;
  readonly look: string;
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

  /** Draws what a program has written. */
  async write(bytes: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.#terminal.write(bytes, resolve));
  }

  /** What is to be seen, from the top to the bottom. */
  look(): Row[] {
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

/** A span ends where the look changes, at the edges of bars, and at more than one blank. */
function spansOf(line: xterm.IBufferLine): Row {
  const spans: Growing[] = [];
  for (let column = 0; column < line.length; column++) {
    const cell = line.getCell(column)!;
    const text = cell.getChars();
    if (cell.getWidth() === 0 || text.trim() === "") continue;
    const look = lookOf(cell);
    const isBlocks = BLOCK.test(text);
    const end = column + cell.getWidth();
    const last = spans.at(-1);
    const gap = last === undefined ? 0 : column - last.end;
    const goesOn = last?.look === look && last.isBlocks === isBlocks && gap <= (isBlocks ? 0 : 1);
    if (goesOn) {
      last.text += " ".repeat(gap) + text;
      last.end = end;
    } else spans.push({ column, look, isBlocks, end, text });
  }
  return spans.map(({ column, end, text, look }) => ({ column, width: end - column, text, look }));
}

function lookOf(cell: xterm.IBufferCell): string {
  const colour = cell.isFgPalette() ? COLOURS[cell.getFgColor() % COLOURS.length]! : "";
  return [cell.isBold() ? "bold" : "", cell.isDim() ? "dim" : "", colour]
    .filter((word) => word !== "").join(" ");
}
