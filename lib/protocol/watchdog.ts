/**
 * What the times of a connection mean: when to send a PING, and when the peer is lost. Pure.
 *
 * @module
 */
import type { Side } from "./message.ts";
import type { Timeouts } from "./timeouts.ts";

/**
 * The slowest line on which a server's messages may take longer, in bytes per millisecond: lists
 * and chunks are large. A client's messages are small on any line.
 */
const SLOWEST_LINE = 4;

/** The times of a connection, in milliseconds, and its reading. */
export interface ConnectionTimes {
  readonly now: number;
  /** How long the pending read has waited. */
  readonly silenceMs: number;
  /** How long the pending write has made no progress. */
  readonly stallMs: number;
  /** How many messages have been read. */
  readonly messages: number;
  /** How many bytes of the next message are there; 0 if nobody waits for more of it. */
  readonly begunBytes: number;
}

/** What to do about a connection. */
export type Finding =
  | { readonly type: "fine" }
  | { readonly type: "ping" }
  /** The peer is too slow; `isReading` if it may still read the reason. */
  | { readonly type: "lost"; readonly reason: string; readonly isReading: boolean };

/** Judges one connection, at intervals that are short beside its timeouts. */
export class Watchdog {
  readonly #timeouts: Timeouts;
  readonly #peer: Side;
  #pinged = false;
  /** The message that has begun to arrive, and when that was seen. */
  #begun: { readonly message: number; readonly since: number } | undefined;

  /** @param peer The side whose messages are received. */
  constructor(timeouts: Timeouts, peer: Side) {
    this.#timeouts = timeouts;
    this.#peer = peer;
  }

  /** What the times mean now. A PING is to be sent once for each silence. */
  check(times: ConnectionTimes): Finding {
    const { pingAfterMs, deadAfterMs, writeStallMs, messageMs } = this.#timeouts;
    const { silenceMs, stallMs } = times;
    if (silenceMs < pingAfterMs) this.#pinged = false;
    if (silenceMs >= deadAfterMs) {
      const reason = `Nothing was received for ${deadAfterMs / 1000} s`;
      return { type: "lost", reason, isReading: true };
    }
    if (stallMs >= writeStallMs) {
      const reason = `The peer read nothing for ${writeStallMs / 1000} s`;
      return { type: "lost", reason, isReading: false };
    }
    if (this.#isOverdue(times)) {
      const reason = `A message was not complete within ${messageMs / 1000} s`;
      return { type: "lost", reason, isReading: true };
    }
    if (silenceMs < pingAfterMs || this.#pinged) return { type: "fine" };
    this.#pinged = true;
    return { type: "ping" };
  }

  #isOverdue({ now, messages, begunBytes }: ConnectionTimes): boolean {
    if (begunBytes === 0) this.#begun = undefined;
    else if (this.#begun?.message !== messages) this.#begun = { message: messages, since: now };
    if (!this.#begun) return false;
    const allowance = this.#peer === "server" ? begunBytes / SLOWEST_LINE : 0;
    return now - this.#begun.since >= this.#timeouts.messageMs + allowance;
  }
}
