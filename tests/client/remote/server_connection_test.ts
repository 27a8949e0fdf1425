import assert from "node:assert/strict";
import { ConnectionLostError, ProtocolError } from "../../../lib/errors.ts";
import { DEFAULT_TIMEOUTS } from "../../../lib/protocol/timeouts.ts";
import { MessageType } from "../../../lib/protocol/message.ts";
import { type Draft, draft, encodeDrafts } from "../../support/fuzz/mutate.ts";
import { ServerClient } from "../../support/server_client.ts";
import { CHUNK, FILE, serverDrafts } from "../../support/fuzz/sessions.ts";

for (
  const [name, wrong] of [
    ["at another offset", { offset: 1 }],
    ["of another length", { payload: new Uint8Array(CHUNK - 1) }],
  ] as const
) {
  Deno.test(`ServerConnection fails the request if the chunk received is ${name}`, async () => {
    const drafts = serverDrafts().map((draft): Draft =>
      draft.type === MessageType.CHUNK ? { ...draft, ...wrong } : draft
    );
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      using conn = await listener.accept();
      const bytes = encodeDrafts(drafts);
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      await conn.read(new Uint8Array(1000));
    })();
    using client = await ServerClient.connect(listener.addr.port);
    const { path, version } = FILE;
    const request = { type: "get" as const, path, version, length: CHUNK, digest: false };
    const answers = client.ask(...[0, CHUNK].map((offset) => ({ ...request, offset })));
    const failures = Promise.allSettled(answers);
    await assert.rejects(client.ended, ProtocolError);
    for (const failure of await failures) {
      assert.ok(failure.status === "rejected" && failure.reason instanceof ConnectionLostError);
    }
    await serving;
  });
}

/** Starts a server that sends WELCOME and answers every PING; `act` gets its connection. */
function startPonging(act: (conn: Deno.Conn) => Promise<void>) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [welcome, list] = serverDrafts();
  const pong = encodeDrafts([draft(MessageType.PONG, new Uint8Array())]);
  const serve = async () => {
    using conn = await listener.accept();
    await conn.write(encodeDrafts([welcome!, list!]));
    const acting = act(conn).catch(() => {});
    const buffer = new Uint8Array(1000);
    while (await conn.read(buffer).catch(() => null)) {
      // Only the request and PINGs are received.
      if (buffer[5] === MessageType.PING) await conn.write(pong).catch(() => {});
    }
    await acting;
  };
  const serving = serve();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
    },
  };
}

/** Requests a chunk with short timeouts, and returns how long the connection took to fail. */
async function timeToFailure(act: (conn: Deno.Conn) => Promise<void>): Promise<number> {
  await using server = startPonging(act);
  const timeouts = { ...DEFAULT_TIMEOUTS, pingAfterMs: 50, writeStallMs: 400 };
  using client = await ServerClient.connect(server.port, timeouts);
  const { path, version } = FILE;
  const start = performance.now();
  const [answer] = client.ask({
    type: "get",
    path,
    version,
    offset: 0,
    length: CHUNK,
    digest: false,
  });
  const failure = assert.rejects(answer!);
  await assert.rejects(client.ended, /has not answered for 0.4 s/);
  await failure;
  return performance.now() - start;
}

Deno.test("ServerConnection fails if the server answers PINGs and nothing else", async () => {
  assert.ok(await timeToFailure(async () => {}) >= 399);
});

Deno.test("ServerConnection waits while a response is received, however slowly", async () => {
  const answer = encodeDrafts([draft(MessageType.CHUNK, new Uint8Array(65_536), { requestId: 1 })]);
  const took = await timeToFailure(async (conn) => {
    for (let piece = 0; piece < 4; piece++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      await conn.write(answer.subarray(piece * 8_192, (piece + 1) * 8_192));
    }
  });
  assert.ok(took >= 1_000 + 399, `${took}`);
});

for (
  const [what, message] of [
    ["PINGs", draft(MessageType.PING, new Uint8Array())],
    ["changes of its list", serverDrafts().findLast(({ type }) => type === MessageType.LIST)!],
  ] as const
) {
  Deno.test(`ServerConnection fails if the server sends ${what} without end and no response`, async () => {
    const messages = encodeDrafts(Array.from({ length: 100 }, () => message));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("It waits without end")), 5_000);
    });
    // The writes fail once the client has disconnected.
    const failed = timeToFailure(async (conn) => {
      for (;;) {
        await conn.write(messages);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    await Promise.race([failed, late]);
    clearTimeout(timer);
  });
}
