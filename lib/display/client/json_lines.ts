/**
 * Events as JSON, one object a line, for scripts. `docs/events.md` lists all members; removing a
 * member or changing its meaning requires a new `v`.
 *
 * Bytes are whole numbers; so are times, which are in milliseconds and have names ending in `Ms`.
 *
 * @module
 */
import { type Output, writeText } from "../../text/write_text.ts";
import type { ClientEvent, Shares, Summary } from "../../client/events.ts";
import { type Clock, SYSTEM_CLOCK } from "../terminal/clock.ts";
import type { Display } from "./display.ts";
import { hasEnded } from "../state/file_table.ts";
import { ProgressState } from "../state/progress.ts";

/** The version of the stream, `v` in every line. */
export const STREAM_VERSION = 2;

/** Milliseconds between two samples of the progress. */
export const SAMPLE_PERIOD = 1000;

/** Milliseconds for which lines are buffered, to be written together. */
const WRITE_PERIOD = 100;

/** The buffer's size, in UTF-16 units, at which it is written at once. */
const MAX_BUFFERED = 64 * 1024;

/** Decimals of a share. */
const SHARE_DECIMALS = 4;

/** Characters that some readers hide, or take for a line's end. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Options of a {@linkcode JsonDisplay}. */
export interface JsonDisplayOptions {
  readonly output: Output;
  /** @default {SYSTEM_CLOCK} */
  readonly clock?: Clock;
  /** The time of day. @default {() => new Date()} */
  readonly date?: () => Date;
}

/** Writes every event as a line, except that progress is sampled once a second. */
export class JsonDisplay implements Display {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #date: () => Date;
  readonly #state = new ProgressState();
  /** Paths of files with progress since the last sample. */
  readonly #moved = new Set<string>();
  readonly #stops: readonly (() => void)[];
  /** Whether the present lack of data has been written. */
  #isStalled = false;
  #buffered = "";
  #closed = false;

  constructor({ output, clock = SYSTEM_CLOCK, date = () => new Date() }: JsonDisplayOptions) {
    this.#output = output;
    this.#clock = clock;
    this.#date = date;
    this.#stops = [
      clock.every(SAMPLE_PERIOD, () => this.#sample()),
      clock.every(WRITE_PERIOD, () => this.#flush()),
    ];
  }

  handle(event: ClientEvent): void {
    if (this.#closed) return;
    if (event.type === "summary") this.#sample();
    this.#state.apply(event, this.#clock.now());
    if (event.type === "progress") {
      for (const { path } of event.files) this.#moved.add(path);
    } else {
      this.#add(...membersOf(event));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#flush();
  }

  #sample(): void {
    const now = this.#clock.now();
    this.#checkStall(now);
    if (this.#moved.size === 0) return;
    const { totals } = this.#state;
    const files = [...this.#moved].flatMap((path) => {
      const file = this.#state.file(path);
      if (!file || hasEnded(file)) return [];
      const { received, peakReceived, size } = file;
      const rate = Math.round(this.#state.fileRate(file, now));
      return [{
        path,
        receivedBytes: received,
        repeatedBytes: peakReceived - received,
        size,
        rate,
      }];
    });
    this.#moved.clear();
    this.#add("progress", {
      files,
      receivedBytes: totals.received,
      size: totals.size,
      rate: Math.round(this.#state.rate(now)),
      timeLeftMs: wholeOrNull(this.#state.timeLeft(now)),
      done: totals.done,
      total: totals.files,
    });
  }

  #checkStall(now: number): void {
    const since = this.#state.stalledSince(now);
    if (since !== null && !this.#isStalled) {
      this.#add("stalled", { forMs: Math.round(now - since) });
    }
    this.#isStalled = since !== null;
  }

  #add(event: string, members: Readonly<Record<string, unknown>>): void {
    this.#buffered += lineOf({ v: STREAM_VERSION, time: this.#date(), event, ...members });
    if (this.#buffered.length > MAX_BUFFERED) this.#flush();
  }

  #flush(): void {
    if (this.#buffered === "") return;
    const text = this.#buffered;
    this.#buffered = "";
    writeText(this.#output, text);
  }
}

/** The line, without its end, that says how many lines were dropped because nobody read them. */
export function droppedLine(lines: number): string {
  const event = "lines_dropped";
  return lineOf({ v: STREAM_VERSION, time: new Date(), event, lines }).trimEnd();
}

/** An object as one line of JSON. */
export function lineOf(value: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(value).replace(INVISIBLE, escaped) + "\n";
}

/** An event's name and members in the stream. */
function membersOf(
  event: Exclude<ClientEvent, { type: "progress" }>,
): readonly [event: string, members: Readonly<Record<string, unknown>>] {
  switch (event.type) {
    case "connected": {
      const { server, program } = event;
      return ["connected", { server, program }];
    }
    case "disconnected": {
      const { reason, retryIn } = event;
      if (retryIn === null) return ["unreachable", { reason }];
      return ["reconnecting", { reason, inMs: Math.round(retryIn) }];
    }
    case "finished": {
      const { path, size, took, sha256, alreadyThere } = event;
      return ["finished", { path, size, tookMs: Math.round(took), sha256, alreadyThere }];
    }
    case "shares":
      return ["shares", sharesOf(event)];
    case "summary":
      return ["summary", summaryOf(event)];
    default: {
      const { type, ...members } = event;
      return [type, members];
    }
  }
}

function sharesOf({ took, bytes, priorities }: Shares) {
  const rounded = priorities.map(({ priority, bytes, expectedShare, actualShare }) => ({
    priority,
    bytes,
    expectedShare: Number(expectedShare.toFixed(SHARE_DECIMALS)),
    actualShare: Number(actualShare.toFixed(SHARE_DECIMALS)),
  }));
  return { tookMs: Math.round(took), bytes, priorities: rounded };
}

function summaryOf(summary: Summary) {
  const { took, activeTime, shares, bytes } = summary;
  return {
    done: summary.done,
    alreadyThere: summary.alreadyThere,
    failed: summary.failed,
    refused: summary.refused,
    unfinished: summary.unfinished,
    waiting: summary.waiting,
    misreadLines: summary.misread,
    entries: summary.entries,
    receivedBytes: bytes,
    repeatedBytes: summary.repeated,
    tookMs: Math.round(took),
    activeMs: Math.round(activeTime),
    rate: activeTime > 0 ? Math.round(bytes * 1000 / activeTime) : 0,
    shares: shares && sharesOf(shares),
    resume: summary.resume,
    interrupted: summary.interrupted,
    error: summary.error,
    exitCode: summary.exitCode,
  };
}

function wholeOrNull(amount: number | null): number | null {
  return amount === null ? null : Math.round(amount);
}

function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`,
  ).join("");
}
