import assert from "node:assert/strict";
import { KEPT_REASON } from "../../../lib/client/disk/final_file.ts";
import { digestOf, partialOf } from "../../support/virtual_disk.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

Deno.test("Engine compares a file under the final name, and fetches it only if it differs", () => {
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
  // The digest of a compared file is known, and not requested again.
  assert.equal(
    run.sent.filter(({ type, path }) => type === "digest" && path === "other").length,
    1,
  );
});

Deno.test("Engine accepts a file of the same size and time if no digest is compared", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.disk.finals.set("a", { size: 500, digest: "unknown", version: "v1" });
  run.disk.finals.set("b", { size: 500, digest: "unknown", version: "v0" });
  run.want({ path: "a", size: 500 }, { path: "b", size: 500 });
  assert.deepEqual(run.story("a"), ["queued", "finished"]);
  assert.deepEqual(run.gets().map(({ path }) => path), ["b"]);
});

Deno.test("Engine removes the partial file of a file that is found complete", () => {
  for (const verify of [true, false]) {
    for (const version of ["v1", "v0"]) {
      const run = new VirtualRun({ verify });
      run.connect();
      const digest = digestOf({ path: "a", version: "v1" });
      run.disk.finals.set("a", { size: 500, digest, version: "v1" });
      const left = { path: "a", size: 500, modified: 0, version };
      run.disk.partials.set("a", partialOf(left, { start: 0, end: 100 }));
      run.want({ path: "a", size: 500 });
      for (const request of run.digests()) run.giveDigest(request);
      assert.equal(run.engine.stats.alreadyThere, 1);
      assert.equal(run.disk.partials.size, 0);
      assert.deepEqual(run.gets(), []);
    }
  }
});

Deno.test("Engine compares with the digest of the input list without a DIGEST", () => {
  const run = new VirtualRun({ verify: false });
  run.disk.finals.set("a", { size: 500, digest: "listed", version: null });
  run.want({ path: "a", size: 500, sha256: "listed" });
  assert.deepEqual(run.story("a"), ["queued", "verified", "finished"]);
});

Deno.test("Engine fetches the ranges that a partial file lacks, and nothing more", () => {
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

Deno.test("Engine requests no chunk of a complete partial file", () => {
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
    "refetching: 50 bytes of the partial file are damaged",
  ]);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine discards a partial file of another version", () => {
  const run = new VirtualRun({ verify: false });
  const file = { path: "a", size: 1_000, modified: 0, version: "v0" };
  run.disk.partials.set("a", partialOf(file, { start: 0, end: 800 }));
  run.connect();
  run.want({ path: "a", size: 1_000 });
  assert.equal(
    run.story("a")[1],
    "refetching: the server has another version than the partial file",
  );
  assert.deepEqual(run.gets().map(({ offset, length }) => [offset, length]), [[0, 1_000]]);
  run.giveAllChunks();
  run.assertHere("a");
});

/** A file that another program put under the name of `a`. */
const FOREIGN = { size: 700, digest: "digest of another", version: null };

Deno.test("Engine reports a file that it replaces, unless this run put it there", () => {
  const run = new VirtualRun({ verify: false });
  run.disk.finals.set("a", FOREIGN);
  run.connect();
  run.want({ path: "a", size: 500 });
  run.giveAllChunks();
  assert.deepEqual(run.events.find(({ type }) => type === "replaced"), {
    type: "replaced",
    path: "a",
    size: 700,
  });
  assert.deepEqual(run.story("a").slice(-2), ["replaced", "finished"]);
  run.want({ path: "a", size: 600, version: "v2" });
  run.giveAllChunks();
  run.assertHere("a");
  assert.deepEqual(run.story("a").filter((type) => type === "replaced").length, 1);
});

Deno.test("Engine fails a file instead of replacing another one with keepExisting", () => {
  const run = new VirtualRun({ verify: false, keepExisting: true });
  run.disk.finals.set("before", FOREIGN);
  run.connect();
  run.want({ path: "before", size: 500 }, { path: "meanwhile", size: 500 });
  run.disk.finals.set("meanwhile", FOREIGN);
  run.giveAllChunks();
  for (const path of ["before", "meanwhile"]) {
    assert.equal(run.story(path).at(-1), `failed: ${KEPT_REASON}`);
    assert.equal(run.disk.finals.get(path), FOREIGN);
  }
  assert.equal(run.sent.some(({ path }) => path === "before"), false);
});

Deno.test("Engine compares a file with keepExisting, and keeps one that differs", () => {
  const run = new VirtualRun({ keepExisting: true });
  run.disk.finals.set("same", {
    ...FOREIGN,
    size: 500,
    digest: digestOf({ path: "same", version: "v1" }),
  });
  run.disk.finals.set("other", { ...FOREIGN, size: 500 });
  run.connect();
  run.want({ path: "same", size: 500 }, { path: "other", size: 500 });
  for (const request of run.digests()) run.giveDigest(request);
  assert.equal(run.story("same").at(-1), "finished");
  assert.equal(run.story("other").at(-1), `failed: ${KEPT_REASON}`);
  // A newer version replaces the file that was found complete.
  run.want({ path: "same", size: 600, version: "v2" });
  run.giveAllChunks();
  for (const request of run.digests()) run.giveDigest(request);
  run.assertHere("same");
});
