/**
 * Events as plain lines, for logs and pipes: no escapes, nothing written twice.
 *
 * @module
 */
import { type Output, writeText } from "../../text/write_text.ts";
import type { ClientEvent } from "../../client/events.ts";
import { sanitize } from "../../text/sanitize.ts";
import { type Clock, SYSTEM_CLOCK } from "../terminal/clock.ts";
import type { Display } from "./display.ts";
import { type MessageStyle, renderMessage } from "./messages.ts";
import { paintOf } from "../terminal/paint.ts";
import { percentOf, ProgressState } from "../state/progress.ts";
import { closingOf, noDataFor, summaryOf, waitingFor } from "./status.ts";
import { formatBytesOf, formatCount, formatDuration, formatRate } from "../terminal/units.ts";

/** Milliseconds between two lines with the total, unless it passes another 10 %. */
export const TOTAL_PERIOD = 5000;

/** Milliseconds without data until that is written; then it is written at twice the time. */
const FIRST_STALL = 5_000;

/** Milliseconds between two checks of the total. */
const CHECK_PERIOD = 100;

/** Options of a {@linkcode PlainDisplay}. */
export interface PlainDisplayOptions {
  readonly output: Output;
  /** The watched input list; null if the client ends by itself. */
  readonly input: string | null;
  /** The command that starts a server, without options. */
  readonly serverCommand: string;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
}

/**
 * Writes a line for each event that matters, and one with the total every five seconds and at every
 * 10 %.
 */
export class PlainDisplay implements Display {
  #output: Output;
  #input: string | null;
  #clock: Clock;
  #style: MessageStyle;
  #state = new ProgressState();
  #fetchedBefore = 0;
  #totalAt: number;
  /** Tenths of the total at the last check. */
  #tenths = 0;
  /** Milliseconds without data until the next line about it. */
  #nextStall = FIRST_STALL;
  #stop: () => void;
  #closed = false;

  constructor(options: PlainDisplayOptions) {
    const { output, input, serverCommand, clock = SYSTEM_CLOCK } = options;
    this.#output = output;
    this.#input = input;
    this.#clock = clock;
    const columns = Infinity;
    const paint = paintOf(false);
    this.#style = { paint, unicode: true, marks: false, columns, serverCommand };
    this.#totalAt = clock.now();
    this.#stop = clock.every(CHECK_PERIOD, () => this.#check());
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
    this.#write(closingOf(this.#state, this.#clock.now(), this.#style.paint));
  }

  #linesOf(event: ClientEvent, now: number): readonly string[] {
    if (event.type === "waiting") return event.names.length > 0 ? [waitingFor(event.names)] : [];
    if (event.type === "idle") return this.#idleLine(now);
    return renderMessage(event, this.#state, this.#style)?.lines ?? [];
  }

  #idleLine(now: number): readonly string[] {
    if (this.#input === null || this.#state.idle) return [];
    return [`${summaryOf(this.#state, now)}; watching ${sanitize(this.#input)}`];
  }

  /** Writes the total if it is due, or that there is no data. */
  #check(): void {
    const { totals, fetched, idle } = this.#state;
    const now = this.#clock.now();
    this.#checkStall(now);
    const tenths = Math.floor(percentOf(totals.peakReceived, totals.size) / 10);
    // The last tenth is covered by the closing lines. Tenths fall when the total grows.
    const isNext = tenths > this.#tenths && tenths < 10;
    this.#tenths = tenths;
    if (idle || fetched === this.#fetchedBefore) return;
    if (!isNext && now - this.#totalAt < TOTAL_PERIOD) return;
    this.#fetchedBefore = fetched;
    this.#totalAt = now;
    this.#writeTotal(now);
  }

  #checkStall(now: number): void {
    const since = this.#state.stalledSince(now);
    if (since === null) this.#nextStall = FIRST_STALL;
    else if (now - since >= this.#nextStall) {
      this.#write([noDataFor(now - since)]);
      this.#nextStall *= 2;
    }
  }

  #writeTotal(now: number): void {
    const { totals } = this.#state;
    const left = this.#state.timeLeft(now);
    const parts = [
      `${percentOf(totals.peakReceived, totals.size)}%`,
      formatBytesOf(totals.peakReceived, totals.size),
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
