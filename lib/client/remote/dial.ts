/**
 * Connecting to a host by any of its addresses.
 *
 * @module
 */
import { ConnectionLostError, messageOf } from "../../errors.ts";
import { HANDSHAKE_MS } from "../../protocol/handshake_deadline.ts";
import { addressesOf, lookupFailure } from "../../protocol/host_lookup.ts";
import type { ServerAddress } from "./server_address.ts";

/** How long an address is tried alone before the next one is tried, too, in milliseconds. */
const NEXT_ADDRESS_MS = 250;

/**
 * Connects to the first address of a host that accepts, within 10 s.
 *
 * @param signal Aborts the attempt.
 * @throws {NoSuchHostError} If there is no such host.
 * @throws {Error} If no address accepts; the message gives each reason with its addresses.
 */
export async function dial(
  { hostname, port }: ServerAddress,
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const late = new ConnectionLostError(`No answer within ${HANDSHAKE_MS / 1000} s`);
  const timer = setTimeout(() => reject(late), HANDSHAKE_MS);
  const interrupt = () => reject(new ConnectionLostError("Interrupted"));
  signal.addEventListener("abort", interrupt);
  let addresses = [hostname];
  const failures = new Map<string, unknown>();
  try {
    addresses = await Promise.race([addressesOf(hostname), ended]);
    const connect = (address: string) => Deno.connect({ hostname: address, port });
    return await connectToAny(addresses, connect, failures, ended);
  } catch (error) {
    if (addresses[0] !== hostname) throw failureOf(addresses, failures, error);
    throw lookupFailure(hostname, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}

/**
 * Connects to the first of several addresses that accepts. One that fails makes way for the next at
 * once; one that is silent is tried along with the next. Later connections are closed.
 *
 * @param addresses At least one.
 * @param connect Connects to one of them.
 * @param failures Receives the reason of each address that fails.
 * @param ended Is rejected to end the attempt.
 * @param nextMs How long an address is tried alone, in milliseconds.
 * @throws {Error} The reason of the last failure, or of `ended`.
 */
export async function connectToAny<C extends { close(): void }>(
  addresses: readonly string[],
  connect: (address: string) => Promise<C>,
  failures: Map<string, unknown>,
  ended: Promise<never>,
  nextMs: number = NEXT_ADDRESS_MS,
): Promise<C> {
  const { promise: connected, resolve, reject } = Promise.withResolvers<C>();
  let tried = 0;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tryNext = () => {
    clearTimeout(timer);
    if (isOver || tried === addresses.length) return;
    const address = addresses[tried++]!;
    timer = setTimeout(tryNext, nextMs);
    connect(address).then((conn) => {
      if (isOver) conn.close();
      isOver = true;
      resolve(conn);
    }, (error) => {
      failures.set(address, error);
      if (failures.size === addresses.length) reject(error);
      else tryNext();
    });
  };
  tryNext();
  try {
    return await Promise.race([connected, ended]);
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

/**
 * The error for addresses none of which accepted.
 *
 * @param failures The reasons of those that failed.
 * @param reason The reason for all others.
 */
export function failureOf(
  addresses: readonly string[],
  failures: ReadonlyMap<string, unknown>,
  reason: unknown,
): ConnectionLostError {
  const byReason = Map.groupBy(
    addresses,
    (address) => messageOf(failures.has(address) ? failures.get(address) : reason),
  );
  const reasons = [...byReason].map(([reason, tried]) => `${tried.join(", ")}: ${reason}`);
  return new ConnectionLostError(`tried ${reasons.join("; ")}`, { cause: reason });
}
