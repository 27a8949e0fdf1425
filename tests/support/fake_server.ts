/**
 * A server that lists any names, as a hostile one could.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Connection } from "../../lib/protocol/connection.ts";
import type { Endpoint } from "../../lib/protocol/ip_address.ts";
import { encodeMessage, MessageType } from "../../lib/protocol/message.ts";
import { encodePayload, parseDigestRequest, parseGetRequest } from "../../lib/protocol/payloads.ts";

/** A running server. */
export interface FakeServer extends AsyncDisposable {
  readonly port: number;
  /** The path of each request, in order. */
  readonly requested: readonly string[];
}

/**
 * Starts a server that lists and sends the given files.
 *
 * @param files The files' content, by path; a path may be any text.
 */
export function startFakeServer(files: ReadonlyMap<string, Uint8Array>): FakeServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requested: string[] = [];
  const serving = new Set<Promise<void>>();
  const connections = new Set<Connection>();
  const accept = async () => {
    for await (const conn of listener) {
      const connection = new Connection(conn, "server");
      connections.add(connection);
      serving.add(serve(connection, files, requested));
    }
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    requested,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const connection of connections) connection.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}

async function serve(
  connection: Connection,
  files: ReadonlyMap<string, Uint8Array>,
  requested: string[],
): Promise<void> {
  const { endpoints } = connection;
  try {
    await connection.sendBytes(welcomeAndList(files, endpoints));
    for await (const messages of connection.readable) {
      for (const { header: { type, requestId }, payload } of messages) {
        if (type === MessageType.GET) {
          const { path, offset, length } = parseGetRequest(payload);
          requested.push(path);
          const bytes = files.get(path)!.subarray(offset, offset + length);
          await connection.sendBytes(
            encodeMessage(
              { type: MessageType.CHUNK, requestId, more: false, offset, ...endpoints },
              bytes,
            ),
          );
        } else if (type === MessageType.DIGEST) {
          const { path } = parseDigestRequest(payload);
          requested.push(path);
          const digest = createHash("sha256").update(files.get(path)!).digest("hex");
          const answer = encodePayload({ digest });
          await connection.send({ type: MessageType.DIGEST_RESULT, requestId, payload: answer });
        }
      }
    }
  } catch {
    // The client has disconnected.
  }
  connection.close();
}

function welcomeAndList(
  files: ReadonlyMap<string, Uint8Array>,
  endpoints: { readonly server: Endpoint; readonly client: Endpoint },
): Uint8Array {
  const message = (type: MessageType, payload: Uint8Array) =>
    encodeMessage({ type, requestId: 0, more: false, offset: 0, ...endpoints }, payload);
  const welcome = encodePayload({
    protocol: 1,
    server: "fake/\x1b[31m1",
    maxChunk: 1024 * 1024,
    maxRequests: 16,
    authentication: null,
  });
  const list = encodePayload({
    revision: 1,
    complete: true,
    files: [...files].map(([path, { length: size }]) => ({
      path,
      size,
      modified: 1_000_000_000_000,
      version: "1",
    })),
    removed: [],
  });
  return new Uint8Array([
    ...message(MessageType.WELCOME, welcome),
    ...message(MessageType.LIST, list),
  ]);
}
