/**
 * A relay between clients and a server that carries no more than a line would. For the demo, the
 * tests and the benchmark; the product never slows itself down.
 *
 * @module
 */

/** How a relay behaves. */
export interface RelayOptions {
  /** The server's port on this machine. */
  readonly port: number;
  /** What the line carries from the server to each client, in bytes a second. */
  readonly bytesPerSecond: number;
  /** Sees the bytes that clients send. */
  readonly fromClient?: (bytes: Uint8Array) => void;
}

/** A running relay. */
export interface Relay extends AsyncDisposable {
  /** Where clients connect to, on this machine. */
  readonly port: number;
  /** Cuts all connections that there are now. */
  cut(): void;
}

/** How often a line hands over what it carried meanwhile, in milliseconds. */
const TICK_MS = 5;

/** Starts a relay on a free port. */
export function startRelay({ port, bytesPerSecond, fromClient }: RelayOptions): Relay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
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
      // Cut by somebody: the other side hears of it below.
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
  seen?: (bytes: Uint8Array) => void,
): Promise<void> {
  const perTick = Math.ceil(bytesPerSecond * TICK_MS / 1000);
  const buffer = new Uint8Array(Math.min(perTick, 64 * 1024));
  let dueAt = performance.now();
  for (;;) {
    const read = await from.read(buffer);
    if (read === null) break;
    seen?.(buffer.subarray(0, read));
    for (let at = 0; at < read;) at += await to.write(buffer.subarray(at, read));
    // A line that had nothing to carry does not make up for it.
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
    // Closed already.
  }
}
