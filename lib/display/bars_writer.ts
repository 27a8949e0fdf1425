/**
 * Bars on a terminal, and above them the lines that stay. All decisions are in the pure parts;
 * this one holds the state, the timer and the output.
 *
 * @module
 */
import { type Output, writeText } from "../write_text.ts";
import type { ClientEvent } from "../client/events.ts";
import { renderBars } from "./bars.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import type { Display } from "./display.ts";
import { frameText, SHOW_CURSOR } from "./frame.ts";
import { MessageFold } from "./message_fold.ts";
import { DEFAULT_LISTED, type Message, messageOf } from "./messages.ts";
import { paintOf } from "./paint.ts";
import { ProgressState } from "./progress.ts";
import { closingOf } from "./status.ts";
import { onSuddenEnd } from "./sudden_end.ts";
import { wrapLine, wrappedRows } from "./text_width.ts";

/** Milliseconds between two frames. */
export const FRAME_PERIOD = 100;

/**
 * Milliseconds for which a terminal's size must have stood still before the next frame. While a
 * window is dragged some terminals wrap lines anew long before they tell of it (tmux: 250 ms); what
 * is drawn meanwhile is cut, and where it stands cannot be computed any more.
 */
export const SETTLING_TIME = 300;

/** Columns by which the later rows of a line are set in. */
const INDENT = 2;

/** A terminal's size, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** What a {@linkcode BarsDisplay} needs. */
export interface BarsDisplayOptions {
  /** The terminal. Nobody else may write to it until {@linkcode BarsDisplay.close}. */
  readonly output: Output;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
  /**
   * The most files of the server's list that are shown when the connection is there; 0 for none.
   *
   * @default {20}
   */
  readonly listed?: number;
  /** @default {terminalSize} */
  readonly size?: () => TerminalSize;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
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

/**
 * Draws bars, ten times a second at most.
 *
 * Call {@linkcode BarsDisplay.close} on every way out, signals included: until then, or until the
 * user interrupts, the cursor is hidden. Where an exception ends the program it closes by itself.
 */
export class BarsDisplay implements Display {
  #options: Required<BarsDisplayOptions>;
  #state = new ProgressState();
  #fold: MessageFold;
  #drawn: TerminalSize & { readonly lines: readonly string[] };
  #seen: TerminalSize;
  #seenSince = -Infinity;
  #stop: () => void;
  #stopListening: () => void;
  #closed = false;

  constructor(options: BarsDisplayOptions) {
    this.#options = { listed: DEFAULT_LISTED, size: terminalSize, clock: SYSTEM_CLOCK, ...options };
    this.#fold = new MessageFold(options.unicode);
    this.#seen = this.#options.size();
    this.#drawn = { lines: [], ...this.#seen };
    this.#stop = this.#options.clock.every(FRAME_PERIOD, () => this.#draw());
    this.#stopListening = onSuddenEnd(() => this.close());
  }

  handle(event: ClientEvent): void {
    if (this.#closed) return;
    const { clock, color, listed, unicode } = this.#options;
    const now = clock.now();
    const columns = this.#drawn.columns - 1;
    const marks = unicode;
    const style = { paint: paintOf(color), unicode, marks, columns, listed, hasStatus: true };
    const message = messageOf(event, this.#state, style);
    if (message) this.#fold.push(broken(message, columns), now);
    this.#state.apply(event, now);
    // The next Ctrl+C ends the program at once: nobody could show the cursor then.
    if (event.type === "interrupted") writeText(this.#options.output, SHOW_CURSOR);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#stopListening();
    const { clock, color, size } = this.#options;
    const now = clock.now();
    const closing = closingOf(this.#state, now, paintOf(color));
    const messages = [...this.#fold.take(now, true), ...closing];
    this.#write({ messages, lines: [], size: size(), cursor: true });
  }

  #draw(): void {
    const { clock, color, input, unicode } = this.#options;
    const now = clock.now();
    const size = this.#options.size();
    if (!this.#standsStill(size, now)) return;
    const messages = this.#fold.take(now, false);
    // The last column stays empty: terminals do different things after a character there.
    const columns = size.columns - 1;
    const { rows } = size;
    const lines = renderBars(this.#state, { columns, rows, now, color, unicode, input });
    if (messages.length === 0 && this.#isDrawn(lines, size)) return;
    this.#write({ messages, lines, size, cursor: this.#state.interrupted });
  }

  #standsStill(size: TerminalSize, now: number): boolean {
    if (size.columns !== this.#seen.columns || size.rows !== this.#seen.rows) {
      this.#seen = size;
      this.#seenSince = now;
    }
    return now - this.#seenSince >= SETTLING_TIME;
  }

  #isDrawn(lines: readonly string[], { columns, rows }: TerminalSize): boolean {
    const drawn = this.#drawn;
    return columns === drawn.columns && rows === drawn.rows &&
      lines.length === drawn.lines.length &&
      lines.every((line, index) => line === drawn.lines[index]);
  }

  #write(picture: {
    readonly messages: readonly string[];
    readonly lines: readonly string[];
    readonly size: TerminalSize;
    readonly cursor: boolean;
  }): void {
    const { messages, lines, size, cursor } = picture;
    const drawn = this.#drawn;
    const text = frameText({
      // What fitted once needs measuring only where there is less room now.
      rowsAbove: size.columns >= drawn.columns
        ? drawn.lines.length
        : drawn.lines.reduce((sum, line) => sum + wrappedRows(line, size.columns), 0),
      clear: messages.length > 0 || size.columns !== drawn.columns,
      messages,
      bars: lines,
      cursor,
    });
    this.#drawn = { lines, ...size };
    writeText(this.#options.output, text);
  }
}

/** A message whose lines fit; not if it ends in a command, which people copy. */
function broken(message: Message, columns: number): Message {
  if (message.kind === "leftovers") return message;
  return { ...message, lines: message.lines.flatMap((line) => wrapLine(line, columns, INDENT)) };
}
