import assert from "node:assert/strict";
import { Connection } from "../../lib/protocol/connection.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import { encodePayload, parseListPage } from "../../lib/protocol/payloads.ts";
import { eventually, interruptTest, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  interruptTest(`server ends with 0 at ${signal} and prints totals`, async () => {
    await using site = await Workspace.create({ "a.bin": 1000 });
    await using server = await startServer(site);
    server.kill(signal);
    const { code, signal: killedBy, stdout, stderr } = await server.ended();
    assert.deepEqual([code, killedBy], [0, null], stderr);
    assert.equal(stdout, `sluice server listening on 127.0.0.1:${server.port}\n`);
    assert.match(stderr, / {2}server_stopped {2}clients=0 {2}files=0 {2}bytes=0$/m);
  });
}

interruptTest(
  "server ends with 0 at SIGINT while a client downloads, which waits and goes on",
  async () => {
    await using stage = await ThrottledRun.start({ files: { "a.bin": 15 * MB }, input: "a.bin\n" });
    const { client, server, workspace } = stage;
    await stage.underWay("a.bin", 5 * MB);
    server.interrupt();
    const { code, signal, stderr } = await server.ended();
    assert.deepEqual([code, signal], [0, null], stderr);
    assert.match(stderr, / {2}server_stopped {2}clients=\d+ {2}files=0 {2}bytes=[1-9]\d+$/m);
    assert.doesNotMatch(stderr, /broke/, "what was asked for before is still to be sent");
    const lost = await client.waitFor(/^lost the server: .*; trying again$/m);
    assert.match(lost, /goodbye/);
    await workspace.assertAbsent("a.bin");
    await using again = await eventually(() =>
      startServer({ dir: workspace.dir, port: server.port })
    );
    await client.waitFor(/^connected again to /m);
    await stage.done("a.bin");
    assert.doesNotMatch(stage.said, /^anew /m);
    await stage.end();
    await again.waitForLeaving(1);
    assert.ok(again.bytesByClient[0]! < 11 * MB, `${again.bytesByClient} bytes were sent again`);
  },
);

Deno.test("client waits for a server that was killed, and goes on once it is back", async () => {
  await using stage = await ThrottledRun.start({ files: { "a.bin": 15 * MB }, input: "a.bin\n" });
  const { client, server, workspace } = stage;
  await stage.underWay("a.bin", 5 * MB);
  server.kill("SIGKILL");
  await server.ended();
  await client.waitFor(/^lost the server: .*; trying again$/m);
  await workspace.assertAbsent("a.bin");
  await using again = await eventually(() =>
    startServer({ dir: workspace.dir, port: server.port })
  );
  await stage.done("a.bin");
  assert.doesNotMatch(stage.said, /^anew /m);
  await stage.end();
  await again.waitForLeaving(1);
  assert.ok(again.bytesByClient[0]! < 13 * MB, `${again.bytesByClient} bytes were sent again`);
});

Deno.test("client goes on after its line was cut, and says so", async () => {
  await using stage = await ThrottledRun.start({ files: { "a.bin": 9 * MB }, input: "a.bin\n" });
  for (const bytes of [1 * MB, 3 * MB, 6 * MB]) {
    await stage.underWay("a.bin", bytes);
    const before = stage.said.length;
    stage.relay.cut();
    await stage.client.waitFor(/^connected again to /m, undefined, before);
  }
  await stage.done("a.bin");
  await stage.end();
});

interruptTest("server drains at the first Ctrl+C, and ends at once at another one", async () => {
  await using site = await Workspace.create();
  await site.shareZeros("large.bin", 256 * 1024 * 1024);
  await using server = await startServer(site);
  using _greedy = await askAndDoNotRead(server.port);
  server.interrupt();
  await acceptsNoMore(server.port);
  // Shortly after the first one, another one may be taken for the same press.
  const pressing = setInterval(() => server.interrupt(), 200);
  const { signal, stderr } = await server.ended().finally(() => clearInterval(pressing));
  assert.equal(signal, "SIGINT", stderr);
  assert.doesNotMatch(stderr, /server_stopped/);
});

interruptTest("server that drains ends by itself, though a client does not read", async () => {
  await using site = await Workspace.create();
  await site.shareZeros("large.bin", 256 * 1024 * 1024);
  await using server = await startServer(site);
  using _greedy = await askAndDoNotRead(server.port);
  server.interrupt();
  await acceptsNoMore(server.port);
  const { code, signal, stderr } = await server.ended();
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stderr, / {2}server_stopped {2}clients=/);
});

/** A client that asks for more than the system buffers, and reads nothing once answers come. */
async function askAndDoNotRead(port: number): Promise<Connection> {
  const connection = new Connection(await Deno.connect({ hostname: "127.0.0.1", port }), "client");
  const reader = connection.readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server ended the connection");
    for (const { header: { type }, payload } of value) {
      if (type === MessageType.CHUNK) return connection;
      if (type === MessageType.LIST) await askForAll(connection, payload);
    }
  }
}

/** Waits until a server accepts no more, so it has taken a signal. */
async function acceptsNoMore(port: number): Promise<void> {
  await eventually(async () => {
    const connecting = Deno.connect({ hostname: "127.0.0.1", port });
    connecting.then((conn) => conn.close(), () => {});
    await assert.rejects(connecting, Deno.errors.ConnectionRefused);
  });
}

async function askForAll(connection: Connection, list: Uint8Array): Promise<void> {
  const { path, version, size } = parseListPage(list).files[0]!;
  const length = 1024 * 1024;
  for (let offset = 0; offset < size; offset += length) {
    await connection.send({
      type: MessageType.GET,
      requestId: 1 + offset / length,
      payload: encodePayload({ path, version, offset, length }),
    });
  }
}
