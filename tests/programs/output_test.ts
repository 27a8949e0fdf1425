import assert from "node:assert/strict";
import { join } from "@std/path";
import { Remote } from "../../lib/client/remote.ts";
import { startRelay } from "../../tools/relay.ts";
import {
  eventually,
  Program,
  programCommand,
  runClient,
  runProgram,
  startClient,
  startServer,
} from "./harness.ts";
import { interrupt, remainsOf } from "./interrupted_site.ts";
import { Site } from "./site.ts";
import { MB } from "./stage.ts";

/** How many clients are cut off in the middle of an answer. */
const CUTS = 50;

Deno.test("client lists what is kept of unwanted files, and --clean removes just that", async () => {
  const names = ["a.bin", "b.bin", "c.bin"];
  await using site = await Site.create(Object.fromEntries(names.map((name) => [name, 4 * MB])));
  await site.wish("*.bin\n");
  await using server = await startServer(site);
  await interrupt(site, server, names);
  assert.deepEqual(await keptPaths(site), names);

  await site.wish("a.bin\n");
  const { code, stderr } = await runClient({ ...site, port: server.port });
  assert.equal(code, 0, stderr);
  const [, command] = stderr.match(/^kept +.* 2 files .*; to remove it: client (.*)$/m) ?? [];
  assert.ok(command, stderr);
  assert.deepEqual(await keptPaths(site), ["b.bin", "c.bin"]);

  await site.wish("a.bin\nc.bin\n");
  const args = command.split(" ").map((word) => word.replace(/^"(.*)"$/, "$1"));
  const clean = await runProgram("client", args, site.root);
  assert.deepEqual([clean.code, clean.stderr], [0, ""]);
  assert.match(clean.stdout, /^removed .* of "b\.bin"\n$/);
  assert.deepEqual(await keptPaths(site), ["c.bin"]);
  await site.assertArrived("a.bin");

  const last = await runClient({ ...site, port: server.port });
  assert.equal(last.code, 0, last.stderr);
  assert.match(last.stderr, /^resumed +c\.bin /m);
  assert.doesNotMatch(last.stderr, /^kept /m);
  await site.assertArrived("a.bin", "c.bin");
  await site.assertNoLeftovers();
});

Deno.test("client has its output folder for itself, until it is killed", async () => {
  await using site = await Site.create({ "a.bin": 4 * MB });
  await site.wish("a.bin\n");
  await using server = await startServer(site);
  await using relay = startRelay({ port: server.port, bytesPerSecond: MB });
  await using first = startClient({ ...site, port: relay.port });
  await first.waitFor("connected to");
  for (const args of [["--once"], ["--clean"]]) {
    const second = await runClient({ ...site, port: server.port, args });
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, /^client: Another client .*\n$/);
    assert.ok(second.stderr.includes(`(process ${first.pid})`), second.stderr);
  }
  first.kill("SIGKILL");
  await first.ended();
  const third = await runClient({ ...site, port: server.port });
  assert.equal(third.code, 0, third.stderr);
  await site.assertArrived("a.bin");
  await site.assertNoLeftovers();
});

Deno.test("client fails what something stands in the way of, and goes on with the rest", async () => {
  await using site = await Site.create({ "a": 10, "b": MB, "folder/c": 20, "good": MB + 1 });
  await site.wish("**\n");
  await Deno.mkdir(join(site.output, "a", "mine"), { recursive: true });
  await Deno.writeTextFile(join(site.output, "folder"), "mine");
  await using server = await startServer(site);
  const { code, stderr } = await runClient({ ...site, port: server.port });
  assert.equal(code, 1, stderr);
  const failed = stderr.split("\n").filter((line) => line.startsWith("failed "));
  assert.equal(failed.length, 2, stderr);
  assert.match(stderr, /^failed +a +a folder stands where "a" belongs; move it away$/m);
  assert.match(stderr, /^failed +folder\/c +.*folder" is not a folder; move it away$/m);
  await site.assertArrived("b", "good");
  assert.ok((await Deno.stat(join(site.output, "a", "mine"))).isDirectory);
  assert.equal(await Deno.readTextFile(join(site.output, "folder")), "mine");
  await site.assertNoLeftovers();
});

Deno.test("client fails a file that the disk does not take, and goes on with the rest", async () => {
  if (Deno.build.os === "windows") return skip("this system has no limit for the size of files");
  const limit = 8 * MB;
  await using site = await Site.create({ "large": limit + 4 * MB, "good": MB });
  await site.wish("*\n");
  await using server = await startServer(site);
  const { command, args } = programCommand("client", [
    ...["--server", `127.0.0.1:${server.port}`, "--input", site.input],
    ...["--output", site.output, "--once"],
  ]);
  // Ignored, the signal becomes an error of the write. Blocks have 512 bytes, in some shells 1,024.
  const script = `trap '' XFSZ; ulimit -f ${Math.floor(limit / 1024)}; exec "$0" "$@"`;
  await using client = new Program(
    { command: "sh", args: ["-c", script, command, ...args] },
    { cwd: site.root },
  );
  const { code, stderr } = await client.ended();
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^failed +large +\S/m);
  assert.equal(stderr.match(/^failed /mg)!.length, 1, stderr);
  await site.assertArrived("good");
  await site.assertAbsent("large");

  const second = await runClient({ ...site, port: server.port });
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /^resumed +large /m);
  await site.assertArrived("large", "good");
  await site.assertNoLeftovers();
});

Deno.test("server keeps nothing open for clients that were cut in the middle", async () => {
  if (Deno.build.os !== "linux") return skip("only Linux says which files a process has open");
  await using site = await Site.create({ "a.bin": 8 * MB, "b.bin": 8 * MB });
  await site.wish("*\n");
  await using server = await startServer(site);
  const honest = await runClient({ ...site, port: server.port });
  assert.equal(honest.code, 0, honest.stderr);
  await server.waitForLeaving(1);
  const before = await settled(() => openFiles(server.pid));
  await Promise.all(Array.from({ length: CUTS }, () => getAndCut(server.port)));
  await server.waitForLeaving(1 + CUTS);
  await eventually(async () => {
    const after = await openFiles(server.pid);
    assert.ok(after <= before, `${after} are open, ${before} were`);
  });
});

/** Asks for more than fits into the system's buffers, and is gone at its first piece. */
async function getAndCut(port: number): Promise<void> {
  using remote = await Remote.connect(
    { hostname: "127.0.0.1", port },
    new AbortController().signal,
  );
  const run = remote.run({ listChanged: () => {}, answered: () => {} });
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const requests = [...remote.files.values()].flatMap(({ path, version }) =>
    [0, 1, 2, 3].map((i) => ({
      path,
      version,
      offset: i * MB,
      length: MB,
      arrived: () => resolve(),
      failed: () => {},
    }))
  );
  remote.get(requests);
  const asked = remote.digest(requests[0]!.path, requests[0]!.version).catch(() => {});
  await first;
  remote[Symbol.dispose]();
  await run.catch(() => {});
  await asked;
}

async function keptPaths(site: Site): Promise<string[]> {
  return (await remainsOf(site)).map(({ journal }) => journal.subject.path).sort();
}

async function openFiles(pid: number): Promise<number> {
  const listing = new Deno.Command("ls", { args: [`/proc/${pid}/fd`], stdin: "null" });
  const { success, stdout } = await listing.output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** A number, once it stands still for longer than the server keeps what nobody uses. */
async function settled(count: () => Promise<number>): Promise<number> {
  for (let last = -1;;) {
    const now = await count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  }
}

function skip(reason: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${reason}\n`));
}
