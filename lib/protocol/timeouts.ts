/**
 * How long to wait for a peer.
 *
 * @module
 */

/** How long a connection waits, in milliseconds. */
export interface Timeouts {
  /** Without anything received: send a PING. */
  readonly pingAfterMs: number;
  /** Without anything received: the connection is dead. */
  readonly deadAfterMs: number;
  /** Without any byte accepted by a peer that is being written to: the connection is dead. */
  readonly writeStallMs: number;
}

/** The timeouts that the specification asks for. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  pingAfterMs: 15_000,
  deadAfterMs: 45_000,
  writeStallMs: 60_000,
};
