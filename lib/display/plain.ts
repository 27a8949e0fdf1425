/**
 * Events as plain lines, for logs and pipes: no escapes, nothing written twice.
 *
 * @module
 */
import type { ClientEvent } from "../client/events.ts";
import { printable } from "../printable.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { type Display, type Output, writeText } from "./display.ts";
import { DEFAULT_LISTED, messageOf, type MessageStyle } from "./messages.ts";
import { paintOf } from "./paint.ts";
import { percentOf, ProgressState } from "./progress.ts";
import { closingOf, summaryOf, waitingFor } from "./status.ts";
import { formatBytesOf, formatCount, formatDuration, formatRate } from "./units.ts";

/** Milliseconds between two lines with the total. */
export const TOTAL_PERIOD = 5000;

/** What a {@linkcode PlainDisplay} needs. */
export interface PlainDisplayOptions {
  readonly output: Output;
  /** The input list that is watched; null if the client ends by itself. */
  readonly input: string | null;
  /**
   * The most files of the server's list that are shown when the connection is there; 0 for none.
   *
   * @default {20}
   */
  readonly listed?: number;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/** Writes a line for each event that matters, and every five seconds how far all has come. */
export class PlainDisplay implements Display {
  #output: Output;
  #input: string | null;
  #clock: Clock;
  #style: MessageStyle;
  #state = new ProgressState();
  #fetchedBefore = 0;
  #stop: () => void;
  #closed = false;

  constructor(options: PlainDisplayOptions) {
    const { output, input, listed = DEFAULT_LISTED, clock = SYSTEM_CLOCK } = options;
    this.#output = output;
    this.#input = input;
    this.#clock = clock;
    const columns = Infinity;
    this.#style = { paint: paintOf(false), unicode: true, columns, listed, hasStatus: false };
    this.#stop = clock.every(TOTAL_PERIOD, () => this.#writeTotal());
  }

  handle(event: ClientEvent): void {
    if (this.#closed) return;
    const now = this.#clock.now();
    const lines = this.#linesOf(event, now);
    this.#state.apply(event, now);
    this.#write(lines);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#write(closingOf(this.#state, this.#clock.now()));
  }

  #linesOf(event: ClientEvent, now: number): readonly string[] {
    if (event.type === "waiting") return event.names.length > 0 ? [waitingFor(event.names)] : [];
    if (event.type === "idle") return this.#restingLine(now);
    return messageOf(event, this.#state, this.#style)?.lines ?? [];
  }

  #restingLine(now: number): readonly string[] {
    if (this.#input === null || this.#state.idle) return [];
    return [`${summaryOf(this.#state, now)}; watching ${printable(this.#input)}`];
  }

  #writeTotal(): void {
    const { totals, fetched, idle } = this.#state;
    if (idle || fetched === this.#fetchedBefore) return;
    this.#fetchedBefore = fetched;
    const now = this.#clock.now();
    const left = this.#state.timeLeft(now);
    const parts = [
      `${percentOf(totals.received, totals.size)}%`,
      formatBytesOf(totals.received, totals.size),
      formatRate(this.#state.rate(now)),
      left === null ? "" : `${formatDuration(left)} left`,
      `${totals.done} of ${formatCount(totals.files, "file")}`,
    ];
    this.#write([parts.filter((part) => part !== "").join(", ")]);
  }

  #write(lines: readonly string[]): void {
    if (lines.length > 0) writeText(this.#output, lines.map((line) => line + "\n").join(""));
  }
}
