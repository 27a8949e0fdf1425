/**
 * The bound on the files that one thread has open: those that are kept open for the next chunk, and
 * those of actions that take time, such as flushes.
 *
 * A system's limit can be as low as 256 (macOS), and Deno does not say it. So the bound is low enough
 * for that, for the main thread and the Worker together; where even that is too much, it is halved.
 * A few files that have just been renamed are open beside them until their places are proven.
 *
 * @module
 */
import { Queue } from "../../async/queue.ts";
import { isOutOfDescriptors } from "../../fs/out_of_descriptors.ts";

/** The most files that one thread has open, at first and at the lowest limit. */
const MAX_OPEN_FILES = 96;
const MIN_OPEN_FILES = 8;
/** The most files that an action opens at once: data and journal, or the data twice. */
const FILES_PER_ACTION = 2;
/** The part of the bound that actions may take; the rest stays for the files that are kept open. */
const ACTIONS_SHARE = 2 / 3;
/** The pauses of an action that lacks descriptors, in milliseconds: doubled up to the longest. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;

/** Limits the files that are open, and waits for descriptors. */
export class OpenLimit {
  readonly #trim: () => void;
  #max = MAX_OPEN_FILES;
  #running = 0;
  #loweredAt = -Infinity;
  readonly #waiting = new Queue<() => void>();

  /** @param trim Closes the files that are kept open beyond `kept`. */
  constructor(trim: () => void) {
    this.#trim = trim;
  }

  /** How many files may be kept open now. */
  get kept(): number {
    return Math.max(MIN_OPEN_FILES / 2, this.#max - this.#running * FILES_PER_ACTION);
  }

  /**
   * Runs an action as soon as the bound allows, and again as long as it fails for a lack of
   * descriptors: it must be possible to run it twice.
   */
  async run<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#maxActions) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    this.#trim();
    try {
      return await this.#untilItHasDescriptors(action);
    } finally {
      this.#running--;
      if (this.#running < this.#maxActions) this.#waiting.shift()?.();
    }
  }

  /** Halves the bound, after a call has failed for a lack of descriptors. */
  lower(): void {
    const now = performance.now();
    // Calls that fail together count once.
    if (now - this.#loweredAt >= MIN_PAUSE_MS) {
      this.#loweredAt = now;
      this.#max = Math.max(MIN_OPEN_FILES, Math.floor(this.#max / 2));
    }
    this.#trim();
  }

  get #maxActions(): number {
    return Math.max(1, Math.floor(this.#max * ACTIONS_SHARE / FILES_PER_ACTION));
  }

  async #untilItHasDescriptors<T>(action: () => Promise<T>): Promise<T> {
    for (let pause = MIN_PAUSE_MS;; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
      try {
        return await action();
      } catch (error) {
        if (!isOutOfDescriptors(error)) throw error;
      }
      this.lower();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
