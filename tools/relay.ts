/**
 * A relay between clients and a server with the capacity of a slow line. For the demo, the tests
 * and the benchmark; the programs themselves have no limit of speed.
 *
 * @module
 */

/** The server and the capacity of a relay. */
export interface RelayOptions {
  /** The server's port on this machine. */
  readonly port: number;
  /** The capacity from the server to each client, in bytes a second. */
  readonly bytesPerSecond: number;
  /** The port for clients; 0 picks a free one. @default {0} */
  readonly listenOn?: number;
  /** Receives the bytes that clients send. */
  readonly fromClient?: (bytes: Uint8Array) => void;
}

/** A running relay. */
export interface Relay extends AsyncDisposable {
  /** The port for clients, on this machine. */
  readonly port: number;
  /** Cuts all current connections. */
  cut(): void;
}

/** The period at which a line delivers bytes, in milliseconds. */
const TICK_MS = 5;

/** Starts a relay. */
export function startRelay(options: RelayOptions): Relay {
  const { port, bytesPerSecond, fromClient, listenOn = 0 } = options;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: listenOn });
  const conns = new Set<Deno.TcpConn>();
  const running = new Set<Promise<void>>();

  const carry = async (client: Deno.TcpConn) => {
    const both: Deno.TcpConn[] = [client];
    conns.add(client);
    try {
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      both.push(server);
      conns.add(server);
      client.setNoDelay(true);
      server.setNoDelay(true);
      await Promise.all([
        copy(client, server, Infinity, fromClient),
        copy(server, client, bytesPerSecond),
      ]);
    } catch {
      // One side is cut; the other one is closed below.
    }
    for (const conn of both) {
      close(conn);
      conns.delete(conn);
    }
  };
  const accept = async () => {
    for await (const client of listener) {
      const carried = carry(client);
      running.add(carried);
      carried.finally(() => running.delete(carried));
    }
  };
  const accepting = accept();
  const cut = () => conns.forEach(close);

  return {
    port: listener.addr.port,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await accepting;
      await Promise.all(running);
    },
  };
}

async function copy(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  bytesPerSecond: number,
  observe?: (bytes: Uint8Array) => void,
): Promise<void> {
  const perTick = Math.ceil(bytesPerSecond * TICK_MS / 1000);
  const buffer = new Uint8Array(Math.min(perTick, 64 * 1024));
  let dueAt = performance.now();
  for (;;) {
    const read = await from.read(buffer);
    if (read === null) break;
    observe?.(buffer.subarray(0, read));
    for (let at = 0; at < read;) at += await to.write(buffer.subarray(at, read));
    // Idle time of the line is not made up for.
    dueAt = Math.max(dueAt, performance.now() - TICK_MS) + read / bytesPerSecond * 1000;
    const ahead = dueAt - performance.now();
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
  }
  await to.closeWrite();
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Already closed.
  }
}
