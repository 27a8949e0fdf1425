import assert from "node:assert/strict";
import {
  eventually,
  interruptTest,
  startClient,
  startServer,
  waitForDone,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

Deno.test("client fetches files that appear on the server later", async () => {
  await using workspace = await Workspace.create({ "first.bin": 1000 });
  await workspace.setInput("later.bin HIGH\nfirst.bin\nphotos/**/*.jpg\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await waitForDone(client, "first.bin");
  assert.match(client.stderr, /^waiting for 2 files .*: later\.bin, photos\/\*\*\/\*\.jpg$/m);
  const late = ["later.bin", "photos/a.jpg", "photos/2024/may/b.jpg"];
  await workspace.replace("photos/a.txt", 10, 1);
  for (const [i, path] of late.entries()) await workspace.replace(path, 200_000 + i, i);
  for (const path of late) await waitForDone(client, path);
  await workspace.assertArrived("first.bin", ...late);
  await workspace.assertAbsent("photos/a.txt");
});

Deno.test("client fetches a file that appears on the server slowly", async () => {
  await using workspace = await Workspace.create();
  await workspace.setInput("*.log\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await client.waitFor("waiting for 1 file");
  for (let size = 1; size <= 5; size++) {
    await Deno.writeTextFile(workspace.shared("a.log"), `line ${size}\n`.repeat(10_000), {
      append: true,
    });
    await eventually(() => workspace.assertArrived("a.log"));
  }
});

for (const how of ["replaced", "overwritten in place"]) {
  Deno.test(`client ends up with the new content of a file that is ${how} during its download`, async () => {
    await using run = await ThrottledRun.start({ files: { "a.bin": 9 * MB }, input: "a.bin\n" });
    const { workspace } = run;
    await run.underWay("a.bin", 2 * MB);
    if (how === "replaced") await workspace.replace("a.bin", 5 * MB, 77);
    else await workspace.share("a.bin", 9 * MB, 77);
    await eventually(() => workspace.assertArrived("a.bin"));
    await run.client.waitFor(/; watching .*input\.txt$/m);
    await workspace.assertArrived("a.bin");
    await run.end();
  });
}

Deno.test("client waits for a file that vanishes from the server during its download", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 3 * MB },
    input: "a.bin\nb.bin\n",
  });
  await run.underWay("a.bin", 1 * MB);
  await Deno.remove(run.workspace.shared("a.bin"));
  await run.client.waitFor(/^waiting for 1 file .*: a\.bin$/m);
  await run.done("b.bin");
  await run.workspace.assertAbsent("a.bin");
  await run.workspace.replace("a.bin", 1 * MB, 5);
  await run.done("a.bin");
});

interruptTest("client fetches a file again that changes after its download", async () => {
  await using workspace = await Workspace.create({ "a.bin": 300_000, "b.bin": 1000 });
  await workspace.setInput("*.bin\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await client.waitFor(/; watching .*input\.txt$/m);
  await workspace.assertArrived("a.bin", "b.bin");
  for (const [seed, size] of [[1, 300_000], [2, 400_000], [3, 0], [4, 10]] as const) {
    await workspace.replace("a.bin", size, seed);
    await eventually(() => workspace.assertArrived("a.bin"));
  }
  await workspace.assertArrived("b.bin");
  client.interrupt();
  assert.equal((await client.ended()).code, 0);
  await server.waitForDisconnects(1);
  assert.equal(server.sent.filter((path) => path === "b.bin").length, 1);
});

Deno.test("client keeps a complete file that the server removes afterwards", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000 });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await waitForDone(client, "a.bin");
  const content = await Deno.readFile(workspace.shared("a.bin"));
  await Deno.remove(workspace.shared("a.bin"));
  await client.waitFor(/^waiting for 1 file .*: a\.bin$/m);
  assert.deepEqual(await Deno.readFile(workspace.downloaded("a.bin")), content);
});
