import assert from "node:assert/strict";
import { Connection } from "../../lib/protocol/connection.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import { encodePayload, parseListPage } from "../../lib/protocol/payloads.ts";
import { eventually, interruptTest, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  interruptTest(`server ends with 0 at ${signal} and prints totals`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1000 });
    await using server = await startServer(workspace);
    server.kill(signal);
    const { code, signal: killedBy, stdout, stderr } = await server.ended();
    assert.deepEqual([code, killedBy], [0, null], stderr);
    assert.equal(stdout, `sluice server listening on 127.0.0.1:${server.port}\n`);
    assert.match(stderr, / {2}server_stopped {2}clients=0 {2}files=0 {2}bytes=0$/m);
  });
}

interruptTest(
  "server ends with 0 at SIGINT during a download, and the client waits and continues",
  async () => {
    await using run = await ThrottledRun.start({ files: { "a.bin": 15 * MB }, input: "a.bin\n" });
    const { client, server, workspace } = run;
    await run.underWay("a.bin", 5 * MB);
    server.interrupt();
    const { code, signal, stderr } = await server.ended();
    assert.deepEqual([code, signal], [0, null], stderr);
    assert.match(stderr, / {2}server_stopped {2}clients=\d+ {2}files=0 {2}bytes=[1-9]\d+$/m);
    assert.doesNotMatch(
      stderr,
      /broke/,
      "requests from before the signal are still to be answered",
    );
    const lost = await client.waitFor(/^lost the server: .*; trying again$/m);
    assert.match(lost, /goodbye/);
    await workspace.assertAbsent("a.bin");
    await using again = await eventually(() =>
      startServer({ dir: workspace.dir, port: server.port })
    );
    await client.waitFor(/^connected again to /m);
    await run.done("a.bin");
    assert.doesNotMatch(run.stderr, /^refetch /m);
    await run.end();
    await again.waitForDisconnects(1);
    assert.ok(again.bytesByClient[0]! < 11 * MB, `${again.bytesByClient} bytes were sent again`);
  },
);

Deno.test("client waits for a server that was killed, and continues once it is back", async () => {
  await using run = await ThrottledRun.start({ files: { "a.bin": 15 * MB }, input: "a.bin\n" });
  const { client, server, workspace } = run;
  await run.underWay("a.bin", 5 * MB);
  server.kill("SIGKILL");
  await server.ended();
  await client.waitFor(/^lost the server: .*; trying again$/m);
  await workspace.assertAbsent("a.bin");
  await using again = await eventually(() =>
    startServer({ dir: workspace.dir, port: server.port })
  );
  await run.done("a.bin");
  assert.doesNotMatch(run.stderr, /^refetch /m);
  await run.end();
  await again.waitForDisconnects(1);
  assert.ok(again.bytesByClient[0]! < 13 * MB, `${again.bytesByClient} bytes were sent again`);
});

Deno.test("client continues after its connection was cut, and reports it", async () => {
  await using run = await ThrottledRun.start({ files: { "a.bin": 9 * MB }, input: "a.bin\n" });
  for (const bytes of [1 * MB, 3 * MB, 6 * MB]) {
    await run.underWay("a.bin", bytes);
    const before = run.stderr.length;
    run.relay.cut();
    await run.client.waitFor(/^connected again to /m, undefined, before);
  }
  await run.done("a.bin");
  await run.end();
});

interruptTest("server drains at the first Ctrl+C, and ends at once at a second one", async () => {
  await using workspace = await Workspace.create();
  await workspace.shareZeros("large.bin", 256 * 1024 * 1024);
  await using server = await startServer(workspace);
  using _stalled = await requestWithoutReading(server.port);
  server.interrupt();
  await waitUntilClosed(server.port);
  // A signal shortly after the first one may count as the same press.
  const pressing = setInterval(() => server.interrupt(), 200);
  const { signal, stderr } = await server.ended().finally(() => clearInterval(pressing));
  assert.equal(signal, "SIGINT", stderr);
  assert.doesNotMatch(stderr, /server_stopped/);
});

interruptTest("server that drains ends by itself even if a client does not read", async () => {
  await using workspace = await Workspace.create();
  await workspace.shareZeros("large.bin", 256 * 1024 * 1024);
  await using server = await startServer(workspace);
  using _stalled = await requestWithoutReading(server.port);
  server.interrupt();
  await waitUntilClosed(server.port);
  const { code, signal, stderr } = await server.ended();
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stderr, / {2}server_stopped {2}clients=/);
});

/** A client that requests more than the system buffers, and reads nothing after the first chunk. */
async function requestWithoutReading(port: number): Promise<Connection> {
  const connection = new Connection(await Deno.connect({ hostname: "127.0.0.1", port }), "client");
  const reader = connection.readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("The server ended the connection");
    for (const { header: { type }, payload } of value) {
      if (type === MessageType.CHUNK) return connection;
      if (type === MessageType.LIST) await requestAll(connection, payload);
    }
  }
}

/** Waits until a server accepts no more connections: it has handled a signal. */
async function waitUntilClosed(port: number): Promise<void> {
  await eventually(async () => {
    const connecting = Deno.connect({ hostname: "127.0.0.1", port });
    connecting.then((conn) => conn.close(), () => {});
    await assert.rejects(connecting, Deno.errors.ConnectionRefused);
  });
}

async function requestAll(connection: Connection, list: Uint8Array): Promise<void> {
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
