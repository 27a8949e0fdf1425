/**
 * A server's log on a terminal, with a live table of its clients below it.
 *
 * A terminal may stop taking what is written (Ctrl+S, a selection): the server must not stop with
 * it. So frames are written in the background, one at a time, and who finds the one before still on
 * its way waits for the next turn.
 *
 * @module
 */
import type { ClientInfo } from "../../server/client_info.ts";
import type { ServerTotals } from "../../server/server.ts";
import { settledWithin } from "../../async/timeout.ts";
import { type Output, writeText } from "../../text/write_text.ts";
import { ClientRates } from "./client_rates.ts";
import { renderClientTable } from "./client_table.ts";
import { type Clock, SYSTEM_CLOCK } from "../terminal/clock.ts";
import { onExit } from "../terminal/on_exit.ts";
import { TerminalPainter } from "../terminal/terminal_painter.ts";
import { type TerminalSize, terminalSize } from "../terminal/terminal.ts";

/** Milliseconds between two frames. */
export const VIEW_PERIOD = 250;

/** Lines that wait for a terminal that takes nothing; more are only counted. */
const MAX_WAITING_LINES = 10_000;

/** How long the end waits for a terminal that takes nothing, in milliseconds. */
const END_MS = 500;

/** A terminal that can be written to in the background. */
export interface BackgroundOutput extends Output {
  /** Writes some of the bytes, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** What the view looks at. */
export interface WatchedServer {
  /** Who is connected, in the order of their coming. */
  readonly clients: Iterable<ClientInfo>;
  readonly totals: ServerTotals;
}

/** What a {@linkcode ServerView} needs. */
export interface ServerViewOptions {
  /** The terminal. Nobody else may write to it while the view draws. */
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
  #waiting: string[] = [];
  #omittedLines = 0;
  #painter: TerminalPainter | undefined;
  #writing: Promise<void> | undefined;
  #stop = () => {};
  #closing: Promise<void> | undefined;
  /** Whether the end has come while the terminal takes nothing: who writes then, stays. */
  #isStuck = false;

  constructor(options: ServerViewOptions) {
    this.#options = { size: terminalSize, clock: SYSTEM_CLOCK, ...options };
  }

  /** Takes a line that stays, above the table. */
  log(line: string): void {
    if (this.#isStuck) return;
    if (!this.#painter) writeText(this.#options.output, `${line}\n`);
    else if (this.#waiting.length < MAX_WAITING_LINES) this.#waiting.push(line);
    else this.#omittedLines++;
  }

  /** Begins to draw. To be called once; until the end the cursor is hidden. */
  watch(server: WatchedServer): void {
    const { size, clock } = this.#options;
    this.#painter = new TerminalPainter(size());
    const rates = new ClientRates();
    const stopTimer = clock.every(VIEW_PERIOD, () => this.#draw(server, rates));
    // Nothing can be awaited then.
    const stopListening = onExit(() => this.#end());
    this.#stop = () => {
      stopTimer();
      stopListening();
    };
  }

  /**
   * Takes the table away and shows the cursor; lines that come later are written as they are. If
   * the terminal takes nothing, they are lost.
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
    this.#isStuck = this.#writing !== undefined && !await settledWithin(this.#writing, END_MS);
    this.#end();
  }

  #end(): void {
    this.#stop();
    const painter = this.#painter;
    if (!painter) return;
    this.#painter = undefined;
    if (this.#isStuck) return;
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
    // The last column stays empty: terminals do different things after a character there.
    const options = { columns: size.columns - 1, rows: size.rows, now, color, unicode };
    const lines = renderClientTable({ clients: rates.ordered(now), totals }, options);
    const text = this.#painter!.paint({ messages: this.#takeLines(), lines }, size);
    if (text === "") return;
    this.#writing = writeBehind(this.#options.output, text)
      .finally(() => this.#writing = undefined);
  }

  #takeLines(): string[] {
    const lines = this.#waiting;
    if (this.#omittedLines > 0) {
      lines.push(`and ${this.#omittedLines} lines more, too many for the terminal`);
    }
    this.#waiting = [];
    this.#omittedLines = 0;
    return lines;
  }
}

/** Writes a text; never rejects: if the terminal is gone, the text is lost. */
async function writeBehind(output: BackgroundOutput, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += await output.write(bytes.subarray(at));
  } catch {
    return;
  }
}
