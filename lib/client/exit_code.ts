/**
 * The client's exit codes. Pure.
 *
 * @module
 */

/** How a run ended. */
export interface Outcome {
  /** Files that failed their verification. */
  readonly unverified: number;
  /** Files that failed for another reason. */
  readonly failed: number;
  /** Names of `input.txt` that match no file of the server, and refused files. */
  readonly unfound: number;
  /** Lines of `input.txt` that were not understood, in a run that ends by itself. */
  readonly misread: number;
  /** Files that were neither complete nor failed. */
  readonly underway: number;
  /** Whether the client gave up connecting. */
  readonly unreachable: boolean;
  /** Whether the user interrupted the run. */
  readonly interrupted: boolean;
}

/** Everything is done. */
export const EXIT_DONE = 0;
/** A file failed, or was never found. */
export const EXIT_FAILED = 1;
/** A line of the input list was not understood; the rest of it was tried. */
export const EXIT_MISREAD = 2;
/** The server cannot be reached or logged in to. */
export const EXIT_UNREACHABLE = 3;
/** A file failed its verification. */
export const EXIT_UNVERIFIED = 4;
/** Interrupted with files unfinished: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** The exit code of a run, for the worst that happened. */
export function exitCodeOf(outcome: Outcome): number {
  const { unverified, failed, unfound, misread, underway, unreachable, interrupted } = outcome;
  if (unverified > 0) return EXIT_UNVERIFIED;
  if (interrupted && underway > 0) return EXIT_INTERRUPTED;
  if (unreachable) return EXIT_UNREACHABLE;
  if (misread > 0) return EXIT_MISREAD;
  return failed + unfound > 0 ? EXIT_FAILED : EXIT_DONE;
}
