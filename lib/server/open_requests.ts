/**
 * Which requests of a connection have no answer yet, bounded.
 *
 * @module
 */

/** The open requests of one connection. */
export class OpenRequests {
  readonly #limit: number;
  readonly #ids = new Set<number>();
  #roomMade = () => {};
  #emptied: (() => void)[] = [];

  /** @param limit How many may be open; who comes then waits, and the client with it. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a request has no answer yet. */
  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** Opens a request, once there is room. One caller at a time. */
  async enter(id: number): Promise<void> {
    while (this.#ids.size >= this.#limit) {
      await new Promise<void>((resolve) => this.#roomMade = resolve);
    }
    this.#ids.add(id);
  }

  /** Closes a request: its answer is sent. */
  leave(id: number): void {
    this.#ids.delete(id);
    this.#roomMade();
    if (this.#ids.size === 0) { for (const resolve of this.#emptied.splice(0)) resolve(); }
  }

  /** Closes all requests: nothing can be answered any more. */
  clear(): void {
    for (const id of [...this.#ids]) this.leave(id);
  }

  /** Whether no request is open. */
  get isEmpty(): boolean {
    return this.#ids.size === 0;
  }

  /** Resolves when no request is open. */
  get allAnswered(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }
}
