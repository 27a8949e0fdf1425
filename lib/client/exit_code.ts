/**
 * The client's exit codes. Pure.
 *
 * @module
 */

/** How a run ended. */
export interface Outcome {
  /** Files that failed their verification. */
  readonly unverified: number;
  /** Files that failed otherwise. */
  readonly failed: number;
  /** Names of `input.txt` that are not on the server, and names that were refused. */
  readonly unfound: number;
  /** Files that were on their way. */
  readonly underway: number;
  /** Whether the server could not be reached (any more). */
  readonly unreachable: boolean;
  /** Whether the user ended it. */
  readonly interrupted: boolean;
}

/** All done. */
export const EXIT_DONE = 0;
/** Some file failed, or was never found. */
export const EXIT_FAILED = 1;
/** The server cannot be reached or logged in to. */
export const EXIT_UNREACHABLE = 3;
/** A file failed its verification. */
export const EXIT_UNVERIFIED = 4;
/** Interrupted with files unfinished: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** The exit code of a run: the worst thing that happened. */
export function exitCodeOf(outcome: Outcome): number {
  const { unverified, failed, unfound, underway, unreachable, interrupted } = outcome;
  if (unverified > 0) return EXIT_UNVERIFIED;
  if (interrupted && underway > 0) return EXIT_INTERRUPTED;
  if (unreachable) return EXIT_UNREACHABLE;
  return failed + unfound > 0 ? EXIT_FAILED : EXIT_DONE;
}
