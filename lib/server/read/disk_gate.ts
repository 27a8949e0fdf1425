/**
 * Calls that may wait for a disk: each occupies a thread of the system until the disk answers, and
 * there are few of them. So one disk gets only some, and no request waits for it without end.
 *
 * @module
 */
import { type Limiter, limiter } from "../../async/limiter.ts";
import { settledWithin } from "../../async/timeout.ts";
import { WireError } from "../../errors.ts";

/** How many threads one disk may occupy; Deno has 32. */
const MAX_THREADS = 12;
/** How long a request waits for a disk, in milliseconds. */
const PATIENCE_MS = 30_000;

/** A disk has not answered in time. */
export class DiskStalledError<T = unknown> extends WireError {
  /** The call's result, if the disk answers later; rejected if the call was never made. */
  readonly late: Promise<T>;

  constructor(late: Promise<T>) {
    super("read-failed", "The disk does not answer");
    this.late = late;
  }
}

/** The calls to one disk. */
export class DiskLane {
  readonly #limit: Limiter;
  readonly #patienceMs: number;

  constructor({ maxThreads = MAX_THREADS, patienceMs = PATIENCE_MS } = {}) {
    this.#limit = limiter(maxThreads);
    this.#patienceMs = patienceMs;
  }

  /**
   * Makes a call as soon as the disk may occupy one more thread.
   *
   * @throws {DiskStalledError} If it takes too long.
   */
  async run<T>(call: () => Promise<T>): Promise<T> {
    let isLate = false;
    const result = this.#limit(() => {
      if (isLate) throw new Error("The call is not needed any more");
      return call();
    });
    if (await settledWithin(result, this.#patienceMs)) return await result;
    isLate = true;
    throw new DiskStalledError(result);
  }
}

/** Calls something once nothing writes into a buffer any more, after a failed read. */
export function afterwards(error: unknown, call: () => void): void {
  if (error instanceof DiskStalledError) error.late.then(call, call);
  else call();
}
