/**
 * Many clients in one process: each requests chunks as the real client does, and discards them once
 * the connection has checked them. Prints one line of JSON.
 *
 *     deno run --allow-net tools/bench/load_generator.ts --port 9009 --path a.bin --clients 10 \
 *       --bytes 1000000
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { ServerConnection } from "../../lib/client/remote/server_connection.ts";
import { RequestWindow, type SentRequest } from "../../lib/client/schedule/request_window.ts";
import { writeLine } from "../../lib/cli/main.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";

/** How many clients connect at the same time. */
const MAX_CONNECTING = 16;

/** The times of the clients. */
export interface LoadResult {
  /** The seconds from the first request to the last byte of all clients. */
  readonly seconds: number;
  /** The same for each client. */
  readonly secondsOfEach: readonly number[];
}

/** The download of each client. */
export interface Load {
  readonly port: number;
  /** The file that all download. */
  readonly path: string;
  readonly clients: number;
  /** The bytes that each client downloads; it starts the file again after its end. */
  readonly bytes: number;
}

async function runLoad({ port, path, clients, bytes }: Load): Promise<LoadResult> {
  const remotes: ServerConnection<LoadRequest>[] = [];
  const connect = async () => {
    const address = { hostname: "127.0.0.1", port };
    remotes.push(
      await ServerConnection.connect<LoadRequest>(address, new AbortController().signal),
    );
  };
  for (let left = clients; left > 0; left -= MAX_CONNECTING) {
    await Promise.all(Array.from({ length: Math.min(left, MAX_CONNECTING) }, connect));
  }
  const start = performance.now();
  const secondsOfEach = await Promise.all(remotes.map(async (remote) => {
    const file = remote.files.get(path);
    if (!file) throw new Error(`The server does not have "${path}"`);
    await download(remote, file, bytes);
    return (performance.now() - start) / 1000;
  }));
  return { seconds: Math.max(...secondsOfEach), secondsOfEach };
}

/** A request, and its place in the window. */
interface LoadRequest {
  readonly type: "get";
  readonly path: string;
  readonly version: string;
  readonly offset: number;
  readonly length: number;
  readonly digest: false;
  readonly sent: SentRequest;
}

/** Downloads that many bytes. */
async function download(
  remote: ServerConnection<LoadRequest>,
  { path, version, size }: ListedFile,
  bytes: number,
): Promise<void> {
  const { maxChunk, maxRequests } = remote.welcome;
  const window = new RequestWindow(maxChunk, maxRequests);
  let asked = 0;
  let received = 0;
  const ask = () => {
    const now = performance.now();
    const requests: LoadRequest[] = [];
    while (asked < bytes && window.hasRoom) {
      const offset = asked % size;
      const length = Math.min(window.uncontestedChunkSize, bytes - asked, size - offset);
      const sent = window.onSent(length, now);
      requests.push({ type: "get", path, version, offset, length, digest: false, sent });
      asked += length;
    }
    remote.send(requests);
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const running = remote.run((answers) => {
    const now = performance.now();
    for (const answer of answers) {
      if (answer.type === "refused") return reject(answer.error);
      if (answer.type !== "chunk") continue;
      window.onReceived(answer.request.sent, now);
      received += answer.bytes.length;
    }
    if (received >= bytes) resolve();
    else ask();
  });
  running.catch(reject);
  ask();
  await promise;
  // Not awaited: the other clients are still downloading.
  remote.leave("done");
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["port", "path", "clients", "bytes"] });
  const result = await runLoad({
    port: Number(given.port),
    path: String(given.path),
    clients: Number(given.clients),
    bytes: Number(given.bytes),
  });
  writeLine(Deno.stdout, JSON.stringify(result));
  Deno.exit(0);
}
