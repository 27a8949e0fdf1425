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
import { sanitize } from "../../text/sanitize.ts";
import { fitting } from "../terminal/text_width.ts";
import { formatCount } from "../terminal/units.ts";
import { onExit } from "../terminal/on_exit.ts";
import { TerminalPainter } from "../terminal/terminal_painter.ts";
import { type TerminalSize, terminalSize } from "../terminal/terminal.ts";

/** Milliseconds between two frames. */
export const VIEW_PERIOD = 250;

/** How long a scan takes before it is shown, in milliseconds. */
const QUICK_SCAN_MS = 1_000;

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
  /** When the scan that is shown began. */
  #scanSince: number | undefined;
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

  /**
   * Shows how far the first scan is, if that takes long. Call it repeatedly, before
   * {@linkcode ServerView.watch}.
   *
   * @param dir The shared folder.
   * @param files How many files were found so far.
   */
  showScan(dir: string, files: number): void {
    const now = this.#options.clock.now();
    this.#scanSince ??= now;
    if (this.#closing || now - this.#scanSince < QUICK_SCAN_MS) return;
    if (!this.#painter) this.#begin(() => {});
    const found = `${formatCount(files, "file")} so far`;
    const texts = [`scanning ${sanitize(dir)}: ${found}; Ctrl+C to stop`, `scanning: ${found}`];
    const { unicode } = this.#options;
    this.#paint(({ columns }) => [fitting(texts, columns, unicode)]);
  }

  /** Removes what {@linkcode ServerView.showScan} shows. */
  async endScan(): Promise<void> {
    if (this.#writing) await settledWithin(this.#writing, END_MS);
    this.#end();
  }

  /** Starts to draw. Call it once; the cursor is hidden until {@linkcode ServerView.close}. */
  watch(server: WatchedServer): void {
    const rates = new ClientRates();
    this.#begin(this.#options.clock.every(VIEW_PERIOD, () => this.#draw(server, rates)));
  }

  #begin(stopTimer: () => void): void {
    this.#painter = new TerminalPainter(this.#options.size());
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
    const { clock, color, unicode } = this.#options;
    const now = clock.now();
    const { clients, totals } = server;
    rates.sample(clients, now);
    this.#paint((size) =>
      renderClientTable({ clients: rates.ordered(now), totals }, { ...size, now, color, unicode })
    );
  }

  /** @param render Returns the lines for a terminal of a size. */
  #paint(render: (size: TerminalSize) => string[]): void {
    const { size: sizeOf, clock } = this.#options;
    const size = sizeOf();
    if (!this.#painter!.isSizeStable(size, clock.now()) || this.#writing) return;
    // The last column stays empty: terminals differ in what follows a character there.
    const lines = render({ columns: size.columns - 1, rows: size.rows });
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
