/**
 * The targets on the network: a server with mutated clients, a client with mutated servers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ServerConnection } from "../../../lib/client/remote/server_connection.ts";
import { startServer } from "../../../lib/server/server.ts";
import { tempFolder, writeRandom } from "../files.ts";
import type { Random } from "../seeded_random.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutateStream } from "./mutate.ts";
import { isKnown } from "./pure_targets.ts";
import { CHUNK, CHUNKS, clientDrafts, serverDrafts } from "./sessions.ts";

/** The number of mutated sessions from one honest session to the next. */
const HONEST_EVERY = 25;
/** How long a mutated peer reads before it disconnects, in milliseconds. */
const LISTEN_MS = 100;
const TIMEOUTS = { pingAfterMs: 50, deadAfterMs: 200, writeStallMs: 300 };
const LISTENER = { listChanged: () => {}, answered: () => {} };
const HOSTNAME = "127.0.0.1";

/** A server must keep serving honest clients, whatever others send. */
export const SERVER_TARGET: FuzzTarget = {
  name: "server",
  async open() {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await tempFolder());
    await writeRandom(`${folder.path}/a.bin`, CHUNKS * CHUNK, 1);
    await writeRandom(`${folder.path}/b/b.bin`, CHUNKS * CHUNK + 1, 2);
    const failures: unknown[] = [];
    const server = stack.use(
      await startServer({
        dir: folder.path,
        host: HOSTNAME,
        port: 0,
        hidden: false,
        maxClients: 1000,
        maxClientsPerAddress: 1000,
        memory: 16 * 1024 * 1024,
        log: (event) => event.event === "session_failed" && failures.push(event),
      }),
    );
    const { port } = server.addr;
    const drafts = await honestSession(port);
    const parts = stack.move();
    let tries = 0;
    return {
      async try(random) {
        await mutatedClient(random, port, mutateStream(random, drafts));
        if (tries++ % HONEST_EVERY === 0) await honestSession(port);
        assert.deepEqual(failures, []);
      },
      async [Symbol.asyncDispose]() {
        await honestSession(port);
        await parts.disposeAsync();
      },
    };
  },
};

/** A client must end with a known error, whatever a server sends. */
export const CLIENT_TARGET: FuzzTarget = {
  name: "client",
  open() {
    const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
    const { port } = listener.addr;
    return Promise.resolve({
      async try(random) {
        const serving = mutatedServer(random, listener, mutateStream(random, serverDrafts()));
        try {
          await useServer(port);
        } catch (error) {
          if (!isKnown(error)) throw error;
        } finally {
          await serving;
        }
      },
      [Symbol.asyncDispose]() {
        listener.close();
        return Promise.resolve();
      },
    });
  },
};

/** Fetches all files, and returns the messages of a client that does. */
async function honestSession(port: number) {
  const { signal } = new AbortController();
  using remote = await ServerConnection.connect({ hostname: HOSTNAME, port }, signal);
  const files = [...remote.files.values()];
  assert.deepEqual(files.map(({ path }) => path).sort(), ["a.bin", "b/b.bin"]);
  // It ends with an error, since this side disconnects.
  const running = remote.run(LISTENER).catch(() => {});
  const digests = await Promise.all(files.map(({ path, version }) => remote.digest(path, version)));
  assert.ok(digests.every((digest) => digest.length === 64));
  await Promise.all(files.map((file) => getChunks(remote, file)));
  await remote.leave("done");
  await running;
  return clientDrafts(files);
}

function getChunks(
  remote: ServerConnection,
  { path, version }: { readonly path: string; readonly version: string },
): Promise<unknown> {
  const chunks = Array.from({ length: Math.min(CHUNKS, remote.room) }, (_, i) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const request = {
      path,
      version,
      offset: i * CHUNK,
      length: CHUNK,
      arrived: () => resolve(),
      failed: reject,
    };
    return { promise, request };
  });
  if (chunks.length > 0) remote.get(chunks.map(({ request }) => request));
  return Promise.all(chunks.map(({ promise }) => promise));
}

/** Connects to a server, and requests some of the files that it lists. */
async function useServer(port: number): Promise<void> {
  const { signal } = new AbortController();
  using remote = await ServerConnection.connect({ hostname: HOSTNAME, port }, signal, TIMEOUTS);
  const asked: Promise<unknown>[] = [];
  for (const file of [...remote.files.values()].slice(0, 2)) {
    asked.push(getChunks(remote, file));
    if (remote.room > 0) asked.push(remote.digest(file.path, file.version));
  }
  const results = Promise.allSettled(asked);
  try {
    await remote.run(LISTENER);
  } finally {
    for (const result of await results) {
      if (result.status === "rejected" && !isKnown(result.reason)) {
        // deno-lint-ignore no-unsafe-finally
        throw result.reason;
      }
    }
  }
}

async function mutatedClient(random: Random, port: number, bytes: Uint8Array): Promise<void> {
  await play(random, await Deno.connect({ hostname: HOSTNAME, port }), bytes);
}

async function mutatedServer(
  random: Random,
  listener: Deno.TcpListener,
  bytes: Uint8Array,
): Promise<void> {
  await play(random, await listener.accept(), bytes);
}

/** Sends bytes in pieces, reads for a while, and disconnects. */
async function play(random: Random, conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  conn.setNoDelay(true);
  const keepsOpen = random.below(20) === 0;
  const reading = drain(conn);
  try {
    for (let at = 0; at < bytes.length;) {
      at += await conn.write(bytes.subarray(at, at + 1 + random.below(bytes.length)));
    }
    // With only the writing half closed, responses still arrive.
    if (!keepsOpen) await conn.closeWrite();
  } catch {
    // The other side has disconnected first.
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise((resolve) => timer = setTimeout(resolve, LISTEN_MS));
  await Promise.race([reading, timeout]);
  clearTimeout(timer);
  try {
    conn.close();
  } catch {
    // Already closed by the system.
  }
  await reading;
}

async function drain(conn: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  try {
    while (await conn.read(buffer) !== null);
  } catch {
    // The connection was cut.
  }
}
