/**
 * A line between clients and a server that is long and not endlessly wide: what is sent arrives
 * later, and no faster than the line carries. All connections share it.
 *
 * The line is a clock: what is read now leaves when all before it has left, and arrives half a
 * round-trip later. A late timer delays a delivery, but takes nothing away from what the line
 * carries, as long as something waits to be carried.
 *
 * @module
 */

/** What a line is like. */
export interface LongLineOptions {
  /** The server's port on this machine. */
  readonly port: number;
  /** What it carries each way, in bytes a second. */
  readonly bytesPerSecond: number;
  /** There and back again, in milliseconds. */
  readonly roundTrip: number;
}

/** A running line. */
export interface LongLine extends AsyncDisposable {
  /** Where clients connect to, on this machine. */
  readonly port: number;
  /** From the first connection until the last byte arrived at a client, so far. */
  readonly seconds: number;
}

/** What waits before the line, in milliseconds of line time: more than timers are late by. */
const QUEUE_MS = 20;
const PIECE = 64 * 1024;

/** One way of the line. */
interface Way {
  readonly bytesPerSecond: number;
  readonly delay: number;
  /** When all that was read so far will have left. */
  freeAt: number;
  readonly delivered?: () => void;
}

/** Starts a line on a free port. */
export function startLongLine({ port, bytesPerSecond, roundTrip }: LongLineOptions): LongLine {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  const carrying = new Set<Promise<void>>();
  let firstAt: number | undefined;
  let lastAt = 0;
  const way = { bytesPerSecond, delay: roundTrip / 2, freeAt: 0 };
  const up: Way = { ...way };
  const down: Way = {
    ...way,
    delivered() {
      lastAt = performance.now();
    },
  };

  const carry = async (client: Deno.TcpConn) => {
    firstAt ??= performance.now();
    conns.add(client);
    const server = await Deno.connect({ hostname: "127.0.0.1", port });
    conns.add(server);
    client.setNoDelay(true);
    server.setNoDelay(true);
    await Promise.all([copy(client, server, up), copy(server, client, down)]);
    for (const conn of [client, server]) {
      close(conn);
      conns.delete(conn);
    }
  };
  const accept = async () => {
    // Whoever is cut at the end has nothing more to say.
    for await (const client of listener) carrying.add(carry(client).catch(() => {}));
  };
  const accepting = accept();

  return {
    port: listener.addr.port,
    get seconds() {
      return firstAt === undefined ? 0 : (lastAt - firstAt) / 1000;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of conns) close(conn);
      await Promise.all(carrying);
    },
  };
}

/** What is on its way; without bytes, the end. */
interface Parcel {
  readonly due: number;
  readonly bytes: Uint8Array | null;
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn, way: Way): Promise<void> {
  const parcels: Parcel[] = [];
  let arrived = Promise.withResolvers<void>();
  const send = (bytes: Uint8Array | null) => {
    const now = performance.now();
    way.freeAt = Math.max(way.freeAt, now) + (bytes?.length ?? 0) / way.bytesPerSecond * 1000;
    parcels.push({ due: way.freeAt + way.delay, bytes });
    arrived.resolve();
  };
  const receive = async () => {
    for (;;) {
      const buffer = new Uint8Array(PIECE);
      const read = await from.read(buffer);
      send(read === null ? null : buffer.subarray(0, read));
      if (read === null) return;
      // Also who reads nothing holds the line up, by what is due and not delivered.
      while (way.freeAt - performance.now() > QUEUE_MS || isOverdue(parcels)) {
        await wait(QUEUE_MS / 4);
      }
    }
  };
  const deliver = async () => {
    for (;;) {
      const parcel = parcels[0];
      if (!parcel) {
        await arrived.promise;
        arrived = Promise.withResolvers();
        continue;
      }
      const early = parcel.due - performance.now();
      if (early > 0) await wait(early);
      if (parcel.bytes === null) return await to.closeWrite();
      for (let at = 0; at < parcel.bytes.length;) at += await to.write(parcel.bytes.subarray(at));
      way.delivered?.();
      parcels.shift();
    }
  };
  await Promise.all([receive(), deliver()]);
}

function isOverdue(parcels: readonly Parcel[]): boolean {
  return parcels.length > 0 && performance.now() - parcels[0]!.due > QUEUE_MS;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Closed already.
  }
}
