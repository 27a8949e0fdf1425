import assert from "node:assert/strict";
import { join } from "@std/path";
import { journalHead, journalLine } from "../../lib/client/disk/journal.ts";
import { eventually, runClient, startClient, startServer } from "../support/harness.ts";
import { interruptDownload } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

const SIZE = 6 * MB;
/** Bytes that may be in flight when a file changes, and so be sent in vain. */
const IN_FLIGHT = 2 * MB;

/** Things that touch a shared file's metadata, and no byte of it. */
const TOUCHES: Readonly<Record<string, (workspace: Workspace) => Promise<void>>> = {
  "changes its mode": (workspace) => Deno.chmod(workspace.shared("a.bin"), 0o640),
  "gives it a second name": (workspace) =>
    Deno.link(workspace.shared("a.bin"), join(workspace.root, "second")),
  "moves it away and back": async (workspace) => {
    await Deno.rename(workspace.shared("a.bin"), join(workspace.root, "away"));
    await Deno.rename(join(workspace.root, "away"), workspace.shared("a.bin"));
  },
  "sets another time": (workspace) => Deno.utime(workspace.shared("a.bin"), 1, 1_600_000_000),
  "replaces it by a copy with its time": async (workspace) => {
    const path = workspace.shared("a.bin");
    const copy = join(workspace.root, "copy");
    await Deno.copyFile(path, copy);
    const { mtime } = await Deno.stat(path);
    await Deno.utime(copy, mtime!, mtime!);
    await Deno.rename(copy, path);
  },
};

Deno.test("client keeps what it has if something touches the file during its download", async (t) => {
  for (const [name, touch] of Object.entries(TOUCHES)) {
    await t.step({
      name,
      ignore: Deno.build.os === "windows",
      fn: async () => {
        await using run = await ThrottledRun.start({
          files: { "a.bin": SIZE },
          input: "a.bin\n",
          bytesPerSecond: 4 * MB,
          args: ["--once"],
        });
        await run.underWay("a.bin", 3 * MB);
        await touch(run.workspace);
        const { code, stderr } = await run.client.ended();
        assert.equal(code, 0, stderr);
        await run.workspace.assertArrived("a.bin");
        await run.workspace.assertNoLeftovers();
        await run.server.waitForDisconnects(1);
        const [sent] = run.server.bytesByClient;
        assert.ok(sent! <= SIZE + IN_FLIGHT, `${sent} bytes were sent:\n${stderr}`);
      },
    });
  }
});

Deno.test("client keeps what an earlier run left of a file that was touched or has grown", async (t) => {
  await using workspace = await Workspace.create({ "a.bin": SIZE });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const [remains] = await interruptDownload(workspace, server, ["a.bin"]);
  const data = await Deno.readFile(remains!.dataPath);
  const { subject, entries } = remains!.journal;
  const changes = {
    "it was touched": () => Deno.utime(workspace.shared("a.bin"), 1, 1_600_000_000),
    "it has grown": () =>
      Deno.writeTextFile(workspace.shared("a.bin"), "a new line\n", { append: true }),
  };
  // The version that earlier releases gave the same file.
  const versions = [subject.version, `${subject.version}-mwwvmu2o-1apfz`];
  for (const [name, change] of Object.entries(changes)) {
    await change();
    await using fresh = await startServer(workspace);
    for (const version of versions) {
      await t.step(`after ${name}, with version ${versions.indexOf(version)}`, async () => {
        await Deno.remove(workspace.output, { recursive: true });
        await Deno.mkdir(join(workspace.output, ".sluice"), { recursive: true });
        await Deno.writeFile(remains!.dataPath, data);
        const lines = [journalHead({ ...subject, version }), ...entries.map(journalLine)];
        await Deno.writeTextFile(remains!.journalPath, lines.join(""));
        const { code, stderr } = await runClient({ ...workspace, port: fresh.port });
        assert.equal(code, 0, stderr);
        assert.match(stderr, /^resumed +a\.bin /m);
        await workspace.assertArrived("a.bin");
        await workspace.assertNoLeftovers();
        const { size } = await Deno.stat(workspace.shared("a.bin"));
        await fresh.waitForDisconnects(1 + versions.indexOf(version));
        assert.equal(fresh.bytesByClient.at(-1), size - remains!.resumableBytes, stderr);
      });
    }
  }
});

Deno.test("client fetches no byte of a complete file that is touched, and the end of one that grows", async () => {
  await using workspace = await Workspace.create({ "a.bin": SIZE });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  await runClient({ ...workspace, port: server.port });
  for (const args of [["--once"], ["--once", "--verify", "none"]]) {
    await Deno.utime(workspace.shared("a.bin"), 1, 1_500_000_000 + args.length);
    const { code, stderr } = await runClient({ ...workspace, port: server.port, args });
    assert.equal(code, 0, stderr);
  }
  await Deno.writeTextFile(workspace.shared("a.bin"), "a new line\n", { append: true });
  let clients = 3;
  await eventually(async () => {
    await runClient({ ...workspace, port: server.port });
    clients++;
    await workspace.assertArrived("a.bin");
  });
  await workspace.assertNoLeftovers();
  await server.waitForDisconnects(clients);
  const sent = server.bytesByClient.reduce((sum, bytes) => sum + bytes, 0);
  assert.equal(sent, SIZE + "a new line\n".length);
});

