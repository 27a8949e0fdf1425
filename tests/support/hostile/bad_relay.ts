/**
 * A relay that is a bad line: it cuts, delays, splits, merges and corrupts bytes, as a seed says.
 *
 * @module
 */

/** The probability of each event for a piece, in percent. */
const CUTS = 2;
const CORRUPTIONS = 2;
const DELAYS = 10;
const SPLITS = 10;
const MERGES = 20;
/** The longest delay, in milliseconds. */
const MAX_DELAY_MS = 20;
/** The first bytes of a connection, which are carried unchanged so that there is progress. */
const SPARED = 150_000;

/** A running bad line. */
export interface BadRelay extends AsyncDisposable {
  /** The port for clients, on this machine. */
  readonly port: number;
}

/** Numbers from 0 to 1 that depend only on a seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Starts a bad line to a server's port on this machine. */
export function startBadRelay(port: number, seed: number): BadRelay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const random = seeded(seed);
  const conns = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();
  const carry = async (client: Deno.TcpConn) => {
    conns.add(client);
    let server: Deno.TcpConn | undefined;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port });
      conns.add(server);
      const both = [client, server];
      await Promise.all([
        carryBadly(client, server, random).finally(() => both.forEach(close)),
        carryBadly(server, client, random).finally(() => both.forEach(close)),
      ]);
    } catch {
      // The connection was cut by the relay or by one of its ends.
    }
    close(client);
    if (server) close(server);
  };
  const accept = async () => {
    for await (const client of listener) running.add(carry(client));
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      conns.forEach(close);
      await accepting;
      await Promise.all(running);
    },
  };
}

async function carryBadly(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  random: () => number,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  let held = 0;
  for (let carried = 0;;) {
    const read = await from.read(buffer.subarray(held));
    if (read === null) return;
    held += read;
    carried += read;
    let dice = random() * 100;
    const happens = (percent: number) => (dice -= percent) < 0 && dice >= -percent;
    if (carried > SPARED && happens(CUTS)) {
      await writeAll(to, buffer.subarray(0, Math.floor(random() * held)));
      return;
    }
    if (carried > SPARED && happens(CORRUPTIONS)) {
      buffer[Math.floor(random() * held)]! ^= 1 << Math.floor(random() * 8);
    }
    if (happens(DELAYS)) await pause(random() * MAX_DELAY_MS);
    // Bytes that arrive within the pause are merged with these.
    if (happens(MERGES) && held < buffer.length / 2) await pause(1);
    if (happens(SPLITS)) {
      const at = Math.floor(random() * held);
      await writeAll(to, buffer.subarray(0, at));
      await pause(1);
      await writeAll(to, buffer.subarray(at, held));
    } else await writeAll(to, buffer.subarray(0, held));
    held = 0;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Already closed.
  }
}
