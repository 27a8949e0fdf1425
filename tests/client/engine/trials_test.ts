import assert from "node:assert/strict";
import { digestOf, partialOf } from "../../support/virtual_disk.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;
const OLD = { path: "a", size: 100 * KB, modified: 0, version: "v1'" };

/** A run on a server with the feature. */
function connectedRun(verify = true): VirtualRun {
  const run = new VirtualRun({ verify });
  run.connect({ rangeDigest: true });
  return run;
}

/** Gives all chunks and digests that are asked for. */
function complete(run: VirtualRun): void {
  while (run.gets().length + run.digests().length > 0) {
    run.giveAllChunks();
    for (const request of run.digests()) run.giveDigest(request);
  }
}

Deno.test("Engine keeps a partial file of another version if its bytes are the same", () => {
  for (const verify of [true, false]) {
    const run = connectedRun(verify);
    run.disk.partials.set("a", partialOf(OLD, { start: 0, end: 60_000 }));
    run.want({ path: "a", size: OLD.size });
    assert.deepEqual(run.digests()[0]!.part, { offset: 0, length: 60_000 });
    assert.equal(run.gets().length, 0);
    complete(run);
    run.assertHere("a");
    assert.equal(run.engine.stats.received, OLD.size - 60_000);
    assert.deepEqual(run.story("a").slice(0, 2), ["queued", "started"]);
  }
});

Deno.test("Engine requests no byte of a partial file that was complete, and only touched", () => {
  const run = connectedRun();
  run.disk.partials.set("a", partialOf(OLD, { start: 0, end: OLD.size }));
  run.want({ path: "a", size: OLD.size });
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, 0);
});

Deno.test("Engine drops a partial file of another version if its bytes are others, and says so", () => {
  const run = connectedRun();
  run.disk.partials.set("a", partialOf({ ...OLD, version: "v0" }, { start: 0, end: 60_000 }));
  run.want({ path: "a", size: OLD.size });
  assert.equal(run.gets().length, 0);
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, OLD.size);
  assert.equal(
    run.story("a")[1],
    "refetching: the server has another version than the partial file",
  );
});

Deno.test("Engine tries only what the journal proves without a gap", () => {
  const run = connectedRun();
  const written = [{ start: 0, end: 50_000 }, { start: 70_000, end: 90_000 }];
  run.disk.partials.set("a", partialOf(OLD, ...written));
  run.disk.damage("a", { start: 30_000, end: 30_001 });
  run.want({ path: "a", size: OLD.size });
  assert.deepEqual(run.digests()[0]!.part, { offset: 0, length: 30_000 });
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, OLD.size - 30_000);
});

Deno.test("Engine fetches only the new lines of a log that grows after it is done", () => {
  const run = connectedRun();
  run.want({ path: "a", size: 90_000, version: "log1" });
  complete(run);
  run.now = 60_000;
  run.want({ path: "a", size: 95_000, version: "log2" });
  assert.deepEqual(run.digests()[0]!.part, { offset: 0, length: 90_000 });
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, 95_000);
  // It is cut off, as by logrotate with copytruncate: the beginning is other content.
  run.now = 120_000;
  run.want({ path: "a", size: 10_000, version: "v1" });
  assert.deepEqual(run.digests()[0]!.part, { offset: 0, length: 10_000 });
  complete(run);
  run.assertHere("a");
});

Deno.test("Engine keeps what it has of a file that is touched or grows during its download", () => {
  for (
    const [before, after, size] of [["v1", "v1'", 100_000], ["log1", "log2", 120_000]] as const
  ) {
    const run = connectedRun();
    run.want({ path: "a", size: 100_000, version: before });
    for (let i = 0; i < 3; i++) run.giveChunk(run.gets()[0]!);
    const had = run.engine.stats.received;
    run.want({ path: "a", size, version: after });
    for (const request of [...run.gets(), ...run.digests()]) run.refuse(request, "changed");
    assert.equal(run.gets().length, 0, "it waits");
    run.wait(1_000);
    assert.deepEqual(run.digests()[0]!.part, { offset: 0, length: had });
    complete(run);
    run.assertHere("a");
    assert.equal(run.engine.stats.received, size);
  }
});

Deno.test("Engine accepts a touched file without a digest to compare, by a trial of all of it", () => {
  const run = connectedRun(false);
  const digest = digestOf({ path: "a", version: "v1" });
  run.disk.finals.set("a", { size: 500, digest, version: "v1'" });
  run.want({ path: "a", size: 500 });
  complete(run);
  assert.deepEqual(run.story("a"), ["queued", "finished"]);
  assert.equal(run.engine.stats.received, 0);
});

Deno.test("Engine tries the file under the final name if the partial file is of no use", () => {
  const run = connectedRun();
  run.disk.partials.set("a", partialOf({ ...OLD, version: "v0" }, { start: 0, end: 60_000 }));
  const digest = digestOf({ path: "a", version: "log1" });
  run.disk.finals.set("a", { size: 50_000, digest, version: "log1" });
  run.want({ path: "a", size: 80_000, version: "log2" });
  const lengths = () => run.digests().map(({ part }) => part?.length);
  assert.deepEqual(lengths(), [60_000]);
  run.giveDigest(run.digests()[0]!);
  assert.deepEqual(lengths(), [50_000]);
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, 30_000);
});

Deno.test("Engine tries nothing on a server without the feature, whenever that is known", () => {
  for (const isConnectedFirst of [true, false]) {
    const run = new VirtualRun();
    run.disk.partials.set("a", partialOf(OLD, { start: 0, end: 60_000 }));
    if (isConnectedFirst) run.connect();
    run.want({ path: "a", size: OLD.size });
    if (!isConnectedFirst) run.connect();
    assert.equal(run.gets()[0]!.offset, 0);
    complete(run);
    run.assertHere("a");
    assert.equal(run.engine.stats.received, OLD.size);
  }
});

Deno.test("Engine asks again about kept bytes after a lost connection and a failed read", () => {
  const run = new VirtualRun();
  const first = run.connect({ rangeDigest: true });
  run.disk.partials.set("a", partialOf(OLD, { start: 0, end: 60_000 }));
  run.want({ path: "a", size: OLD.size });
  run.disconnect(first);
  run.connect({ rangeDigest: true });
  run.refuse(run.digests()[0]!, "read-failed");
  assert.equal(run.digests().length, 0);
  run.wait(500);
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, OLD.size - 60_000);
});

Deno.test("Engine keeps the bytes if the version has changed again before they are tried", () => {
  const run = connectedRun();
  run.disk.partials.set("a", partialOf(OLD, { start: 0, end: 60_000 }));
  run.want({ path: "a", size: OLD.size, version: "v2" });
  run.refuse(run.digests()[0]!, "changed");
  run.want({ path: "a", size: OLD.size, version: "v1" });
  run.wait(1_000);
  complete(run);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, OLD.size - 60_000);
});
