/**
 * The requests of a connection that have no response yet, bounded in number.
 *
 * @module
 */

/** The open requests of one connection. */
export class OpenRequests {
  readonly #limit: number;
  /** The file of each request, by id. */
  readonly #paths = new Map<number, string | null>();
  #roomMade = () => {};
  #emptied: (() => void)[] = [];

  /** @param limit How many may be open; further requests wait, and so the client does. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether a request is open. */
  has(id: number): boolean {
    return this.#paths.has(id);
  }

  /** The files that open requests are about, with duplicates. */
  get paths(): Iterable<string> {
    return this.#paths.values().filter((path) => path !== null);
  }

  /**
   * Opens a request as soon as the limit allows. One caller at a time.
   *
   * @param path The file that it is about, or null if it is malformed.
   */
  async enter(id: number, path: string | null = null): Promise<void> {
    await this.roomMade();
    this.add(id, path);
  }

  /** Whether another request may be opened. */
  get hasRoom(): boolean {
    return this.#paths.size < this.#limit;
  }

  /** Resolves when another request may be opened. One caller at a time. */
  async roomMade(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => this.#roomMade = resolve);
  }

  /** Opens a request for which there is room. */
  add(id: number, path: string | null): void {
    this.#paths.set(id, path);
  }

  /** Closes a request whose response is sent. */
  leave(id: number): void {
    this.#paths.delete(id);
    this.#roomMade();
    if (this.#paths.size === 0) { for (const resolve of this.#emptied.splice(0)) resolve(); }
  }

  /** Closes all requests, when no response can be sent any more. */
  clear(): void {
    for (const id of [...this.#paths.keys()]) this.leave(id);
  }

  /** Whether no request is open. */
  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  /** Resolves when no request is open. */
  get allAnswered(): Promise<void> {
    if (this.isEmpty) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }
}
