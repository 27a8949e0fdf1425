/**
 * Which files a client is at: those that it waits for something of, and those that it has just got
 * something of. On a long line a server has mostly answered all that has been asked.
 *
 * @module
 */

/** How long a file counts after something of it was sent, in milliseconds. */
const RECENT_MS = 3_000;

/** The most files that are remembered; the oldest ones are forgotten. */
const MAX_REMEMBERED = 1_000;

/** The files of one client. Times are in milliseconds. */
export class ActiveFiles {
  /** When something was sent last, by path; the oldest first. */
  readonly #sent = new Map<string, number>();

  /** Something of a file was sent. */
  sent(path: string, now: number): void {
    this.#sent.delete(path);
    this.#sent.set(path, now);
    if (this.#sent.size <= MAX_REMEMBERED) return;
    const [oldest = ""] = this.#sent.keys();
    this.#sent.delete(oldest);
  }

  /** A file was sent to its end. */
  ended(path: string): void {
    this.#sent.delete(path);
  }

  /**
   * How many files the client is at.
   *
   * @param awaited The files that it waits for something of.
   */
  count(awaited: Iterable<string>, now: number): number {
    for (const [path, at] of this.#sent) {
      if (now - at <= RECENT_MS) break;
      this.#sent.delete(path);
    }
    let more = 0;
    for (const path of new Set(awaited)) if (!this.#sent.has(path)) more++;
    return this.#sent.size + more;
  }
}
