/**
 * Server addresses as users write them. Pure.
 *
 * @module
 */
import { UserError } from "../../errors.ts";
import { formatAddress } from "../../protocol/ip_address.ts";

/** A server's address. */
export interface ServerAddress {
  /** A name or an IP address, without brackets. */
  readonly hostname: string;
  /** 1…65535. */
  readonly port: number;
}

/** The port of an address without one. */
export const DEFAULT_PORT = 9009;

/** An IPv6 address in brackets, or a name without colons; then optionally a port. */
const ADDRESS = /^(?:\[([0-9a-f]*:[0-9a-f:.]*(?:%[\w.-]+)?)\]|([^:[\]\s/]+))(?::(\d{1,5}))?$/i;

/**
 * Parses `host:port`, `host`, `[ipv6]:port`, `[ipv6]`, or a port of this machine.
 *
 * @throws {UserError} If it is none of these.
 */
export function parseServerAddress(text: string): ServerAddress {
  // A number alone is no useful name, but the usual way to write a port of this machine.
  const match = ADDRESS.exec(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
  const port = match?.[3] === undefined ? DEFAULT_PORT : Number(match[3]);
  if (!match || port < 1 || port > 65535) {
    throw new UserError(
      `Option --server needs HOST:PORT, for example 192.168.1.5:${DEFAULT_PORT} or ` +
        `[::1]:${DEFAULT_PORT}, not "${text}"`,
    );
  }
  return { hostname: match[1] ?? match[2]!, port };
}

/** Formats an address as users write it. */
export function formatServerAddress({ hostname, port }: ServerAddress): string {
  return formatAddress(hostname, port);
}
