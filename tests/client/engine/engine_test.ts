import assert from "node:assert/strict";
import { PRIORITIES } from "../../../lib/client/priority.ts";
import { digestOf, partialOf } from "../../support/virtual_disk.ts";
import { TimedRun } from "../../support/virtual_line.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

Deno.test("Engine fetches, verifies and places a file", () => {
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

Deno.test("Engine asks for no digest where none is compared", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 10 });
  run.giveAllChunks();
  assert.equal(run.sent.filter(({ type }) => type === "digest").length, 0);
  assert.deepEqual(run.story("a"), ["queued", "started", "verifying", "finished"]);
  run.assertHere("a");
  run.assertHere("b");
});

Deno.test("Engine makes an empty file, with its digest and without", () => {
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

Deno.test("Engine compares what stands under the final name, and fetches it only if it differs", () => {
  const run = new VirtualRun();
  run.connect();
  const right = digestOf({ path: "same", version: "v1" });
  run.disk.finals.set("same", { size: 500, digest: right, version: "v1" });
  run.disk.finals.set("other", { size: 500, digest: "digest of another", version: null });
  run.disk.finals.set("longer", { size: 501, digest: right, version: "v1" });
  run.want(...["same", "other", "longer"].map((path) => ({ path, size: 500 })));
  assert.deepEqual(run.gets().map(({ path }) => path), ["longer"]);
  for (const path of ["same", "other"]) run.giveDigest(run.digests(path)[0]!);
  assert.deepEqual(run.story("same"), ["queued", "verified", "finished"]);
  assert.equal(run.engine.stats.alreadyThere, 1);
  assert.deepEqual(run.gets().map(({ path }) => path), ["longer", "other"]);
  run.giveAllChunks();
  for (const request of run.digests()) run.giveDigest(request);
  run.assertHere("other");
  run.assertHere("longer");
  assert.equal(run.engine.stats.alreadyThere, 1);
  // The digest of a file that was compared is known, and not asked for again.
  assert.equal(
    run.sent.filter(({ type, path }) => type === "digest" && path === "other").length,
    1,
  );
});

Deno.test("Engine takes a file of the same size and time for the file where no digest is compared", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.disk.finals.set("a", { size: 500, digest: "unknown", version: "v1" });
  run.disk.finals.set("b", { size: 500, digest: "unknown", version: "v0" });
  run.want({ path: "a", size: 500 }, { path: "b", size: 500 });
  assert.deepEqual(run.story("a"), ["queued", "finished"]);
  assert.deepEqual(run.gets().map(({ path }) => path), ["b"]);
});

Deno.test("Engine compares with the digest of the input list without asking the server", () => {
  const run = new VirtualRun({ verify: false });
  run.disk.finals.set("a", { size: 500, digest: "listed", version: null });
  run.want({ path: "a", size: 500, sha256: "listed" });
  assert.deepEqual(run.story("a"), ["queued", "verified", "finished"]);
});

Deno.test("Engine fetches what an earlier download lacks, and nothing more", () => {
  const run = new VirtualRun({ verify: false });
  const file = { path: "a", size: 100 * KB, modified: 0, version: "v1" };
  run.disk.partials.set(
    "a",
    partialOf(file, { start: 0, end: 30_000 }, { start: 50_000, end: 90_000 }),
  );
  run.want({ path: "a", size: file.size });
  run.connect();
  const asked = run.gets().reduce((sum, { length }) => sum + length, 0);
  assert.equal(asked, file.size - 70_000);
  assert.deepEqual(run.engine.takeProgress(), [{ path: "a", received: 70_000 }]);
  assert.deepEqual(run.events.at(-1), { type: "started", path: "a", resumedBytes: 70_000 });
  run.giveAllChunks();
  run.assertHere("a");
  assert.deepEqual(run.engine.stats.received, asked);
  assert.deepEqual(run.engine.stats.repeated, 0);
});

Deno.test("Engine asks for no chunk of a file of which all is here", () => {
  const run = new VirtualRun();
  const file = { path: "a", size: 500, modified: 0, version: "v1" };
  run.disk.partials.set("a", partialOf(file, { start: 0, end: 500 }));
  run.connect();
  run.want({ path: "a", size: 500 });
  assert.equal(run.gets().length, 0);
  run.giveDigest(run.digests()[0]!);
  run.assertHere("a");
});

Deno.test("Engine reports damaged bytes, and fetches them again", () => {
  const run = new VirtualRun({ verify: false });
  const file = { path: "a", size: 1_000, modified: 0, version: "v1" };
  run.disk.partials.set("a", partialOf(file, { start: 0, end: 800 }));
  run.disk.damage("a", { start: 100, end: 150 });
  run.connect();
  run.want({ path: "a", size: 1_000 });
  assert.deepEqual(run.gets().map(({ offset, length }) => [offset, length]), [[100, 50], [
    800,
    200,
  ]]);
  assert.deepEqual(run.story("a").slice(0, 2), [
    "queued",
    "refetching: 50 of the bytes that were here are damaged",
  ]);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine gives up what is here of another version", () => {
  const run = new VirtualRun({ verify: false });
  const file = { path: "a", size: 1_000, modified: 0, version: "v0" };
  run.disk.partials.set("a", partialOf(file, { start: 0, end: 800 }));
  run.connect();
  run.want({ path: "a", size: 1_000 });
  assert.equal(
    run.story("a")[1],
    "refetching: the server's file is another version of what was here",
  );
  assert.deepEqual(run.gets().map(({ offset, length }) => [offset, length]), [[0, 1_000]]);
  run.giveAllChunks();
  run.assertHere("a");
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

Deno.test("Engine drops a file whose line is removed, and takes it up when it comes again", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 10 });
  const [first, second] = run.gets("a");
  run.giveChunk(first!);
  run.unwant("a");
  assert.equal(run.story("a").at(-1), "dropped: it is not wanted any more");
  // What was asked for comes nevertheless, and is not written.
  run.giveChunk(second!);
  assert.deepEqual(run.engine.unfinished.map(({ path }) => path), ["b"]);
  run.want({ path: "a", size: 100 * KB });
  assert.equal(run.events.at(-1)?.type, "started");
  const asked = run.gets("a").filter(({ record: { phase } }) => phase === "fetching");
  assert.equal(asked.reduce((sum, { length }) => sum + length, 0), 84 * KB);
  run.giveAllChunks();
  run.assertHere("a");
  run.assertHere("b");
});

