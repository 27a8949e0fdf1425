/**
 * How long a connection waits for its peer.
 *
 * @module
 */

/** The timeouts of a connection, in milliseconds. */
export interface Timeouts {
  /** After so long without a received byte, a PING is sent. */
  readonly pingAfterMs: number;
  /** After so long without a received byte, the connection counts as lost. */
  readonly deadAfterMs: number;
  /** After so long without progress of a pending write, the connection counts as lost. */
  readonly writeStallMs: number;
  /** After so long, a message that has begun to arrive must be complete. */
  readonly messageMs: number;
}

/** The timeouts that the protocol specifies. */
export const DEFAULT_TIMEOUTS: Timeouts = {
  pingAfterMs: 15_000,
  deadAfterMs: 45_000,
  writeStallMs: 60_000,
  messageMs: 60_000,
};
