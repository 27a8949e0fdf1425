/**
 * Throttles the events of positions and shares.
 *
 * @module
 */
import type { ClientEvent } from "../events.ts";
import type { ShareMeter } from "../schedule/share_meter.ts";

/** The interval of `progress` events, in milliseconds. */
const PROGRESS_MS = 100;
/** The interval of `shares` events, in milliseconds. */
const SHARES_MS = 5_000;

/** The position of a download. */
export interface Moving {
  readonly file: { readonly path: string };
  /** Bytes on disk now. */
  readonly received: number;
}

/** Emits the positions of downloads, and the shares of competing priorities. */
export class ProgressTeller {
  readonly #emit: (event: ClientEvent) => void;
  readonly #shares: ShareMeter;
  readonly #moved = new Set<Moving>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sharesToldAt = performance.now();

  constructor(emit: (event: ClientEvent) => void, shares: ShareMeter) {
    this.#emit = emit;
    this.#shares = shares;
  }

  /** Records that a download's position has changed, which is emitted soon. */
  moved(download: Moving): void {
    this.#moved.add(download);
    this.#timer ??= setTimeout(() => this.#tell(), PROGRESS_MS);
  }

  /** Drops a download's position without emitting it. */
  forget(download: Moving): void {
    this.#moved.delete(download);
  }

  /** Emits everything pending, and stops. */
  end(): void {
    this.#tell();
    this.#tellShares(performance.now());
  }

  #tell(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const files = Array.from(this.#moved, ({ file: { path }, received }) => ({ path, received }));
    this.#moved.clear();
    if (files.length > 0) this.#emit({ type: "progress", files });
    const now = performance.now();
    if (now - this.#sharesToldAt >= SHARES_MS) this.#tellShares(now);
  }

  #tellShares(now: number): void {
    this.#sharesToldAt = now;
    const shares = this.#shares.takeSpan(now);
    if (shares) this.#emit({ type: "shares", ...shares });
  }
}
