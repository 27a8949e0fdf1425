/**
 * What moves, told as often as is of use and no oftener.
 *
 * @module
 */
import type { ClientEvent } from "../events.ts";
import type { ShareMeter } from "../schedule/share_meter.ts";

/** How often positions are told, in milliseconds. */
const PROGRESS_MS = 100;
/** How often shares are told, in milliseconds. */
const SHARES_MS = 5_000;

/** A download, as far as its position goes. */
export interface Moving {
  readonly file: { readonly path: string };
  /** Bytes that are here. */
  readonly received: number;
}

/** Tells positions of what moves, and shares of what competes. */
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

  /** Notes that a download has moved: its position is told soon. */
  moved(download: Moving): void {
    this.#moved.add(download);
    this.#timer ??= setTimeout(() => this.#tell(), PROGRESS_MS);
  }

  /** Notes that a download's position is of no interest any more. */
  forget(download: Moving): void {
    this.#moved.delete(download);
  }

  /** Tells all that there is to tell, and ends. */
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
