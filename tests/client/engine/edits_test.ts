import assert from "node:assert/strict";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

Deno.test("Engine drops a file whose line is removed, and resumes it if the line is added again", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 10 });
  const [first, second] = run.gets("a");
  run.giveChunk(first!);
  run.unwant("a");
  assert.equal(run.story("a").at(-1), "dropped: it is not wanted any more");
  // An open request is still answered; its bytes are not written.
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

Deno.test("Engine drops a file that has not begun, and one that is done", () => {
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

Deno.test("Engine begins a file from its start if the list has another version", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveChunk(run.gets("a")[0]!);
  run.want({ path: "a", size: 80 * KB, version: "v2" });
  run.wait(1_000);
  assert.deepEqual(run.story("a"), [
    "queued",
    "started",
    "queued",
    "refetching: the server has another version than the partial file",
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

Deno.test("Engine changes the priority of a file that waits, is active, or is done", () => {
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

Deno.test("Engine takes an end and an edit in one turn", () => {
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
