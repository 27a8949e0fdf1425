/**
 * Detects a server that is alive, as its PONGs show, but answers no requests.
 *
 * @module
 */
import { ConnectionLostError } from "../../errors.ts";
import type { Connection } from "../../protocol/connection.ts";

/** Received bytes that count as progress of a response. */
const MIN_PROGRESS = 4_096;

/** Fails a connection on which chunks are requested and none is received. */
export class StallDetector implements Disposable {
  readonly #connection: Connection;
  readonly #isWaiting: () => boolean;
  readonly #timeoutMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  #since = performance.now();
  #received = 0;

  /**
   * @param isWaiting Whether a request for a chunk is open.
   * @param timeoutMs The longest time without progress, in milliseconds.
   */
  constructor(connection: Connection, isWaiting: () => boolean, timeoutMs: number) {
    this.#connection = connection;
    this.#isWaiting = isWaiting;
    this.#timeoutMs = timeoutMs;
    this.#timer = setInterval(() => this.#check(), timeoutMs / 10);
  }

  /** Must be called when a request for a chunk is answered, with any response. */
  answered(): void {
    this.#since = performance.now();
    this.#received = this.#connection.progress.received;
  }

  /** Must be called when another message was received: its bytes are no progress of a response. */
  discount(bytes: number): void {
    this.#received = Math.min(this.#received + bytes, this.#connection.progress.received);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    const { received } = this.#connection.progress;
    if (!this.#isWaiting() || received - this.#received >= MIN_PROGRESS) return this.answered();
    if (performance.now() - this.#since < this.#timeoutMs) return;
    const seconds = this.#timeoutMs / 1000;
    this.#connection.fail(new ConnectionLostError(`The server has not answered for ${seconds} s`));
  }
}
