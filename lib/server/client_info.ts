/**
 * A client as others may see it. What it says is looked up when it is asked for, so that nobody
 * who serves clients has to tell anybody anything.
 *
 * @module
 */

/** One client that is connected. */
export interface ClientInfo {
  /** Its address and port. */
  readonly address: string;
  /** When it came, on the clock of `performance.now`, in milliseconds. */
  readonly since: number;
  /** Bytes of files that were sent to it. */
  readonly bytesSent: number;
  /** How many files it is at. */
  readonly activeFiles: number;
}