Deno.test("client removes what a killed one left of a file that is complete", async () => {
  await using workspace = await Workspace.create({ "a.bin": SIZE });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const [remains] = await interruptDownload(workspace, server, ["a.bin"]);
  const [data, journal] = await Promise.all(
    [remains!.dataPath, remains!.journalPath].map((path) => Deno.readFile(path)),
  );
  await runClient({ ...workspace, port: server.port });
  for (const args of [["--once"], ["--once", "--verify", "none"]]) {
    // A crash after the rename leaves the journal; one of another program may leave both.
    for (const left of [[], [[remains!.dataPath, data!] as const]]) {
      await Deno.mkdir(join(workspace.output, ".sluice"), { recursive: true });
      await Deno.writeFile(remains!.journalPath, journal!);
      for (const [path, bytes] of left) await Deno.writeFile(path, bytes);
      const { code, stderr } = await runClient({ ...workspace, port: server.port, args });
      assert.equal(code, 0, stderr);
      assert.match(stderr, /already there/);
      await workspace.assertArrived("a.bin");
      await workspace.assertNoLeftovers();
    }
  }
});

Deno.test("client fetches the new lines of a log while it stays, and little more", async () => {
  await using workspace = await Workspace.create({ "a.log": SIZE });
  await workspace.setInput("a.log CRITICAL\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await client.waitFor("done     a.log  ");
  for (let line = 0; line < 4; line++) {
    await Deno.writeTextFile(workspace.shared("a.log"), `line ${line}\n`, { append: true });
    await eventually(() => workspace.assertArrived("a.log"));
  }
  client.kill("SIGKILL");
  await server.waitForDisconnects(1);
  const { size } = await Deno.stat(workspace.shared("a.log"));
  assert.equal(server.bytesByClient[0], size);
});

Deno.test("client ends with --once although a log grows for a while", async () => {
  await using workspace = await Workspace.create({ "a.log": SIZE, "b.bin": SIZE });
  await workspace.setInput("a.log CRITICAL\nb.bin\n");
  await using server = await startServer(workspace);
  let grows = true;
  const growing = (async () => {
    for (let line = 0; grows && line < 60; line++) {
      await Deno.writeTextFile(workspace.shared("a.log"), `line ${line}\n`, { append: true });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })();
  try {
    await using client = startClient({ ...workspace, port: server.port, args: ["--once"] });
    // The pauses after the last changes may be long; ten changes would be too many.
    const { code, stderr } = await client.ended(400_000);
    assert.ok(code === 0 || /it keeps changing on the server/.test(stderr), stderr);
    await workspace.assertArrived("b.bin");
    await server.waitForDisconnects(1);
    assert.ok(server.bytesByClient[0]! < 3 * SIZE, stderr);
  } finally {
    grows = false;
    await growing;
  }
});

/** A page that is written once before, and once after a line on standard input. */
const MAPPED_WRITES = `
import mmap, sys
with open(sys.argv[1], "r+b") as file:
    page = mmap.mmap(file.fileno(), 0)
    page[0] = ord("a")
    print("ready", flush=True)
    sys.stdin.readline()
    page[0] = ord("b")
    print("done", flush=True)
`;

Deno.test({
  name: "client gets a file right that was written through a memory map after it was hashed",
  // Python has memory maps, Deno has none; other systems update times of mapped pages otherwise.
  ignore: Deno.build.os !== "linux" || !hasPython(),
  fn: async () => {
    await using workspace = await Workspace.create({ "a.bin": SIZE });
    await workspace.setInput("a.bin\n");
    const writer = new Deno.Command("python3", {
      args: ["-c", MAPPED_WRITES, workspace.shared("a.bin")],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = writer.stdout.getReader();
    await output.read();
    await using server = await startServer(workspace);
    const first = await runClient({ ...workspace, port: server.port });
    assert.equal(first.code, 0, first.stderr);
    const input = writer.stdin.getWriter();
    await input.write(new TextEncoder().encode("\n"));
    await output.read();
    await input.close();
    await output.cancel();
    await writer.status;
    await Deno.remove(workspace.output, { recursive: true });
    const second = await runClient({ ...workspace, port: server.port });
    assert.equal(second.code, 0, second.stderr);
    assert.doesNotMatch(second.stderr, /^refetch/m);
    await workspace.assertArrived("a.bin");
  },
});

function hasPython(): boolean {
  try {
    return new Deno.Command("python3", { args: ["-c", "import mmap"] }).outputSync().success;
  } catch {
    return false;
  }
}
