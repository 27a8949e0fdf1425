import assert from "node:assert/strict";
import { interruptTest, runClient, startClient, startServer } from "../support/harness.ts";
import { EXECUTABLES } from "../support/program_command.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

/** The longest time for an interrupted client to end, in milliseconds. */
const GONE_AFTER = 3_000;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  interruptTest(`client ends with 130 at ${signal}, and the next run resumes`, async () => {
    const size = 24 * MB;
    await using stage = await ThrottledRun.start({
      files: { "a.bin": size, "small.bin": 1000 },
      input: "a.bin\nsmall.bin HIGH\n",
    });
    const { client, server, workspace } = stage;
    await stage.done("small.bin");
    await stage.underWay("a.bin", 10 * MB);
    client.kill(signal);
    const first = await client.ended(GONE_AFTER);
    assert.deepEqual([first.code, first.signal], [130, null], first.stderr);
    await workspace.assertAbsent("a.bin");
    const kept = await workspace.workFolderBytes();
    assert.ok(kept > 5 * MB, `${kept} bytes were kept`);
    const second = await runClient({ ...workspace, port: server.port });
    assert.equal(second.code, 0, second.stderr);
    assert.match(second.stderr, /^resumed +a\.bin /m);
    await workspace.assertArrived("a.bin", "small.bin");
    await workspace.assertNoLeftovers();
    await server.waitForDisconnects(2);
    const bytes = server.bytesByClient[1]!;
    assert.ok(bytes <= size - 5 * MB, `${bytes} of ${size} bytes were sent again`);
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  interruptTest(`client ends with 0 at ${signal} when all is done`, async () => {
    await using site = await Workspace.create({ "a.bin": 1000 });
    await site.setInput("a.bin\n");
    await using server = await startServer(site);
    await using client = startClient({ ...site, port: server.port });
    await client.waitFor(/; watching .*input\.txt$/m);
    client.kill(signal);
    const { code, signal: killedBy, stderr } = await client.ended(GONE_AFTER);
    assert.deepEqual([code, killedBy], [0, null], stderr);
  });
}

interruptTest("client ends with 1 at SIGINT when it waits for a file", async () => {
  await using site = await Workspace.create({ "a.bin": 1000 });
  await site.setInput("a.bin\nmissing.bin\n");
  await using server = await startServer(site);
  await using client = startClient({ ...site, port: server.port });
  await client.waitFor("done     a.bin  ");
  client.interrupt();
  assert.equal((await client.ended(GONE_AFTER)).code, 1);
});

interruptTest("client ends with 130 at SIGINT when it waits for the server", async () => {
  await using site = await Workspace.create();
  await site.setInput("a.bin\n");
  const port = freePort();
  await using client = startClient({ ...site, port });
  await client.waitFor(/^cannot reach .*; trying again$/m);
  client.interrupt();
  const { code, stderr } = await client.ended(GONE_AFTER);
  assert.equal(code, 130, stderr);
});

interruptTest("client ends with 130 at SIGINT when the server sends nothing", async () => {
  await using site = await Workspace.create();
  await site.setInput("a.bin\n");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using client = startClient({ ...site, port: listener.addr.port });
  using _conn = await listener.accept();
  client.interrupt();
  const { code, stderr } = await client.ended(GONE_AFTER);
  assert.equal(code, 130, stderr);
});

Deno.test({
  name: "client ends at SIGINT when its input list is a pipe without a writer",
  // Before Deno 2.9, which may be the runtime of the executables, opening a pipe blocks everything.
  ignore: EXECUTABLES !== null || Deno.version.deno.startsWith("2.4."),
  fn: endsBesidePipe,
});

async function endsBesidePipe(): Promise<void> {
  await using site = await Workspace.create();
  const { success } = await new Deno.Command("mkfifo", { args: [site.input] }).output();
  assert.ok(success);
  await using client = startClient({ ...site, port: freePort() });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  client.interrupt();
  const { signal } = await client.ended(GONE_AFTER);
  assert.equal(signal, null);
}

Deno.test("client resumes after kill -9", async () => {
  const size = 24 * MB;
  await using stage = await ThrottledRun.start({ files: { "a.bin": size }, input: "a.bin\n" });
  const { client, server, workspace } = stage;
  await stage.underWay("a.bin", 10 * MB);
  client.kill("SIGKILL");
  await client.ended();
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^resumed +a\.bin /m);
  await workspace.assertArrived("a.bin");
  await workspace.assertNoLeftovers();
  await server.waitForDisconnects(2);
  assert.ok(server.bytesByClient[1]! <= size - 5 * MB, String(server.bytesByClient));
});

interruptTest("client repairs bytes that were damaged between two runs", async () => {
  await using stage = await ThrottledRun.start({ files: { "a.bin": 24 * MB }, input: "a.bin\n" });
  const { client, server, workspace } = stage;
  await stage.underWay("a.bin", 10 * MB);
  client.interrupt();
  await client.ended();
  await damageKept(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^refetch +a\.bin .*damaged/m);
  await workspace.assertArrived("a.bin");
  await workspace.assertNoLeftovers();
});

interruptTest(
  "client refetches a file that changed on the server between two runs",
  async () => {
    await using stage = await ThrottledRun.start({ files: { "a.bin": 24 * MB }, input: "a.bin\n" });
    const { client, server, workspace } = stage;
    await stage.underWay("a.bin", 10 * MB);
    client.interrupt();
    await client.ended();
    await workspace.replace("a.bin", 24 * MB, 99);
    const { code, stderr } = await runClient({ ...workspace, port: server.port });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^refetch +a\.bin .*version/m);
    await workspace.assertArrived("a.bin");
    await workspace.assertNoLeftovers();
  },
);

Deno.test("client finishes while another one is killed", async () => {
  await using stage = await ThrottledRun.start({ files: { "a.bin": 12 * MB }, input: "a.bin\n" });
  const { relay, server, workspace } = stage;
  const output = `${workspace.output} 2`;
  await using other = startClient({ input: workspace.input, output, port: relay.port });
  await stage.underWay("a.bin", 3 * MB);
  await other.waitFor("connected to");
  other.kill("SIGKILL");
  await stage.done("a.bin");
  await server.waitForDisconnects(1);
  await stage.end();
  const third = await runClient({ input: workspace.input, output, port: server.port });
  assert.equal(third.code, 0, third.stderr);
});

/** A port without a listener. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Flips a bit in the largest of the client's work files. */
async function damageKept(site: Workspace): Promise<void> {
  const work = `${site.output}/.sluice`;
  let largest = { path: "", size: -1 };
  for await (const { name } of Deno.readDir(work)) {
    const path = `${work}/${name}`;
    const { size } = await Deno.stat(path);
    if (size > largest.size) largest = { path, size };
  }
  const bytes = await Deno.readFile(largest.path);
  bytes[1 * MB]! ^= 1;
  await Deno.writeFile(largest.path, bytes);
}
