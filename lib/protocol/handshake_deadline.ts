/**
 * The deadline of a whole handshake, on both sides: a peer that sends byte by byte meets it too.
 *
 * @module
 */
import { ConnectionLostError, WireError } from "../errors.ts";
import type { Connection } from "./connection.ts";

/** How long a handshake may take in addition to the time for its bytes, in milliseconds. */
export const HANDSHAKE_MS = 10_000;
/** The rate at which the time for the handshake's bytes is counted, in bytes per millisecond. */
const MIN_BYTES_PER_MS = 16;

/**
 * Ends a connection with a `ConnectionLostError`, and sends the peer the ERROR `timeout`, unless
 * the deadline is disposed of in time: within 10 s, plus the time that the bytes so far take at the
 * slowest rate.
 *
 * @param since When the handshake began, as of `performance.now()`.
 * @param limitMs How long it may take in addition to its bytes, in milliseconds.
 */
export function handshakeDeadline(
  connection: Connection,
  since = performance.now(),
  limitMs = HANDSHAKE_MS,
): Disposable {
  let timer: ReturnType<typeof setTimeout>;
  const check = () => {
    const { received, sent } = connection.progress;
    const left = since + limitMs + (received + sent) / MIN_BYTES_PER_MS - performance.now();
    if (left > 0) {
      timer = setTimeout(check, left);
      return;
    }
    const message = `The handshake was not done within ${limitMs / 1000} s`;
    connection.refuse(new WireError("timeout", message), new ConnectionLostError(message));
  };
  check();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
