/**
 * The places for clients: how many there may be, and who gives up a place for another. Pure.
 *
 * @module
 */
import { formatIp, ipBytes } from "../protocol/ip_address.ts";

/** After so long without a request, a client's place is free for another, in milliseconds. */
export const IDLE_MS = 300_000;

/** A client that has a place. */
export interface Seated {
  /** Since when nothing is asked, as of `performance.now()`; null while requests are open. */
  readonly idleSince: number | null;
}

/** How many clients there may be, in all and from one network. */
export interface PlaceLimits {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
}

/** Whether there is a place. */
export type Admission<C> =
  /** `freed` is the client that has lost its place, if it took that. */
  | { readonly type: "admitted"; readonly freed: C | null }
  | { readonly type: "refused"; readonly clients: number; readonly sameAddress: number };

/** The clients that have places. */
export class Places<C extends Seated> {
  readonly #limits: PlaceLimits;
  /** The network of each client. */
  readonly #clients = new Map<C, string>();
  readonly #perNetwork = new Map<string, number>();

  constructor(limits: PlaceLimits) {
    this.#limits = limits;
  }

  /**
   * Looks for a place; the client that is in the way for the longest without a request loses its
   * place if there is no other.
   *
   * @param address The new client's, as text.
   * @param now As of `performance.now()`.
   */
  find(address: string, now: number): Admission<C> {
    const { maxClients, maxClientsPerAddress } = this.#limits;
    const network = networkOf(address);
    const clients = this.#clients.size;
    const sameAddress = this.#perNetwork.get(network) ?? 0;
    const isNetworkFull = sameAddress >= maxClientsPerAddress;
    if (!isNetworkFull && clients < maxClients) return { type: "admitted", freed: null };
    const freed = this.#longestIdle(now, isNetworkFull ? network : null);
    if (!freed) return { type: "refused", clients, sameAddress };
    this.leave(freed);
    return { type: "admitted", freed };
  }

  /** Gives a client its place. */
  take(client: C, address: string): void {
    const network = networkOf(address);
    this.#clients.set(client, network);
    this.#perNetwork.set(network, (this.#perNetwork.get(network) ?? 0) + 1);
  }

  /** Frees a client's place, if it has one. */
  leave(client: C): void {
    const network = this.#clients.get(client);
    if (network === undefined) return;
    this.#clients.delete(client);
    const left = this.#perNetwork.get(network)! - 1;
    if (left > 0) this.#perNetwork.set(network, left);
    else this.#perNetwork.delete(network);
  }

  #longestIdle(now: number, network: string | null): C | null {
    let longest: C | null = null;
    let since = now - IDLE_MS;
    for (const [client, itsNetwork] of this.#clients) {
      const { idleSince } = client;
      if (idleSince === null || idleSince > since) continue;
      if (network !== null && itsNetwork !== network) continue;
      longest = client;
      since = idleSince;
    }
    return longest;
  }
}

/** The part of an address that one user has: all of IPv4, the first 64 bits of IPv6. */
export function networkOf(address: string): string {
  const bytes = ipBytes(address);
  const text = formatIp(bytes);
  return text.includes(":") ? `${formatIp(bytes.fill(0, 8))}/64` : text;
}
