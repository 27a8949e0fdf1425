/**
 * The one deadline of a handshake, the same on both sides: however the peer trickles, it ends.
 *
 * @module
 */
import { ConnectionLostError, WireError } from "../errors.ts";
import type { Connection } from "./connection.ts";

/** How long a handshake may take besides what its bytes take, in milliseconds. */
export const HANDSHAKE_MS = 10_000;
/** The slowest line that a long list still comes through, in bytes per millisecond. */
const SLOWEST_LINE = 16;

/**
 * Ends a connection with a `ConnectionLostError`, and the peer is told `timeout`, unless it is
 * disposed of in time: 10 s, and as long as the bytes so far take on the slowest line.
 *
 * @param since When the handshake began, as of `performance.now()`.
 * @param within How long it may take besides its bytes, in milliseconds.
 */
export function handshakeDeadline(
  connection: Connection,
  since = performance.now(),
  within = HANDSHAKE_MS,
): Disposable {
  let timer: ReturnType<typeof setTimeout>;
  const check = () => {
    const { received, sent } = connection.traffic;
    const left = since + within + (received + sent) / SLOWEST_LINE - performance.now();
    if (left > 0) {
      timer = setTimeout(check, left);
      return;
    }
    const words = `The handshake was not done within ${within / 1000} s`;
    connection.refuse(new WireError("timeout", words), new ConnectionLostError(words));
  };
  check();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
