/**
 * A clock that a test moves, a terminal whose screen can be read, and events to show on it.
 *
 * @module
 */
import xterm from "@xterm/headless";
import fc from "fast-check";
import type { ClientEvent, FileSum, Summary } from "../../lib/client/events.ts";
import { PRIORITIES, type Priority } from "../../lib/client/priority.ts";
import type { Clock } from "../../lib/display/terminal/clock.ts";
import { ProgressState } from "../../lib/display/state/progress.ts";

interface Timer {
  readonly period: number;
  readonly call: () => void;
  next: number;
}

/** Time passes only in {@linkcode FakeClock.pass}. */
export class FakeClock implements Clock {
  #now = 1000;
  #timers = new Set<Timer>();

  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  every(period: number, call: () => void): () => void {
    const timer = { period, call, next: this.#now + period };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves the clock on by milliseconds, and calls the timers that are due. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      this.#now = due.next;
      due.next += due.period;
      due.call();
    }
    this.#now = end;
  }

  #due(end: number): Timer | undefined {
    return [...this.#timers].filter(({ next }) => next <= end).sort((a, b) => a.next - b.next)[0];
  }
}

/** A terminal that wraps lines again when its width changes. */
export class FakeTerminal implements Disposable {
  readonly writes: string[] = [];
  cursorVisible = true;
  /** Whether output is stopped, as by Ctrl+S. */
  isStopped = false;
  #terminal: xterm.Terminal;
  #columns: number;
  #rows: number;
  #pending: Promise<void> = Promise.resolve();

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
    this.#terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 50_000,
      allowProposedApi: true,
    });
    for (const [final, visible] of [["h", true], ["l", false]] as const) {
      this.#terminal.parser.registerCsiHandler({ prefix: "?", final }, ([mode]) => {
        if (mode === 25) this.cursorVisible = visible;
        return false;
      });
    }
  }

  readonly size = () => ({ columns: this.#columns, rows: this.#rows });

  get wraps(): boolean {
    return this.#terminal.modes.wraparoundMode;
  }

  writeSync(bytes: Uint8Array): number {
    const copy = bytes.slice();
    this.writes.push(new TextDecoder().decode(copy));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending = promise;
    this.#terminal.write(copy, resolve);
    return bytes.length;
  }

  /** Writes in the background, while {@linkcode FakeTerminal.isStopped} is false. */
  async write(bytes: Uint8Array): Promise<number> {
    while (this.isStopped) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.writeSync(bytes);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#pending;
    this.#terminal.resize(columns, rows);
    this.#columns = columns;
    this.#rows = rows;
  }

  /** The visible rows, without the empty ones at the end. */
  async screen(): Promise<string[]> {
    await this.#pending;
    return this.#lines(this.#terminal.buffer.active.baseY);
  }

  /** The visible rows and those that scrolled away; wrapped rows are joined into one line. */
  async everything(): Promise<string[]> {
    await this.#pending;
    return this.#lines(0);
  }

  #lines(from: number): string[] {
    const buffer = this.#terminal.buffer.active;
    const lines: string[] = [];
    for (let row = from; row < buffer.length; row++) {
      const line = buffer.getLine(row)!;
      const isWhole = !buffer.getLine(row + 1)?.isWrapped;
      const text = line.translateToString(isWhole);
      if (line.isWrapped && lines.length > 0) lines.push(lines.pop() + text);
      else lines.push(text);
    }
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  [Symbol.dispose](): void {
    this.#terminal.dispose();
  }
}

/** @param wanted The files that the input list names; by default all of them. */
export function connected(
  listed: FileSum = { files: 0, size: 0 },
  wanted: FileSum = listed,
): ClientEvent {
  return { type: "connected", server: "127.0.0.1:9009", program: "sluice 0.1.0", listed, wanted };
}

export const CONNECTED = connected();

export function queued(
  path: string,
  size: number,
  priority: Priority = "NORMAL",
  line = 1,
): ClientEvent {
  return { type: "queued", path, size, priority, line };
}

export function started(path: string, resumedBytes = 0): ClientEvent {
  return { type: "started", path, resumedBytes };
}

export function moved(path: string, received: number): ClientEvent {
  return { type: "progress", files: [{ path, received }] };
}

export function finished(path: string, size: number, took = 0): ClientEvent {
  return { type: "finished", path, size, took, sha256: null, alreadyThere: false };
}

export function alreadyThere(path: string, size: number): ClientEvent {
  return { type: "finished", path, size, took: 0, sha256: null, alreadyThere: true };
}

export function failed(path: string, reason: string): ClientEvent {
  return { type: "failed", path, reason, advice: "try again", verification: false };
}

/** A summary of an empty run, with the given members. */
export function summary(members: Partial<Summary> = {}): ClientEvent & { type: "summary" } {
  return {
    type: "summary",
    done: 0,
    alreadyThere: 0,
    failed: [],
    refused: [],
    unfinished: [],
    waiting: [],
    bytes: 0,
    repeated: 0,
    misread: 0,
    entries: 1,
    took: 0,
    activeTime: 0,
    shares: null,
    resume: null,
    interrupted: false,
    error: null,
    exitCode: 0,
    ...members,
  };
}

/** The state after some events, all at the time `now`. */
export function stateAfter(events: readonly ClientEvent[], now = 0): ProgressState {
  const state = new ProgressState();
  for (const event of events) state.apply(event, now);
  return state;
}

const PATH = fc.constantFrom("a", "b", "c");
const AMOUNT = fc.oneof(fc.nat(2000), fc.constantFrom(-1, NaN, Infinity, 0));

/** Events in any order, with amounts that include invalid ones. */
export const ANY_EVENT: fc.Arbitrary<ClientEvent> = fc.oneof(
  fc.record({
    type: fc.constant("queued" as const),
    path: PATH,
    size: AMOUNT,
    priority: fc.constantFrom(...PRIORITIES),
    line: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ type: fc.constant("started" as const), path: PATH, resumedBytes: AMOUNT }),
  fc.record({
    type: fc.constant("progress" as const),
    files: fc.array(fc.record({ path: PATH, received: AMOUNT }), { maxLength: 3 }),
  }),
  fc.record({ type: fc.constant("verifying" as const), path: PATH }),
  fc.record({ type: fc.constant("refetching" as const), path: PATH, reason: fc.constant("why") }),
  fc.record({ type: fc.constant("dropped" as const), path: PATH, reason: fc.constant("why") }),
  fc.record({
    type: fc.constant("failed" as const),
    path: PATH,
    reason: fc.constant("why"),
    advice: fc.constant("do it"),
    verification: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("finished" as const),
    path: PATH,
    size: AMOUNT,
    took: AMOUNT,
    sha256: fc.constant(null),
    alreadyThere: fc.boolean(),
  }),
  fc.record({ type: fc.constant("idle" as const) }),
);
