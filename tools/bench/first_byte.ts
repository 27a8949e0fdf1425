/**
 * The time when a client gets its first byte of a file, measured between client and server.
 *
 * @module
 */
import { decodeHeader, FOOTER_SIZE, HEADER_SIZE, MessageType } from "../../lib/protocol/message.ts";

/** Times on the clock of `performance.now`, in milliseconds. */
export interface FirstByte {
  readonly connectedAt: number;
  readonly firstByteAt: number;
}

/** A relay that detects the first chunk. */
export interface FirstByteRelay extends AsyncDisposable {
  /** The port for the client, on this machine. */
  readonly port: number;
  /** Resolves when the first chunk starts to arrive. */
  readonly firstByte: Promise<FirstByte>;
}

/**
 * Starts a relay on a free port.
 *
 * @param server The server's port on this machine.
 */
export function startFirstByteRelay(server: number): FirstByteRelay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { promise: firstByte, resolve } = Promise.withResolvers<FirstByte>();
  const conns = new Set<Deno.Conn>();

  const carry = async (client: Deno.TcpConn) => {
    const connectedAt = performance.now();
    conns.add(client);
    const upstream = await Deno.connect({ hostname: "127.0.0.1", port: server });
    conns.add(upstream);
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    const finder = new ChunkFinder();
    await Promise.all([
      copy(client, upstream),
      copy(upstream, client, (bytes) => {
        if (finder.find(bytes)) resolve({ connectedAt, firstByteAt: performance.now() });
      }),
    ]);
  };
  const carrying = new Set<Promise<void>>();
  const accept = async () => {
    // Connections that are cut at the end are done.
    for await (const client of listener) carrying.add(carry(client).catch(() => {}));
  };
  const accepting = accept();

  return {
    port: listener.addr.port,
    firstByte,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of conns) close(conn);
      await Promise.all(carrying);
    },
  };
}

/** Finds the first chunk among the bytes of a server. */
class ChunkFinder {
  #found = false;
  readonly #header = new Uint8Array(HEADER_SIZE);
  #filled = 0;
  /** The remaining bytes of the message whose header was read last. */
  #skip = 0;

  /** Takes the next bytes; returns whether a chunk has started. */
  find(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length && !this.#found;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const part = bytes.subarray(at, at + HEADER_SIZE - this.#filled);
      this.#header.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < HEADER_SIZE) continue;
      this.#filled = 0;
      const { type, length } = decodeHeader(this.#header, "server", 0xffff_ffff);
      this.#skip = length + FOOTER_SIZE;
      this.#found = type === MessageType.CHUNK;
    }
    return this.#found;
  }
}

async function copy(
  from: Deno.TcpConn,
  to: Deno.TcpConn,
  seen?: (bytes: Uint8Array) => void,
): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
    seen?.(buffer.subarray(0, read));
    for (let at = 0; at < read;) at += await to.write(buffer.subarray(at, read));
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
