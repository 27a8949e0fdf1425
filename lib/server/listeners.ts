/**
 * Listening on all addresses of a host.
 *
 * @module
 */
import { codeOf } from "../errors.ts";
import { addressesOf, lookupFailure } from "../protocol/host_lookup.ts";

/** How often a free port of the first address is tried on the others. */
const PORT_TRIES = 10;

/** Listens on one address; `Deno.listen`. */
export type Listen<L> = (address: { hostname: string; port: number }) => L;

/** The part of a listener that matters here. */
interface Closable {
  readonly addr: { readonly port: number };
  close(): void;
}

/**
 * Listens on all addresses of a host that this machine has, on one port.
 *
 * @param port 0 picks a free one.
 * @returns At least one, in the order of the addresses.
 * @throws {NoSuchHostError} If there is no such host.
 * @throws {Error} If it has no address of this machine, or the port cannot be used on one of them.
 */
export async function listenOnAll(hostname: string, port: number): Promise<Deno.TcpListener[]> {
  const addresses = await addressesOf(hostname);
  try {
    return listenOnEach<Deno.TcpListener>(addresses, port, Deno.listen);
  } catch (error) {
    throw lookupFailure(hostname, error);
  }
}

/**
 * Listens on each of several addresses that this machine has, on one port.
 *
 * @param addresses At least one.
 * @param port 0 picks a port that is free on all of them.
 * @returns At least one, in the order of the addresses.
 * @throws {Error} If this machine has none of the addresses, or the port cannot be used on one.
 */
export function listenOnEach<L extends Closable>(
  addresses: readonly string[],
  port: number,
  listen: Listen<L>,
): L[] {
  for (let tries = 1;; tries++) {
    try {
      return tryEach(addresses, port, listen);
    } catch (error) {
      const isTaken = port === 0 && error instanceof Deno.errors.AddrInUse;
      if (!isTaken || tries === PORT_TRIES) throw error;
    }
  }
}

function tryEach<L extends Closable>(
  addresses: readonly string[],
  port: number,
  listen: Listen<L>,
): L[] {
  const listeners: L[] = [];
  let absent: unknown;
  try {
    for (const hostname of addresses) {
      try {
        listeners.push(listen({ hostname, port: listeners[0]?.addr.port ?? port }));
      } catch (error) {
        if (!isAbsent(error)) throw error;
        absent = error;
      }
    }
  } catch (error) {
    for (const listener of listeners) listener.close();
    throw error;
  }
  if (listeners.length === 0) throw absent;
  return listeners;
}

/** Whether this machine lacks an address, or has no IPv6 at all. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.AddrNotAvailable || codeOf(error) === "EAFNOSUPPORT";
}
