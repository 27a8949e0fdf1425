/**
 * A server's log on a terminal, with a live table of its clients below it.
 *
 * A terminal may block writes (Ctrl+S, a selection), and the server must not block with it. So
 * frames are written in the background, one at a time; while one is being written, no other is
 * drawn.
 *
 * This room shows a running server: this file writes, `client_table.ts` makes the lines,
 * `client_rates.ts` measures the clients. Only `cli/` imports it.
 *
 * @module
 */
import type { ClientInfo } from "../../server/client_info.ts";
import type { ServerTotals } from "../../server/server.ts";
import { settledWithin } from "../../async/timeout.ts";
import { type BackgroundOutput, writeText } from "../../text/write_text.ts";
import { ClientRates } from "./client_rates.ts";
import { renderClientTable } from "./client_table.ts";
import { type Clock, SYSTEM_CLOCK } from "../terminal/clock.ts";
import { onExit } from "../terminal/on_exit.ts";
import { TerminalPainter } from "../terminal/terminal_painter.ts";
import { type TerminalSize, terminalSize } from "../terminal/terminal.ts";

/** Milliseconds between two frames. */
export const VIEW_PERIOD = 250;

/** The most lines that are held for a blocked terminal; more are only counted. */
const MAX_HELD_LINES = 10_000;

/** How long closing waits for a blocked terminal, in milliseconds. */
const END_MS = 500;

/** The part of a server that the view reads. */
export interface WatchedServer {
  /** The connected clients, in the order of connecting. */
  readonly clients: Iterable<ClientInfo>;
  readonly totals: ServerTotals;
}

/** Options of a {@linkcode ServerView}. */
export interface ServerViewOptions {
  /** The terminal. Only the view may write to it while it draws. */
  readonly output: BackgroundOutput;
  readonly color: boolean;
  /** Whether the terminal shows more than ASCII. */
  readonly unicode: boolean;
  /** @default {terminalSize} */
  readonly size?: () => TerminalSize;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/** A log, and a table below it from {@linkcode ServerView.watch} to {@linkcode ServerView.close}. */
export class ServerView implements AsyncDisposable {
  readonly #options: Required<ServerViewOptions>;
  #heldLines: string[] = [];
  #omittedLines = 0;
  #painter: TerminalPainter | undefined;
  #writing: Promise<void> | undefined;
  #stop = () => {};
  #closing: Promise<void> | undefined;
  /** Whether the view was closed while the terminal was blocked: another write would hang. */
  #isBlocked = false;

  constructor(options: ServerViewOptions) {
    this.#options = { size: terminalSize, clock: SYSTEM_CLOCK, ...options };
  }

  /** Writes a line that stays, above the table. */
  log(line: string): void {
    if (this.#isBlocked) return;
    if (!this.#painter) writeText(this.#options.output, `${line}\n`);
    else if (this.#heldLines.length < MAX_HELD_LINES) this.#heldLines.push(line);
    else this.#omittedLines++;
  }

  /** Starts to draw. Call it once; the cursor is hidden until {@linkcode ServerView.close}. */
  watch(server: WatchedServer): void {
    const { size, clock } = this.#options;
    this.#painter = new TerminalPainter(size());
    const rates = new ClientRates();
    const stopTimer = clock.every(VIEW_PERIOD, () => this.#draw(server, rates));
    // At exit nothing can be awaited.
    const stopListening = onExit(() => this.#end());
    this.#stop = () => {
      stopTimer();
      stopListening();
    };
  }

  /**
   * Removes the table and shows the cursor; later lines are written without a table. If the
   * terminal is blocked, they are lost.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#stop();
    this.#isBlocked = this.#writing !== undefined && !await settledWithin(this.#writing, END_MS);
    this.#end();
  }

  #end(): void {
    this.#stop();
    const painter = this.#painter;
    if (!painter) return;
    this.#painter = undefined;
    if (this.#isBlocked) return;
    const { output, size } = this.#options;
    writeText(output, painter.end(this.#takeLines(), size()));
  }

  #draw(server: WatchedServer, rates: ClientRates): void {
    const { size: sizeOf, clock, color, unicode } = this.#options;
    const now = clock.now();
    const { clients, totals } = server;
    rates.sample(clients, now);
    const size = sizeOf();
    if (!this.#painter!.isSizeStable(size, now) || this.#writing) return;
    // The last column stays empty: terminals differ in what follows a character there.
    const options = { columns: size.columns - 1, rows: size.rows, now, color, unicode };
    const lines = renderClientTable({ clients: rates.ordered(now), totals }, options);
    const text = this.#painter!.paint({ messages: this.#takeLines(), lines }, size);
    if (text === "") return;
    this.#writing = writeInBackground(this.#options.output, text)
      .finally(() => this.#writing = undefined);
  }

  #takeLines(): string[] {
    const lines = this.#heldLines;
    if (this.#omittedLines > 0) {
      lines.push(`and ${this.#omittedLines} more lines, too many for the terminal`);
    }
    this.#heldLines = [];
    this.#omittedLines = 0;
    return lines;
  }
}

/** Writes a text in the background; never rejects: if the terminal is closed, it is lost. */
async function writeInBackground(output: BackgroundOutput, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += await output.write(bytes.subarray(at));
  } catch {
    return;
  }
}
