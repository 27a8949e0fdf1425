/**
 * Notices a server that lives, as its PONGs say, and answers nothing.
 *
 * @module
 */
import { ConnectionLostError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";

/** Fewer bytes than this are no part of an answer worth waiting for. */
const TRICKLE = 4_096;

/** Ends a connection on which chunks are asked for, and none comes. */
export class StallDetector implements Disposable {
  readonly #connection: Connection;
  readonly #isWaiting: () => boolean;
  readonly #within: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #since = performance.now();
  #received = 0;

  /**
   * @param isWaiting Whether a chunk is being asked for.
   * @param within How long nothing may come, in milliseconds.
   */
  constructor(connection: Connection, isWaiting: () => boolean, within: number) {
    this.#connection = connection;
    this.#isWaiting = isWaiting;
    this.#within = within;
    this.#timer = setInterval(() => this.#check(), within / 10);
  }

  /** Must be called when a request for a chunk is answered, however little the answer is. */
  answered(): void {
    this.#since = performance.now();
    this.#received = this.#connection.progress.received;
  }

  /** Must be called when something else has come: so many bytes are no part of an answer. */
  discount(bytes: number): void {
    this.#received = Math.min(this.#received + bytes, this.#connection.progress.received);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { received } = this.#connection.progress;
    if (!this.#isWaiting() || received - this.#received >= TRICKLE) return this.answered();
    if (performance.now() - this.#since < this.#within) return;
    const seconds = this.#within / 1000;
    this.#connection.fail(new ConnectionLostError(`The server answered nothing for ${seconds} s`));
  }
}
