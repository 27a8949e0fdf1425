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
import { RequestWindow } from "../../lib/client/schedule/request_window.ts";
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
  const remotes: ServerConnection[] = [];
  const connect = async () => {
    const address = { hostname: "127.0.0.1", port };
    remotes.push(await ServerConnection.connect(address, new AbortController().signal));
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

/** Downloads that many bytes. */
async function download(remote: ServerConnection, file: ListedFile, bytes: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const window = new RequestWindow(remote.welcome.maxChunk, remote.welcome.maxRequests);
  let asked = 0;
  let received = 0;
  const request = (now: number) => {
    const offset = asked % file.size;
    const length = Math.min(window.uncontestedChunkSize, bytes - asked, file.size - offset);
    const flight = window.onSent(length, now);
    asked += length;
    return {
      path: file.path,
      version: file.version,
      offset,
      length,
      arrived: (chunk: Uint8Array) => {
        window.onReceived(flight, performance.now());
        received += chunk.length;
        if (received === bytes) resolve();
      },
      failed: reject,
    };
  };
  const ask = () => {
    const now = performance.now();
    const requests = [];
    while (asked < bytes && remote.room > requests.length && window.hasRoom) {
      requests.push(request(now));
    }
    if (requests.length > 0) remote.get(requests);
  };
  const running = remote.run({ listChanged() {}, answered: ask });
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
