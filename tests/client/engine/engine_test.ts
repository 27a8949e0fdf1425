import assert from "node:assert/strict";
import { PRIORITIES } from "../../../lib/client/priority.ts";
import { digestOf } from "../../support/virtual_disk.ts";
import { TimedRun } from "../../support/virtual_line.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

Deno.test("Engine fetches, verifies and commits a file", () => {
  const run = new VirtualRun();
  run.want({ path: "a", size: 100 * KB });
  assert.deepEqual(run.engine.counts, { underway: 1, failed: 0, unverified: 0 });
  assert.equal(run.sent.length, 0);
  run.connect();
  assert.equal(run.gets("a").length, 7);
  assert.equal(run.digests("a").length, 1);
  run.giveAllChunks();
  assert.equal(run.engine.isSettled, false);
  run.now = 70;
  run.giveDigest(run.digests("a")[0]!);
  run.assertHere("a");
  assert.equal(run.engine.isSettled, true);
  assert.deepEqual(run.story("a"), ["queued", "started", "verifying", "verified", "finished"]);
  assert.deepEqual(run.events.at(-1), {
    type: "finished",
    path: "a",
    size: 100 * KB,
    took: 70,
    sha256: digestOf({ path: "a", version: "v1" }),
    alreadyThere: false,
  });
  assert.equal(run.engine.stats.received, 100 * KB);
});

Deno.test("Engine requests no digest if none is compared", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 10 });
  run.giveAllChunks();
  assert.equal(run.sent.filter(({ type }) => type === "digest").length, 0);
  assert.deepEqual(run.story("a"), ["queued", "started", "verifying", "finished"]);
  run.assertHere("a");
  run.assertHere("b");
});

Deno.test("Engine creates an empty file, with its digest and without", () => {
  for (const verify of [true, false]) {
    const run = new VirtualRun({ verify });
    run.connect();
    run.want({ path: "empty", size: 0 });
    assert.equal(run.gets().length, 0);
    for (const request of run.digests()) run.giveDigest(request);
    run.assertHere("empty");
    assert.equal(run.engine.isSettled, true);
  }
});

Deno.test("Engine fails a file whose name is blocked, and no other", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.disk.obstacles.set("a", "a folder is in the way");
  run.want({ path: "a" }, { path: "b" });
  run.giveAllChunks();
  assert.deepEqual(run.story("a"), ["queued", "failed: a folder is in the way"]);
  run.assertHere("b");
  assert.deepEqual(run.engine.counts, { underway: 0, failed: 1, unverified: 0 });
  assert.equal(run.engine.isSettled, true);
});

Deno.test("Engine.takeProgress returns the positions that changed since the last call", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 32 * KB }, { path: "b", size: 64 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.giveChunk(run.gets("b")[0]!);
  run.giveChunk(run.gets("b")[0]!);
  const progress = [{ path: "a", received: 16 * KB }, { path: "b", received: 32 * KB }];
  assert.deepEqual(run.engine.takeProgress(), progress);
  assert.deepEqual(run.engine.takeProgress(), []);
  // Its end is an event.
  run.giveChunk(run.gets("a")[0]!);
  assert.deepEqual(run.engine.takeProgress(), []);
  assert.deepEqual(run.engine.unfinished, [
    { path: "b", priority: "NORMAL", size: 64 * KB, resumableBytes: 32 * KB },
  ]);
});

Deno.test("Engine.takeProgress leaves out a dropped file", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.unwant("a");
  assert.deepEqual(run.engine.takeProgress(), []);
});

Deno.test("Engine keeps 512 files of each priority active, and lets the others wait", () => {
  const run = new VirtualRun({ verify: false });
  const count = 1_500;
  run.want(...Array.from({ length: count }, (_, index) => ({ path: `${index}`, size: 500 })));
  const active = () => [...run.checks.live.keys()];
  assert.equal(active().length, 512);
  const [waiting] = [...run.wanted.keys()].filter((path) => !run.checks.live.has(path));
  // Each end, of any kind, makes room for one file that waits.
  run.unwant(...active().slice(0, 100), waiting!);
  assert.equal(active().length, 512);
  run.reprioritize("HIGH", ...active().slice(0, 200));
  assert.equal(active().length, 712);
  run.connect();
  for (const request of run.gets().slice(0, 50)) run.refuse(request, "bad-request");
  run.giveAllChunks();
  assert.equal(run.engine.isSettled, true);
  assert.equal(run.engine.stats.done, count - 151);
  assert.equal(run.checks.states.has(waiting!), false);
  assert.equal(run.disk.finals.has(waiting!), false);
});

Deno.test("Engine downloads 10,000 files, some of them active, in little time", () => {
  const timed = new TimedRun({ checksAll: false });
  const { run } = timed;
  run.want(...Array.from({ length: 10_000 }, (_, index) => ({
    path: `folder/${index}`,
    size: index * 7_919 % 50_000,
    priority: PRIORITIES[index % 3]!,
  })));
  timed.connect({ rate: 100e6, inlineDigest: true });
  const start = performance.now();
  timed.finish();
  const took = performance.now() - start;
  assert.equal(run.engine.stats.done, 10_000);
  for (const path of run.wanted.keys()) run.assertHere(path);
  assert.equal(run.disk.open, 0);
  assert.ok(run.checks.mostLive <= 3 * 512, `${run.checks.mostLive} files were active`);
  assert.ok(took < 10_000, `It took ${took} ms`);
  // 250 MB over 100 MB/s: the line was never idle for long.
  assert.ok(run.now < 2_900, `It took ${run.now} ms of virtual time`);
});

Deno.test("Engine accepts 10,000 complete files in one turn", () => {
  const run = new VirtualRun({ verify: false, checksAll: false });
  const files = Array.from({ length: 10_000 }, (_, index) => ({ path: `${index}`, size: 10 }));
  for (const { path } of files) {
    run.disk.finals.set(path, { size: 10, digest: "unknown", version: "v1" });
  }
  run.want(...files);
  assert.equal(run.engine.isSettled, true);
  assert.deepEqual([run.engine.stats.done, run.engine.stats.alreadyThere], [10_000, 10_000]);
});
