/**
 * The targets on the network: a server with mutated clients, a client with mutated servers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startServer } from "../../../lib/server/server.ts";
import { tempFolder, writeRandom } from "../files.ts";
import type { Random } from "../seeded_random.ts";
import { ServerClient } from "../server_client.ts";
import type { FuzzTarget } from "./fuzz.ts";
import { mutateStream } from "./mutate.ts";
import { isKnown } from "./pure_targets.ts";
import { CHUNK, CHUNKS, clientDrafts, serverDrafts } from "./sessions.ts";

/** The number of mutated sessions from one honest session to the next. */
const HONEST_EVERY = 25;
/** How long a mutated peer reads before it disconnects, in milliseconds. */
const LISTEN_MS = 100;
const TIMEOUTS = { pingAfterMs: 50, deadAfterMs: 200, writeStallMs: 300, messageMs: 300 };
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
    const { port } = server.addrs[0]!;
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
  using client = await ServerClient.connect(port);
  const files = [...client.connection.files.values()];
  assert.deepEqual(files.map(({ path }) => path).sort(), ["a.bin", "b/b.bin"]);
  for (const { path, version } of files) {
    const [answer] = await Promise.all(client.ask({ type: "digest", path, version }));
    assert.ok(answer?.type === "digest" && answer.digest.length === 64);
  }
  await Promise.all(files.flatMap((file) => getChunks(client, file)));
  await client.connection.leave("done");
  return clientDrafts(files);
}

function getChunks(
  client: ServerClient,
  { path, version }: { readonly path: string; readonly version: string },
): Promise<unknown>[] {
  return client.ask(
    ...Array.from({ length: Math.min(CHUNKS, client.room) }, (_, i) => ({
      type: "get" as const,
      path,
      version,
      offset: i * CHUNK,
      length: CHUNK,
      digest: false,
    })),
  );
}

/** Connects to a server, and requests some of the files that it lists. */
async function useServer(port: number): Promise<void> {
  using client = await ServerClient.connect(port, TIMEOUTS);
  const asked: Promise<unknown>[] = [];
  for (const { path, version } of [...client.connection.files.values()].slice(0, 2)) {
    asked.push(...getChunks(client, { path, version }));
    if (client.room > 0) asked.push(...client.ask({ type: "digest", path, version }));
  }
  const results = Promise.allSettled(asked);
  try {
    await client.ended;
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
