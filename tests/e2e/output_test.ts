import assert from "node:assert/strict";
import { join } from "@std/path";
import { startRelay } from "../../tools/relay.ts";
import { assertHarmless } from "../support/hostile/server_row.ts";
import { runClient, runProgram, startClient, startServer } from "../support/harness.ts";
import { interrupt, remainsOf } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

Deno.test("client lists what is kept of unwanted files, and --clean removes just that", async () => {
  const names = ["a.bin", "b.bin", "c.bin"];
  await using site = await Workspace.create(
    Object.fromEntries(names.map((name) => [name, 4 * MB])),
  );
  await site.setInput("*.bin\n");
  await using server = await startServer(site);
  await interrupt(site, server, names);
  assert.deepEqual(await keptPaths(site), names);

  await site.setInput("a.bin\n");
  const { code, stderr } = await runClient({ ...site, port: server.port });
  assert.equal(code, 0, stderr);
  const [, command] = stderr.match(
    /^kept +.* 2 files .*; to remove it: (?:deno task client|sluice-client\S*) (.*)$/m,
  ) ?? [];
  assert.ok(command, stderr);
  assert.deepEqual(await keptPaths(site), ["b.bin", "c.bin"]);

  await site.setInput("a.bin\nc.bin\n");
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
  await using site = await Workspace.create({ "a.bin": 4 * MB });
  await site.setInput("a.bin\n");
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

Deno.test("client --clean removes nothing while a line of the list is not understood", async () => {
  await using site = await Workspace.create({ "a.bin": 4 * MB });
  await site.setInput("a.bin\n");
  await using server = await startServer(site);
  await interrupt(site, server, ["a.bin"]);
  await site.setInput("a.bin sha256:12\n");
  const { stdout, stderr } = await runClient({ ...site, port: server.port, args: ["--clean"] });
  assert.deepEqual(await keptPaths(site), ["a.bin"], stdout);
  assert.match(stderr, /line 1/);
});

Deno.test("client says in words that a journal of an unwanted file cannot be read", async () => {
  await using site = await Workspace.create({ "a.bin": MB });
  await site.setInput("a.bin\n");
  await using server = await startServer(site);
  const stem = join(site.output, ".sluice", "0".repeat(32));
  await Deno.mkdir(`${stem}.journal`, { recursive: true });
  await Deno.writeTextFile(`${stem}.data`, "left");
  const { code, stderr } = await runClient({ ...site, port: server.port });
  assertHarmless(stderr);
  assert.equal(code, 0, stderr);
});

async function keptPaths(site: Workspace): Promise<string[]> {
  return (await remainsOf(site)).map(({ journal }) => journal.subject.path).sort();
}
