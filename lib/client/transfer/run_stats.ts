/**
 * What a run adds up to: the numbers of its summary.
 *
 * Paths are kept of files that are done or failed, nothing of the others.
 *
 * @module
 */
import type { ClientEvent, FailedFile, Summary } from "../events.ts";
import { type ContestedChunk, ShareMeter } from "../schedule/share_meter.ts";

/** The part of a summary that can be counted while a run goes on. */
export type RunStatsSummary = Pick<
  Summary,
  "done" | "alreadyThere" | "failed" | "bytes" | "repeated" | "took" | "activeTime" | "shares"
>;

/** A chunk that came. */
export interface ArrivedChunk {
  /** The download that it is of. */
  readonly download: object;
  readonly path: string;
  /** Bytes that came. */
  readonly bytes: number;
  /** Bytes of the file that are here now. */
  readonly received: number;
  /** Null if nobody competed when it was asked for. */
  readonly contested: ContestedChunk | null;
}

/** Counts. Times are in milliseconds. */
export class RunStats {
  readonly shares: ShareMeter;
  /** By path: whether it was complete before. */
  readonly #done = new Map<string, boolean>();
  readonly #failed = new Map<string, FailedFile>();
  readonly #fetched = new Set<string>();
  /** The most bytes of a download that were here at any time. */
  readonly #most = new WeakMap<object, number>();
  readonly #startedAt: number;
  #bytes = 0;
  #repeated = 0;
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** @param shares Measures the shares; a tally of its own is in it. */
  constructor(shares: ShareMeter, now: number) {
    this.shares = shares;
    this.#startedAt = now;
  }

  /** Takes in an event. */
  note(event: ClientEvent, now: number): void {
    switch (event.type) {
      case "queued":
      case "refetching":
        this.#activeSince ??= now;
        this.#done.delete(event.path);
        this.#failed.delete(event.path);
        return;
      case "finished":
        this.#done.set(event.path, event.alreadyThere && !this.#fetched.has(event.path));
        return;
      case "failed": {
        const { path, reason, advice } = event;
        this.#failed.set(path, { path, reason, advice });
        return;
      }
      case "dropped":
        // What is complete has been done, whether it is wanted any more or not.
        this.#failed.delete(event.path);
        return;
      case "idle":
        this.#activeBefore = this.#activeTime(now);
        this.#activeSince = null;
    }
  }

  /** Counts a chunk. */
  arrived({ download, path, bytes, received, contested }: ArrivedChunk): void {
    const most = this.#most.get(download) ?? received - bytes;
    this.#bytes += bytes;
    this.#repeated += bytes - Math.max(0, Math.min(bytes, received - most));
    this.#most.set(download, Math.max(most, received));
    this.#fetched.add(path);
    if (contested) this.shares.arrived(contested, bytes);
  }

  /** What there is to say now. */
  summary(now: number): RunStatsSummary {
    return {
      done: this.#done.size,
      alreadyThere: this.#done.values().filter((alreadyThere) => alreadyThere).toArray().length,
      failed: [...this.#failed.values()],
      bytes: this.#bytes,
      repeated: this.#repeated,
      took: now - this.#startedAt,
      activeTime: this.#activeTime(now),
      shares: this.shares.whole(now),
    };
  }

  #activeTime(now: number): number {
    return this.#activeBefore + (this.#activeSince === null ? 0 : now - this.#activeSince);
  }
}
