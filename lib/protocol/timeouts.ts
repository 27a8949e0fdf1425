/**
 * How long to wait for a peer.
 *
 * @module
 */

/** How long a connection waits, in milliseconds. */
export interface Patience {
  /** Without anything received: send a PING. */
  readonly pingAfter: number;
  /** Without anything received: the connection is dead. */
  readonly deadAfter: number;
  /** Without any byte accepted by a peer that is being written to: the connection is dead. */
  readonly stalledAfter: number;
}

/** The patience that the specification asks for. */
export const DEFAULT_PATIENCE: Patience = {
  pingAfter: 15_000,
  deadAfter: 45_000,
  stalledAfter: 60_000,
};
