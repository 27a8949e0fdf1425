/**
 * What the priorities get of a line that they compete for. Pure.
 *
 * A chunk counts if more than one priority had something to ask for at the moment when it was asked
 * for, and once it has come: so this measures what arrives, not what the scheduler means.
 *
 * @module
 */
import type { Shares } from "../events.ts";
import { PRIORITIES, type Priority } from "../priority.ts";

interface Count {
  bytes: number;
  due: number;
}

/** A chunk that was asked for while priorities competed. */
export interface ContestedChunk {
  readonly priority: Priority;
  /** All that had something to ask for then. */
  readonly competing: readonly Priority[];
}

/** Measures shares. Times are in milliseconds. */
export class ShareMeter {
  readonly #weights: Readonly<Record<Priority, number>>;
  #span = new Span();
  readonly #whole = new Span();
  #competingSince: number | undefined;

  /** @param weights What each priority is due of what it competes for. */
  constructor(weights: Readonly<Record<Priority, number>>) {
    this.#weights = weights;
  }

  /** Notes which priorities have something to ask for, from now on. */
  competing(rivals: readonly Priority[], now: number): void {
    this.#addTime(now);
    this.#competingSince = rivals.length > 1 ? now : undefined;
  }

  /** Counts the bytes of a chunk that has come. */
  arrived({ priority, competing }: ContestedChunk, bytes: number): void {
    const weight = competing.reduce((sum, rival) => sum + this.#weights[rival], 0);
    for (const span of [this.#span, this.#whole]) {
      span.of(priority).bytes += bytes;
      for (const rival of competing) span.of(rival).due += bytes * this.#weights[rival] / weight;
    }
  }

  /** What was measured since this was called before; null if nothing was. */
  takeSpan(now: number): Shares | null {
    this.#addTime(now);
    const shares = this.#span.shares;
    this.#span = new Span();
    return shares;
  }

  /** What was measured in all; null if nothing was. */
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

class Span {
  took = 0;
  readonly #counts = new Map<Priority, Count>();

  of(priority: Priority): Count {
    let count = this.#counts.get(priority);
    if (!count) this.#counts.set(priority, count = { bytes: 0, due: 0 });
    return count;
  }

  get shares(): Shares | null {
    const bytes = this.#counts.values().reduce((sum, count) => sum + count.bytes, 0);
    if (bytes === 0) return null;
    const priorities = PRIORITIES.flatMap((priority) => {
      const count = this.#counts.get(priority);
      if (!count) return [];
      const { bytes: own, due } = count;
      return [{ priority, bytes: own, expectedShare: due / bytes, actualShare: own / bytes }];
    });
    return { took: this.took, bytes, priorities };
  }
}