Deno.test("Engine drops a file of which nothing has begun, and one that is done", () => {
  const run = new VirtualRun({ verify: false });
  run.want({ path: "a" });
  run.unwant("a");
  assert.equal(run.engine.isSettled, true);
  run.connect();
  run.want({ path: "b" });
  run.giveAllChunks();
  run.unwant("b");
  assert.deepEqual(run.story("b").slice(-2), ["finished", "dropped: it is not wanted any more"]);
  assert.equal(run.engine.stats.done, 1);
  run.want({ path: "b" });
  assert.deepEqual(run.story("b").slice(-2), ["queued", "finished"]);
  assert.equal(run.engine.stats.done, 1);
});

Deno.test("Engine begins with nothing when the list has another version of a file", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.want({ path: "a", size: 80 * KB, version: "v2" });
  assert.deepEqual(run.story("a"), [
    "queued",
    "started",
    "queued",
    "refetching: the server's file is another version of what was here",
    "started",
  ]);
  run.giveAllChunks();
  run.assertHere("a");
  assert.equal(run.engine.isSettled, true);
});

Deno.test("Engine fetches a file again whose digest in the input list changes", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 500 });
  run.giveAllChunks();
  const { finals } = run.disk;
  run.want({ path: "a", size: 500, sha256: finals.get("a")!.digest });
  assert.deepEqual(run.story("a").slice(-3), ["queued", "verified", "finished"]);
  assert.equal(run.sent.length, 1);
});

Deno.test("Engine moves a file that waits, is underway, or is done, to another priority", () => {
  const run = new VirtualRun({ verify: false });
  run.want({ path: "done", size: 10 });
  run.connect({ maxRequests: 1 });
  run.giveAllChunks();
  run.want({ path: "a", size: 1e9 }, { path: "b", size: 1e9 });
  run.reprioritize("CRITICAL", "done", "b");
  run.replan();
  const moved = run.events.filter(({ type }) => type === "reprioritized");
  assert.equal(moved.length, 2);
  run.giveChunk(run.gets()[0]!);
  const paths = Array.from({ length: 10 }, () => {
    const request = run.gets()[0]!;
    run.now += 10;
    run.giveChunk(request);
    return request.path;
  });
  assert.ok(paths.filter((path) => path === "b").length >= 8, `${paths}`);
});

Deno.test("Engine says how far files have come since it was asked before", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 32 * KB }, { path: "b", size: 64 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.giveChunk(run.gets("b")[0]!);
  run.giveChunk(run.gets("b")[0]!);
  const progress = [{ path: "a", received: 16 * KB }, { path: "b", received: 32 * KB }];
  assert.deepEqual(run.engine.takeProgress(), progress);
  assert.deepEqual(run.engine.takeProgress(), []);
  // Its end is told by an event.
  run.giveChunk(run.gets("a")[0]!);
  assert.deepEqual(run.engine.takeProgress(), []);
  assert.deepEqual(run.engine.unfinished, [
    { path: "b", priority: "NORMAL", size: 64 * KB, resumableBytes: 32 * KB },
  ]);
});

Deno.test("Engine says nothing of how far a file has come that is dropped", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.unwant("a");
  assert.deepEqual(run.engine.takeProgress(), []);
});

Deno.test("Engine lets 512 files of each priority be active, and the others wait", () => {
  const run = new VirtualRun({ verify: false });
  const count = 1_500;
  run.want(...Array.from({ length: count }, (_, index) => ({ path: `${index}`, size: 500 })));
  const active = () => [...run.checks.live.keys()];
  assert.equal(active().length, 512);
  const [waiting] = [...run.wanted.keys()].filter((path) => !run.checks.live.has(path));
  // Each that ends makes room for one that waits, however it ends.
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

Deno.test("Engine takes an end and an edit that come together", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 500 });
  run.batch(() => {
    run.refuse(run.gets()[0]!, "bad-request");
    run.want({ path: "a", size: 600, version: "v2" });
  });
  assert.deepEqual(run.engine.counts, { underway: 1, failed: 0, unverified: 0 });
  run.giveAllChunks();
  run.assertHere("a");
  assert.equal(run.engine.isSettled, true);
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
  assert.ok(took < 5_000, `It took ${took} ms`);
  // 250 MB over 100 MB/s: the line was never idle for long.
  assert.ok(run.now < 2_900, `It took ${run.now} ms of virtual time`);
});

Deno.test("Engine finds 10,000 files that are here in one turn", () => {
  const run = new VirtualRun({ verify: false, checksAll: false });
  const files = Array.from({ length: 10_000 }, (_, index) => ({ path: `${index}`, size: 10 }));
  for (const { path } of files) {
    run.disk.finals.set(path, { size: 10, digest: "unknown", version: "v1" });
  }
  run.want(...files);
  assert.equal(run.engine.isSettled, true);
  assert.deepEqual([run.engine.stats.done, run.engine.stats.alreadyThere], [10_000, 10_000]);
});
