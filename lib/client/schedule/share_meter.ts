/**
 * The shares that competing priorities receive. Pure.
 *
 * A chunk counts if more than one priority had chunks to request when it was requested, and once it
 * was received: this measures what arrives, not what the scheduler intends.
 *
 * @module
 */
import type { Shares } from "../events.ts";
import { PRIORITIES, type Priority } from "../priority.ts";

interface Count {
  bytes: number;
  expected: number;
}

/** A chunk that was requested while priorities competed. */
export interface ContestedChunk {
  readonly priority: Priority;
  /** All priorities that had chunks to request then. */
  readonly competing: readonly Priority[];
}

/** Measures shares. Times are in milliseconds. */
export class ShareMeter {
  readonly #weights: Readonly<Record<Priority, number>>;
  #span = new Span();
  readonly #whole = new Span();
  #competingSince: number | undefined;

  /** @param weights The weight of each priority. */
  constructor(weights: Readonly<Record<Priority, number>>) {
    this.#weights = weights;
  }

  /** Records which priorities have chunks to request from now on. */
  competing(priorities: readonly Priority[], now: number): void {
    this.#addTime(now);
    this.#competingSince = priorities.length > 1 ? now : undefined;
  }

  /** Counts the bytes of a received chunk. */
  arrived({ priority, competing }: ContestedChunk, bytes: number): void {
    const weight = competing.reduce((sum, other) => sum + this.#weights[other], 0);
    for (const span of [this.#span, this.#whole]) {
      span.of(priority).bytes += bytes;
      for (const other of competing) {
        span.of(other).expected += bytes * this.#weights[other] / weight;
      }
    }
  }

  /** The shares since the previous call; null if no chunk counted. */
  takeSpan(now: number): Shares | null {
    this.#addTime(now);
    const shares = this.#span.shares;
    this.#span = new Span();
    return shares;
  }

  /** The shares of the whole run; null if no chunk counted. */
  whole(now: number): Shares | null {
    this.#addTime(now);
    return this.#whole.shares;
  }

  #addTime(now: number): void {
    if (this.#competingSince === undefined) return;
    for (const span of [this.#span, this.#whole]) span.took += now - this.#competingSince;
    this.#competingSince = now;
  }
}

/** The counts of one span of time. */
class Span {
  took = 0;
  readonly #counts = new Map<Priority, Count>();

  of(priority: Priority): Count {
    let count = this.#counts.get(priority);
    if (!count) this.#counts.set(priority, count = { bytes: 0, expected: 0 });
    return count;
  }

  get shares(): Shares | null {
    const bytes = this.#counts.values().reduce((sum, count) => sum + count.bytes, 0);
    if (bytes === 0) return null;
    const priorities = PRIORITIES.flatMap((priority) => {
      const count = this.#counts.get(priority);
      if (!count) return [];
      const { bytes: own, expected } = count;
      return [{ priority, bytes: own, expectedShare: expected / bytes, actualShare: own / bytes }];
    });
    return { took: this.took, bytes, priorities };
  }
}
