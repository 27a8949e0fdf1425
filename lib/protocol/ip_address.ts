/**
 * IP addresses as the 16 bytes that a message header carries.
 *
 * @module
 */

/** Bytes of an address in a header: IPv6, or IPv4 as `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2). */
export const IP_SIZE = 16;

/** An address and a port as a header carries them. */
export interface Endpoint {
  /** 16 bytes; see `ipBytes`. */
  readonly ip: Uint8Array;
  /** 0…65535. */
  readonly port: number;
}

/** The endpoint that stands in a header: an address, and its port behind it. */
export function endpointAt(header: Uint8Array, at: number): Endpoint {
  const portAt = at + IP_SIZE;
  return { ip: header.slice(at, portAt), port: header[portAt]! << 8 | header[portAt + 1]! };
}

/** The endpoint of a socket's address; an unspecified one if it has none. */
export function endpointOf(address: Deno.Addr): Endpoint {
  return "hostname" in address
    ? { ip: ipBytes(address.hostname), port: address.port }
    : { ip: ipBytes(""), port: 0 };
}

/**
 * The 16 bytes of an address in text form. A text that is no address (a host name, a Unix socket)
 * becomes `::`, "unspecified": the header's addresses are for information only.
 *
 * @param text For example `127.0.0.1`, `::1`, `::ffff:10.0.0.1` or `fe80::1%eth0`.
 */
export function ipBytes(text: string): Uint8Array {
  const address = text.split("%")[0]!;
  const unspecified = new Uint8Array(IP_SIZE);
  if (!address.includes(":")) {
    const quad = parseQuad(address);
    return quad ? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...quad) : unspecified;
  }
  const halves = address.split("::");
  if (halves.length > 2) return unspecified;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = parseGroups(halves[1] ?? "", true);
  if (!head || !tail) return unspecified;
  const missing = IP_SIZE - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return unspecified;
  return Uint8Array.of(...head, ...new Uint8Array(missing), ...tail);
}

/**
 * The text form of a header's address: dotted for IPv4, else as RFC 5952 specifies.
 *
 * @param bytes 16 bytes.
 */
export function formatIp(bytes: Uint8Array): string {
  const v4 = bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 && bytes[11] === 255;
  if (v4) return bytes.subarray(12).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  const hex = groups.map((group) => group.toString(16)).join(":");
  const zeros = [...hex.matchAll(/\b0(?::0)+\b/g)].map((match) => match[0]);
  const longest = zeros.reduce((a, b) => b.length > a.length ? b : a, "");
  return longest ? hex.replace(new RegExp(`(^|:)${longest}(:|$)`), "::") : hex;
}

/** The usual text form of an address and a port: `127.0.0.1:9009`, `[::1]:9009`. */
export function formatAddress(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function parseQuad(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const quad = text.split(".").map(Number);
  return quad.every((byte) => byte < 256) ? quad : undefined;
}

/** The bytes of `a:b:c`; the last group may be dotted if it ends the address. */
function parseGroups(text: string, endsAddress: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    const quad = endsAddress && i === groups.length - 1 ? parseQuad(group) : undefined;
    if (!quad && !/^[0-9a-f]{1,4}$/i.test(group)) return undefined;
    const value = parseInt(group, 16);
    bytes.push(...quad ?? [value >> 8, value & 255]);
  }
  return bytes.length <= IP_SIZE ? bytes : undefined;
}
