/**
 * The figures of a run's summary.
 *
 * Paths are kept only for files that are done, failed or fetched.
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

/** A received chunk. */
export interface ArrivedChunk {
  /** The download that it belongs to. */
  readonly download: object;
  readonly path: string;
  /** Bytes of the chunk. */
  readonly bytes: number;
  /** Bytes of the file on disk now, with the chunk. */
  readonly received: number;
  /** Null if no priorities competed when it was requested. */
  readonly contested: ContestedChunk | null;
}

/** Counts files and bytes. Times are in milliseconds. */
export class RunStats {
  readonly shares: ShareMeter;
  /** By path: whether it was complete before. */
  readonly #done = new Map<string, boolean>();
  readonly #failed = new Map<string, FailedFile>();
  readonly #fetched = new Set<string>();
  /** The peak received bytes of each download. */
  readonly #most = new WeakMap<object, number>();
  readonly #startedAt: number;
  #bytes = 0;
  #repeated = 0;
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** @param shares Measures the shares; `arrived` counts in it too. */
  constructor(shares: ShareMeter, now: number) {
    this.shares = shares;
    this.#startedAt = now;
  }

  /** Counts an event. */
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
        // A complete file stays done, even if it is no longer wanted.
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

  /** The figures so far. */
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
