import assert from "node:assert/strict";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

Deno.test("Engine releases all files at a stop, and does nothing more", () => {
  const run = new VirtualRun();
  const id = run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 100 * KB }, { path: "c", size: 0 });
  const [first, second, third] = run.gets("a");
  run.giveChunk(first!);
  const [digest] = run.digests("b");
  // A retry would be due later.
  run.refuse(run.gets("b")[0]!, "read-failed");
  run.stop();
  assert.equal(run.engine.wakeAt, Infinity);
  const sent = run.sent.length;
  run.giveChunk(second!);
  run.refuse(third!, "changed");
  run.giveDigest(digest!);
  run.disconnect(id);
  run.connect();
  run.wait(60_000);
  assert.equal(run.sent.length, sent);
  assert.deepEqual(run.story("a"), ["queued", "started"]);
  assert.deepEqual(run.engine.takeProgress(), [
    { path: "a", received: 16 * KB },
    { path: "b", received: 0 },
    { path: "c", received: 0 },
  ]);
  assert.deepEqual(
    run.engine.unfinished.map(({ path, resumableBytes }) => [path, resumableBytes]),
    [["a", 16 * KB], ["b", 0], ["c", 0]],
  );
  assert.equal(run.disk.partials.get("a")?.written.size, 16 * KB);
});

Deno.test("Engine leaves files that have ended alone at a stop", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "done" }, { path: "failed" }, { path: "waiting" });
  run.refuse(run.gets("failed")[0]!, "bad-request");
  run.giveAllChunks("done");
  run.stop();
  assert.deepEqual(run.engine.counts, { underway: 1, failed: 1, unverified: 0 });
  assert.deepEqual(run.engine.unfinished.map(({ path }) => path), ["waiting"]);
  assert.deepEqual([run.engine.stats.done, run.engine.stats.failed.length], [1, 1]);
});

Deno.test("Engine counts a file that ended in the turn of the stop", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "failed" });
  run.batch(() => {
    run.refuse(run.gets("failed")[0]!, "bad-request");
    run.engine.stop();
  });
  assert.deepEqual(run.engine.counts, { underway: 0, failed: 1, unverified: 0 });
  assert.deepEqual(run.story("failed").at(-1), "failed: the server says: no: bad-request");
});

Deno.test("Engine lets a committing file get its name at a stop", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.performsAtOnce = ({ type }) => type !== "commit";
  run.want({ path: "a" });
  run.giveAllChunks();
  run.stop();
  run.stepDisk("a");
  run.assertHere("a");
  assert.equal(run.story("a").at(-1), "finished");
  assert.deepEqual(run.engine.counts, { underway: 0, failed: 0, unverified: 0 });
});
