/**
 * Lines on their way to an output that may be slow, stopped or unread: a pipe that nobody reads, a
 * terminal after Ctrl+S. They are written in the background, so that nothing waits for the output.
 *
 * @module
 */
import { settledWithin } from "../async/timeout.ts";
import type { BackgroundOutput, Output } from "./write_text.ts";

/** How long a line waits for further lines, to be written with them, in milliseconds. */
const DELAY_MS = 20;
/** How much is written at once, in bytes; it shows how fast the output takes it. */
const MAX_WRITE = 16 * 1024;
/** The most pieces that wait. */
const MAX_PIECES = 10_000;
/** How often an output that has no room for now is tried, in milliseconds. */
const RETRY_MS = 50;
/** How long the end waits for an output that takes nothing, and in all, in milliseconds. */
const END = { idleMs: 1_000, totalMs: 5_000 };
const LINE_END = 10;

/** Options of an {@linkcode OutputQueue}. */
export interface OutputQueueOptions {
  /** How many bytes may wait. @default {1 MiB} */
  readonly maxBytes?: number;
  /** The line, without its end, that says how many lines were dropped in its place. */
  readonly dropped: (lines: number) => string;
}

/**
 * A bounded queue before an output. If lines do not fit, the oldest are dropped and counted, since
 * the last ones tell the result; a line in their place says how many. If the output is closed, all
 * lines are dropped.
 */
export class OutputQueue implements Output {
  readonly #output: Pick<BackgroundOutput, "write">;
  readonly #maxBytes: number;
  readonly #droppedLine: (lines: number) => string;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  #wake = () => {};
  /** Grows with every byte that the output takes. */
  #written = 0;
  #isBroken = false;

  constructor(output: Pick<BackgroundOutput, "write">, options: OutputQueueOptions) {
    this.#output = output;
    this.#maxBytes = options.maxBytes ?? 2 ** 20;
    this.#droppedLine = options.dropped;
  }

  /** Takes whole lines, which must not change any more; returns their length at once. */
  writeSync(bytes: Uint8Array): number {
    if (this.#isBroken) return bytes.length;
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    while (this.#isFull) this.#dropOldest();
    this.#writing ??= this.#writeAll();
    return bytes.length;
  }

  /**
   * Resolves when the output has taken all lines, when it is closed, or when it has taken nothing
   * for a second; after 5 s in any case.
   */
  async end(): Promise<void> {
    this.#wake();
    const until = performance.now() + END.totalMs;
    for (let before = -1; before !== this.#written && performance.now() < until;) {
      before = this.#written;
      if (!this.#writing || await settledWithin(this.#writing, END.idleMs)) return;
    }
    this.#isBroken = true;
    this.#pieces = [];
  }

  /** Whether there is too much, apart from the newest piece. */
  get #isFull(): boolean {
    const { length } = this.#pieces;
    return length > 1 && (length > MAX_PIECES || this.#bytes > this.#maxBytes);
  }

  #dropOldest(): void {
    const piece = this.#pieces.shift()!;
    this.#bytes -= piece.length;
    for (const byte of piece) if (byte === LINE_END) this.#dropped++;
  }

  /** Writes until nothing waits; never rejects. */
  async #writeAll(): Promise<void> {
    await this.#pause(DELAY_MS);
    while (this.#pieces.length > 0 && !this.#isBroken) {
      const bytes = this.#take();
      for (let at = 0; at < bytes.length && !this.#isBroken;) {
        at += await this.#writeSome(bytes.subarray(at, at + MAX_WRITE));
      }
    }
    this.#writing = undefined;
  }

  /** Takes the next pieces, behind the line about those that were dropped before them. */
  #take(): Uint8Array {
    const pieces: Uint8Array[] = [];
    if (this.#dropped > 0) {
      pieces.push(new TextEncoder().encode(`${this.#droppedLine(this.#dropped)}\n`));
    }
    this.#dropped = 0;
    for (let taken = 0; this.#pieces.length > 0 && taken < MAX_WRITE;) {
      const piece = this.#pieces.shift()!;
      pieces.push(piece);
      taken += piece.length;
      this.#bytes -= piece.length;
    }
    return joined(pieces);
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    try {
      const written = await this.#output.write(bytes);
      this.#written += written;
      if (written > 0) return written;
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) {
        await this.#pause(RETRY_MS);
        return 0;
      }
    }
    this.#isBroken = true;
    this.#pieces = [];
    return 0;
  }

  /** Waits, but not when the end is near. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
