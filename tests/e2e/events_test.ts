import assert from "node:assert/strict";
import { type JsonLine, parseJsonLines } from "../support/event_schema.ts";
import {
  errorOf,
  eventually,
  type ProgramResult,
  runClient,
  sha256,
  startServer,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

const JSON_ARGS = ["--progress", "json"];

/** The lines of a run; asserts that all are as documented and that standard error is empty. */
function linesOf({ stdout, stderr }: ProgramResult): JsonLine[] {
  assert.equal(stderr, "");
  return parseJsonLines(stdout);
}

function only(lines: readonly JsonLine[], event: string): JsonLine[] {
  return lines.filter((line) => line.event === event);
}

function sum(lines: readonly JsonLine[], member: string): number {
  return lines.reduce((total, line) => total + (line[member] as number), 0);
}

Deno.test("client --progress json reports a whole run, and its sums are those of the files", async () => {
  const files = { "a.bin": 3 * MB, "b/c.bin": 70_000, "b/d.bin": 5, "empty": 0, "e 日.bin": 1 };
  await using site = await Workspace.create(files);
  await site.setInput("a.bin CRITICAL\nb/* HIGH\nempty\ne*\n");
  await using server = await startServer(site);
  const started = Date.now();
  const result = await runClient({ ...site, port: server.port, args: ["--once", ...JSON_ARGS] });
  assert.equal(result.code, 0, result.stderr);
  const lines = linesOf(result);
  assert.deepEqual(only(lines, "entry").map(({ name }) => name), ["a.bin", "b/*", "empty", "e*"]);
  const finished = only(lines, "finished");
  assert.deepEqual(new Set(finished.map(({ path }) => path)), new Set(Object.keys(files)));
  for (const { path, sha256: digest } of finished) {
    assert.equal(digest, await sha256(site.shared(path as string)));
  }
  const total = Object.values(files).reduce((size, more) => size + more, 0);
  assert.equal(sum(finished, "size"), total);
  assert.equal(sum(only(lines, "queued"), "size"), total);
  assert.equal(only(lines, "list")[0]!.size, total);
  assert.equal(lines[lines.length - 1]!.event, "summary");
  const { done, receivedBytes, repeatedBytes, resume, exitCode, error } = lines.at(-1)!;
  assert.deepEqual({ done, receivedBytes, repeatedBytes, resume, exitCode, error }, {
    done: 5,
    receivedBytes: total,
    repeatedBytes: 0,
    resume: null,
    exitCode: 0,
    error: null,
  });
  for (const path of Object.keys(files)) assertOrder(lines, path);
  const times = lines.map(({ time }) => Date.parse(time));
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  assert.ok(times[0]! >= started && times.at(-1)! <= Date.now());
});

/** Asserts that a file's events are in the order of its stages. */
function assertOrder(lines: readonly JsonLine[], path: string): void {
  const order = ["queued", "started", "verifying", "verified", "finished"];
  const found = lines.filter((line) => line.path === path).map(({ event }) => event);
  // An empty file has no bytes to request, so it is never started.
  assert.deepEqual(found, order.filter((event) => path !== "empty" || event !== "started"));
}

Deno.test("client --progress json reports edits, waiting, shares and an interrupt", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 40 * MB, "b.bin": 40 * MB },
    input: "a.bin CRITICAL\nb.bin\ngone.bin\n",
    bytesPerSecond: 10 * MB,
    args: JSON_ARGS,
  });
  const { client, server, workspace, relay } = stage;
  await stage.underWay("b.bin", 2 * MB);
  await workspace.setInput("a.bin CRITICAL\nb.bin HIGH\nnew*.bin\n");
  await client.waitForOutput(/"event":"reprioritized"/);
  await client.waitForOutput(/"names":\["new\*\.bin"\]/);
  relay.cut();
  await client.waitForOutput(/"event":"reconnecting"/);
  await eventually(() => assert.ok(client.stdout.split('"event":"connected"').length > 2));
  await client.waitForOutput(/"event":"progress".*\n.*"event":"progress"/);
  client.interrupt();
  const result = await client.ended();
  assert.equal(result.code, 130);
  const lines = linesOf(result);

  const changes = only(lines, "entry").slice(3).map(({ change, name }) => `${change} ${name}`);
  assert.deepEqual(changes, ["changed b.bin", "added new*.bin", "removed gone.bin"]);
  assert.deepEqual(only(lines, "waiting").map(({ names }) => names), [["gone.bin"], ["new*.bin"]]);
  assert.equal(only(lines, "interrupted").length, 1);
  const last = lines.at(-1)!;
  assert.equal(last.event, "summary");
  assert.deepEqual([last.interrupted, last.exitCode, last.done], [true, 130, 0]);
  assert.match(
    last.resume as string,
    /^(?:deno run .*client\.ts|\S*sluice-client\S*) --server 127\.0\.0\.1:\d+ --input \S+ --output \S+$/,
  );
  const shares = last.shares as { bytes: number; priorities: { actualShare: number }[] };
  assert.ok(shares.bytes > 0 && shares.bytes <= (last.receivedBytes as number));

  const unfinished = last.unfinished as { path: string; resumableBytes: number }[];
  const kept = new Map(unfinished.map(({ path, resumableBytes }) => [path, resumableBytes]));
  const again = await runClient({
    ...workspace,
    port: server.port,
    args: ["--once", ...JSON_ARGS],
  });
  const resumed = only(linesOf(again), "started").map((
    { path, resumedBytes },
  ) => [path, resumedBytes]);
  assert.deepEqual(new Map(resumed as [string, number][]), kept);
  const secondBytes = linesOf(again).at(-1)!.receivedBytes as number;
  assert.equal(
    secondBytes,
    80 * MB - unfinished.reduce((sum, { resumableBytes }) => sum + resumableBytes, 0),
  );
});

Deno.test("client --progress json reports which files failed, and what to do", async () => {
  await using site = await Workspace.create({ "a.bin": 1000, "b.bin": 1000 });
  await site.setInput(`a.bin sha256:${"0".repeat(64)}\nb.bin\nnowhere.bin\n`);
  await using server = await startServer(site);
  const result = await runClient({ ...site, port: server.port, args: ["--once", ...JSON_ARGS] });
  const lines = linesOf(result);
  const { failed, done, waiting, exitCode, resume } = lines.at(-1)!;
  assert.deepEqual([result.code, exitCode, done], [4, 4, 1]);
  assert.deepEqual(waiting, ["nowhere.bin"]);
  const [{ path, reason, advice }] = failed as [Record<string, string>];
  assert.equal(path, "a.bin");
  assert.match(reason!, /line 1 says 0{64}/);
  assert.match(advice!, /digest in line 1/);
  assert.match(resume as string, /^(?:deno run .*client\.ts|\S*sluice-client\S*) .*--once$/);
});

Deno.test("client --progress json ends with a summary that says why it gave up", async () => {
  await using site = await Workspace.create();
  const port = freePort();
  await site.setInput("a.bin\n");
  const args = ["--once", "--retry-for", "1", ...JSON_ARGS];
  const { code, stdout, stderr } = await runClient({ ...site, port, args });
  assert.equal(code, 3);
  assert.match(stderr, errorOf("client", /Cannot reach [^\n]+\n$/));
  const lines = parseJsonLines(stdout);
  assert.ok(only(lines, "reconnecting").length > 0);
  assert.equal(only(lines, "unreachable").length, 1);
  assert.match(lines.at(-1)!.error as string, /^Cannot reach 127/);
  assert.equal(lines.at(-1)!.exitCode, 3);
});

/** A port without a listener. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
