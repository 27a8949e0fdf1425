/**
 * A line between clients and a server with a delay and a limited capacity. All connections share it.
 *
 * The line is modelled as a clock: bytes leave when all bytes before them have left, and arrive half
 * a round-trip later. A late timer delays a delivery but does not reduce the capacity, as long as
 * bytes are waiting.
 *
 * @module
 */

/** The server, the capacity and the delay of a line. */
export interface LongLineOptions {
  /** The server's port on this machine. */
  readonly port: number;
  /** The capacity of each direction, in bytes a second. */
  readonly bytesPerSecond: number;
  /** The round-trip time, in milliseconds. */
  readonly roundTrip: number;
}

/** A running line. */
export interface LongLine extends AsyncDisposable {
  /** The port for clients, on this machine. */
  readonly port: number;
  /** The seconds from the first connection to the last byte that arrived at a client so far. */
  readonly seconds: number;
}

/** The queue before the line, in milliseconds of line time: longer than timers are late. */
const QUEUE_MS = 20;
const PIECE = 64 * 1024;

/** One direction of the line. */
interface Direction {
  readonly bytesPerSecond: number;
  readonly delay: number;
  /** The time when all bytes read so far will have left. */
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
  const direction = { bytesPerSecond, delay: roundTrip / 2, freeAt: 0 };
  const up: Direction = { ...direction };
  const down: Direction = {
    ...direction,
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
    // Connections that are cut at the end are done.
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

/** Bytes in transit; without bytes, the end of the stream. */
interface Parcel {
  readonly due: number;
  readonly bytes: Uint8Array | null;
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn, direction: Direction): Promise<void> {
  const parcels: Parcel[] = [];
  let arrived = Promise.withResolvers<void>();
  const send = (bytes: Uint8Array | null) => {
    const now = performance.now();
    direction.freeAt = Math.max(direction.freeAt, now) +
      (bytes?.length ?? 0) / direction.bytesPerSecond * 1000;
    parcels.push({ due: direction.freeAt + direction.delay, bytes });
    arrived.resolve();
  };
  const receive = async () => {
    for (;;) {
      const buffer = new Uint8Array(PIECE);
      const read = await from.read(buffer);
      send(read === null ? null : buffer.subarray(0, read));
      if (read === null) return;
      // A side that reads nothing also blocks the line, by the bytes that are due to it.
      while (direction.freeAt - performance.now() > QUEUE_MS || isOverdue(parcels)) {
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
      direction.delivered?.();
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
    // Already closed.
  }
}
