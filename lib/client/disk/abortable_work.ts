/**
 * Work on files that takes long and ends early if its file is released.
 *
 * @module
 */

/** The work on some files, one at a time for each. */
export class AbortableWork<F> {
  readonly #running = new Map<F, AbortController>();

  /** Runs work, whose signal is aborted by `abort`. */
  async run<T>(record: F, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const running = new AbortController();
    this.#running.set(record, running);
    try {
      return await work(running.signal);
    } finally {
      this.#running.delete(record);
    }
  }

  /** Aborts the work on a file, if there is any. */
  abort(record: F): void {
    this.#running.get(record)?.abort();
  }
}
