/**
 * The files that a client is downloading: those with open requests, and those of which a part was
 * sent just now. On a line with a long round-trip most requests are answered already.
 *
 * @module
 */

/** How long a file counts after a part of it was sent, in milliseconds. */
const RECENT_MS = 3_000;

/** How many files are remembered; the oldest ones are dropped. */
const MAX_REMEMBERED = 1_000;

/** The active files of one client. Times are in milliseconds. */
export class ActiveFiles {
  /** The time of the last sent part by path; the oldest first. */
  readonly #sent = new Map<string, number>();

  /** Records that a part of a file was sent. */
  sent(path: string, now: number): void {
    this.#sent.delete(path);
    this.#sent.set(path, now);
    if (this.#sent.size <= MAX_REMEMBERED) return;
    const [oldest = ""] = this.#sent.keys();
    this.#sent.delete(oldest);
  }

  /** Records that a file was sent to its end. */
  ended(path: string): void {
    this.#sent.delete(path);
  }

  /**
   * The number of active files.
   *
   * @param awaited The files that open requests are about.
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
