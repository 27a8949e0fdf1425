/**
 * A connected client as the display sees it. The members are live values that the display reads
 * when it needs them, so a session sends no notifications.
 *
 * @module
 */

/** One client that is connected. */
export interface ClientInfo {
  /** Its address and port. */
  readonly address: string;
  /** The time of its connection, as of `performance.now()`, in milliseconds. */
  readonly since: number;
  /** Bytes of files sent to it. */
  readonly bytesSent: number;
  /** The number of files that it has requested, or got parts of, just now. */
  readonly activeFiles: number;
}
