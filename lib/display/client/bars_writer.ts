/**
 * Bars on a terminal, and above them the lines that stay. All decisions are in pure modules; this
 * one holds the state, the timer and the output.
 *
 * @module
 */
import { type Output, writeText } from "../../text/write_text.ts";
import type { ClientEvent } from "../../client/events.ts";
import { renderBars } from "./bars.ts";
import { type Clock, SYSTEM_CLOCK } from "../terminal/clock.ts";
import type { Display } from "./display.ts";
import { SHOW_CURSOR } from "../terminal/frame.ts";
import { MessageFold } from "./message_fold.ts";
import { type DisplayMessage, renderMessage } from "./messages.ts";
import { paintOf } from "../terminal/paint.ts";
import { ProgressState } from "../state/progress.ts";
import { closingOf } from "./status.ts";
import { onExit } from "../terminal/on_exit.ts";
import { type TerminalSize, terminalSize } from "../terminal/terminal.ts";
import { TerminalPainter } from "../terminal/terminal_painter.ts";
import { wrapLine } from "../terminal/text_width.ts";

/** Milliseconds between two frames. */
export const FRAME_PERIOD = 100;

/** The indent of a wrapped line's later rows, in columns. */
const INDENT = 2;

/** Options of a {@linkcode BarsDisplay}. */
export interface BarsDisplayOptions {
  /** The terminal. Only the display may write to it until {@linkcode BarsDisplay.close}. */
  readonly output: Output;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
  /** The command that starts a server, without options. */
  readonly serverCommand: string;
  /** @default {terminalSize} */
  readonly size?: () => TerminalSize;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/**
 * Draws bars, at most ten times a second.
 *
 * Call {@linkcode BarsDisplay.close} on every way out, signals included: until then, or until the
 * user interrupts, the cursor is hidden. If an exception ends the program, it closes by itself.
 */
export class BarsDisplay implements Display {
  #options: Required<BarsDisplayOptions>;
  #state = new ProgressState();
  #fold: MessageFold;
  #painter: TerminalPainter;
  #stop: () => void;
  #stopListening: () => void;
  #closed = false;

  constructor(options: BarsDisplayOptions) {
    this.#options = { size: terminalSize, clock: SYSTEM_CLOCK, ...options };
    this.#fold = new MessageFold(options.unicode);
    this.#painter = new TerminalPainter(this.#options.size());
    this.#stop = this.#options.clock.every(FRAME_PERIOD, () => this.#draw());
    this.#stopListening = onExit(() => this.close());
  }

  handle(event: ClientEvent): void {
    if (this.#closed) return;
    const { clock, color, unicode, serverCommand } = this.#options;
    const now = clock.now();
    const columns = this.#painter.columns - 1;
    const marks = unicode;
    const style = { paint: paintOf(color), unicode, marks, columns, serverCommand };
    const message = renderMessage(event, this.#state, style);
    if (message) this.#fold.push(wrapped(message, columns), now);
    this.#state.apply(event, now);
    // The next Ctrl+C ends the program at once, without a chance to show the cursor.
    if (event.type === "interrupted") writeText(this.#options.output, SHOW_CURSOR);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#stopListening();
    const { output, clock, color, size: sizeOf } = this.#options;
    const now = clock.now();
    const size = sizeOf();
    const closing = closingOf(this.#state, now, paintOf(color), size.columns - 1);
    const messages = [...this.#fold.take(now, true), ...closing];
    writeText(output, this.#painter.end(messages, size));
  }

  #draw(): void {
    const { output, clock, color, input, size: sizeOf, unicode } = this.#options;
    const now = clock.now();
    const size = sizeOf();
    if (!this.#painter.isSizeStable(size, now)) return;
    const messages = this.#fold.take(now, false);
    // The last column stays empty: terminals differ in what follows a character there.
    const columns = size.columns - 1;
    const { rows } = size;
    const lines = renderBars(this.#state, { columns, rows, now, color, unicode, input });
    const cursor = this.#state.interrupted;
    const text = this.#painter.paint({ messages, lines, cursor }, size);
    if (text !== "") writeText(output, text);
  }
}

/** A message with its lines wrapped, unless it ends in a command, which people copy. */
function wrapped(message: DisplayMessage, columns: number): DisplayMessage {
  if (message.kind === "leftovers") return message;
  return { ...message, lines: message.lines.flatMap((line) => wrapLine(line, columns, INDENT)) };
}
