import assert from "node:assert/strict";
import type { DiskAction } from "../../../lib/client/engine/actions.ts";
import { partialOf } from "../../support/virtual_disk.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

/** Fetches a file, in a way that needs all actions on the disk. */
function runWithFailing(failing: DiskAction["type"]): VirtualRun {
  const run = new VirtualRun();
  run.disk.fails = ({ type, record }) => type === failing && record.file.path === "a";
  run.disk.finals.set("a", { size: 100 * KB, digest: "another digest", version: null });
  const file = { path: "a", size: 100 * KB, modified: 0, version: "v1" };
  run.disk.partials.set("a", partialOf(file, { start: 0, end: 5_000 }));
  run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 100 * KB });
  for (const request of run.digests()) run.giveDigest(request);
  const [first] = run.gets("a");
  if (first) run.giveChunk(first, true);
  run.giveAllChunks();
  for (const request of run.digests()) run.giveDigest(request);
  run.giveAllChunks();
  return run;
}

for (const type of ["inspect", "hash", "open", "write", "seal", "commit", "discard"] as const) {
  Deno.test(`Engine fails a file if the disk fails to ${type} it, and no other`, () => {
    const run = runWithFailing(type);
    assert.equal(run.story("a").at(-1), `failed: The disk refused to ${type}`);
    run.assertHere("b");
    assert.deepEqual(run.engine.counts, { underway: 0, failed: 1, unverified: 0 });
    assert.equal(run.gets().length + run.digests().length, 0);
    assert.equal(run.engine.wakeAt, Infinity);
  });
}

Deno.test("Engine continues if the disk fails to release a file", () => {
  const run = new VirtualRun({ verify: false });
  run.disk.fails = ({ type }) => type === "release";
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets()[0]!);
  run.unwant("a");
  assert.equal(run.engine.isSettled, true);
  run.want({ path: "b", size: 100 * KB * KB });
  run.giveChunk(run.gets("b")[0]!);
  run.stop();
  assert.equal(run.engine.unfinished.length, 1);
});

Deno.test("Engine ignores a result for a file that has ended", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.performsAtOnce = ({ type }) => type !== "seal";
  run.want({ path: "a", size: 100 * KB });
  run.giveAllChunks();
  run.unwant("a");
  while (run.disk.isBusy("a")) run.stepDisk("a");
  assert.equal(run.disk.finals.has("a"), false);
  assert.equal(run.disk.partials.get("a")?.written.size, 100 * KB);
});

Deno.test("Engine delays a file that is planned again until the disk has released it", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.performsAtOnce = ({ type }) => type !== "release";
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets()[0]!);
  run.unwant("a");
  run.want({ path: "a", size: 100 * KB });
  assert.equal(run.gets().filter(({ record: { phase } }) => phase === "fetching").length, 0);
  while (run.disk.isBusy("a")) run.stepDisk("a");
  run.giveAllChunks();
  run.assertHere("a");
});
