/**
 * How soon a file is begun again whose version has changed. Pure.
 *
 * A file that changes before it is complete waits 1 s, then twice as long each time, up to a minute;
 * so a file that is being written takes next to nothing of the line. One that was complete waits
 * only if it took long to complete: at most a tenth of the time is spent on it.
 *
 * @module
 */

/** The shortest and the longest pause. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** How often a file may change before it is complete. */
const MAX_CHANGES = 10;
/** The time from one beginning of a file to the next, in multiples of what completing it took. */
const REST = 10;

interface Beginning {
  /** How often the file has changed without becoming complete. */
  readonly changes: number;
  /** The pause before the beginning. */
  readonly pause: number;
  readonly at: number;
  /** How long it took to complete the file; null if it is not complete. */
  took: number | null;
}

/** Paces the beginnings of files that change. Times are in milliseconds. */
export class RestartPace {
  readonly #once: boolean;
  /** The last beginnings of files that have changed, by path. */
  readonly #last = new Map<string, Beginning>();

  /** @param once Whether files that keep changing are given up. */
  constructor(once: boolean) {
    this.#once = once;
  }

  /**
   * Takes a new version of a file.
   *
   * @param isUnderway Whether the file had begun and not ended.
   * @returns How long it waits; null if it is given up.
   */
  onChanged(path: string, isUnderway: boolean, now: number): number | null {
    const last = this.#last.get(path) ?? { changes: 0, pause: 0, at: -Infinity, took: null };
    if (this.#isGivenUp(last)) return null;
    const pause = isUnderway ? pauseUnderway(last, now) : pauseAtRest(last, now);
    const changes = isUnderway ? last.changes + 1 : 0;
    const next = { changes, pause, at: now + pause, took: null };
    this.#last.set(path, next);
    return this.#isGivenUp(next) ? null : pause;
  }

  /** Takes the end of a file. */
  onEnded(path: string, now: number): void {
    const last = this.#last.get(path);
    if (last) last.took = now - last.at;
  }

  /** Forgets a file that is not wanted any more. */
  forget(path: string): void {
    this.#last.delete(path);
  }

  #isGivenUp({ changes }: Beginning): boolean {
    return this.#once && changes >= MAX_CHANGES;
  }
}

function pauseUnderway({ pause, at }: Beginning, now: number): number {
  const next = clamped(2 * pause);
  const hasStayed = now - at >= next;
  return hasStayed ? FIRST_PAUSE_MS : next;
}

function pauseAtRest({ at, took }: Beginning, now: number): number {
  return Math.max(0, at + clamped(REST * (took ?? 0)) - now);
}

function clamped(pause: number): number {
  return Math.min(Math.max(pause, FIRST_PAUSE_MS), MAX_PAUSE_MS);
}
