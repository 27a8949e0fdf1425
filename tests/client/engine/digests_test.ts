import assert from "node:assert/strict";
import { digestOf } from "../../support/virtual_disk.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;
const RIGHT = digestOf({ path: "a", version: "v1" });

Deno.test("Engine requests a small file's digest with its chunk, if the server has the feature", () => {
  const run = new VirtualRun();
  run.connect({ inlineDigest: true });
  run.want({ path: "a", size: 16 * KB });
  assert.equal(run.gets()[0]!.digest, true);
  run.giveAllChunks();
  run.assertHere("a");
  assert.equal(run.sent.length, 1);
});

Deno.test("Engine sends a DIGEST if the server leaves the digest out before the chunk", () => {
  const run = new VirtualRun();
  run.connect({ inlineDigest: true });
  run.want({ path: "a", size: 16 * KB });
  run.giveChunk(run.gets()[0]!, false, null);
  run.giveDigest(run.digests()[0]!);
  run.assertHere("a");
  assert.equal(run.sent.length, 2);
});

Deno.test("Engine sends a DIGEST if the server lacks the feature, or the file is large", () => {
  for (const inlineDigest of [true, false]) {
    const run = new VirtualRun();
    run.connect({ inlineDigest });
    const size = inlineDigest ? 300 * KB : 16 * KB;
    run.want({ path: "a", size });
    assert.equal(run.gets()[0]!.digest, false);
    // The server can hash a large file while its chunks travel.
    assert.equal(run.digests().length, inlineDigest ? 1 : 0);
    run.giveAllChunks();
    run.giveDigest(run.digests()[0]!);
    run.assertHere("a");
  }
});

Deno.test("Engine sends a DIGEST for a large file of one chunk", () => {
  const run = new VirtualRun();
  run.connect({ inlineDigest: true });
  // A line that has proven fast gets large chunks.
  run.want({ path: "warm up", size: 8 * KB * KB });
  run.giveAllChunks();
  run.want({ path: "a", size: 256 * KB }, { path: "b", size: 256 * KB + 1 });
  const gets = ["a", "b"].flatMap((path) => run.gets(path));
  assert.deepEqual(gets.map(({ length, digest }) => [length, digest]), [
    [256 * KB, true],
    [256 * KB + 1, false],
  ]);
  run.giveAllChunks();
  assert.deepEqual(run.digests().map(({ path }) => path), ["warm up", "b"]);
});

Deno.test("Engine requests no digest that the input list names", () => {
  const run = new VirtualRun();
  run.connect({ inlineDigest: true });
  run.want({ path: "a", size: 16 * KB, sha256: RIGHT });
  assert.equal(run.gets()[0]!.digest, false);
  run.giveAllChunks();
  run.assertHere("a");
  assert.equal(run.sent.length, 1);
  assert.deepEqual(run.events.at(-2), { type: "verified", path: "a", sha256: RIGHT, by: "input" });
});

for (const size of [500, 100 * KB]) {
  Deno.test(`Engine fetches a file of ${size} bytes again, once, if its digest is wrong`, () => {
    const run = new VirtualRun();
    run.connect({ maxChunk: 16 * KB });
    run.want({ path: "a", size });
    run.giveChunk(run.gets()[0]!, true);
    run.giveAllChunks();
    run.giveDigest(run.digests()[0]!);
    const reason = `its SHA-256 is digest of something like a, the server says ${RIGHT}`;
    assert.equal(run.story("a").at(-1), `refetching: ${reason}`);
    // All of it: which bytes are wrong is unknown.
    assert.equal(run.gets()[0]!.offset, 0);
    run.giveAllChunks();
    run.assertHere("a");
    assert.deepEqual(run.engine.stats.received, 2 * size);
    assert.deepEqual(run.engine.stats.repeated, size);
    assert.equal(run.sent.filter(({ type }) => type === "digest").length, 1);
  });

  Deno.test(`Engine fails a file of ${size} bytes whose digest is wrong twice`, () => {
    const run = new VirtualRun();
    run.connect({ maxChunk: 16 * KB });
    run.want({ path: "a", size });
    for (let fetch = 0; fetch < 2; fetch++) {
      run.giveChunk(run.gets()[0]!, true);
      run.giveAllChunks();
      for (const request of run.digests()) run.giveDigest(request);
    }
    assert.deepEqual(run.engine.counts, { underway: 0, failed: 0, unverified: 1 });
    const last = run.events.at(-1)!;
    assert.ok(last.type === "failed" && last.verification);
    assert.equal(run.disk.partials.has("a"), false);
    assert.equal(run.disk.finals.has("a"), false);
  });
}

Deno.test("Engine fetches only damaged chunks again, if damage on disk made the digest wrong", () => {
  const run = new VirtualRun();
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.giveAllChunks();
  run.performsAtOnce = ({ type }) => type !== "open";
  run.giveDigest(run.digests()[0]!, "another digest");
  run.disk.damage("a", { start: 1_000, end: 1_500 });
  run.stepDisk("a");
  assert.deepEqual(run.gets().map(({ offset, length }) => [offset, length]), [[1_000, 500]]);
  assert.equal(run.story("a").at(-1), "refetching: 500 bytes of the partial file are damaged");
});

Deno.test("Engine fails a file at once if the server's digest also differs from the input list", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 500, sha256: "listed" });
  run.giveAllChunks();
  // Is the content not the server's, or is the list wrong?
  run.giveDigest(run.digests()[0]!);
  assert.equal(run.story("a").at(-1), `failed: its SHA-256 is ${RIGHT}, line 1 says listed`);
  assert.equal(run.engine.counts.unverified, 1);
  assert.equal(run.sent.length, 2);
});

Deno.test("Engine fetches a file again if its digest is neither the listed nor the server's", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 500, sha256: RIGHT });
  run.giveChunk(run.gets()[0]!, true);
  run.giveDigest(run.digests()[0]!);
  assert.equal(run.story("a").at(-1)?.startsWith("refetching: "), true);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine fetches a file again if the server cannot compute its digest", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want({ path: "a", size: 500, sha256: "listed" });
  run.giveAllChunks();
  for (let failure = 0; failure < 5; failure++) {
    run.refuse(run.digests()[0]!, "read-failed");
    run.wait(4_000);
  }
  assert.equal(run.digests().length, 0);
  run.giveAllChunks();
  assert.equal(run.engine.counts.unverified, 1);
  assert.equal(run.sent.filter(({ type }) => type === "get").length, 2);
});

Deno.test("Engine requests digests in order of priority, in a quarter of the places at most", () => {
  const run = new VirtualRun();
  run.connect({ maxRequests: 8 });
  const files = Array.from({ length: 6 }, (_, index) => ({ path: `n${index}`, size: 0 }));
  run.want(...files);
  assert.equal(run.digests().length, 2);
  run.want({ path: "c", size: 0, priority: "CRITICAL" });
  run.giveDigest(run.digests()[0]!);
  assert.equal(run.digests().at(-1)!.path, "c");
  while (run.digests().length > 0) run.giveDigest(run.digests()[0]!);
  assert.equal(run.engine.isSettled, true);
});

Deno.test("Engine requests chunks while digests wait for each other", () => {
  for (const maxRequests of [2, 3, 4, 5]) {
    const run = new VirtualRun();
    run.connect({ maxRequests });
    run.want({ path: "x", size: 0 }, { path: "y", size: 0 }, { path: "z", size: 0 });
    run.want({ path: "a", size: 100 * KB });
    assert.equal(run.digests().length, Math.ceil(maxRequests / 4));
    assert.ok(run.gets("a").length > 0, `${maxRequests} places`);
    run.giveAllChunks();
    while (run.digests().length > 0) run.giveDigest(run.digests()[0]!);
    run.assertHere("a");
  }
});

/** A run whose server remembers the digest of what a file was. */
function doubtfulRun(limits: { readonly rangeDigest: boolean }): VirtualRun {
  const run = new VirtualRun();
  run.connect(limits);
  run.want({ path: "a", size: 100 * KB });
  run.giveAllChunks();
  run.giveDigest(run.digests()[0]!, "what it was");
  return run;
}

Deno.test("Engine asks once for a fresh digest if the server's is another one", () => {
  const run = doubtfulRun({ rangeDigest: true });
  const [request] = run.digests();
  assert.deepEqual([request!.fresh, request!.part], [true, null]);
  run.giveDigest(request!);
  run.assertHere("a");
  assert.equal(run.engine.stats.received, 100 * KB);
});

Deno.test("Engine fetches a file again if the server's fresh digest is another one, too", () => {
  const run = doubtfulRun({ rangeDigest: true });
  run.giveDigest(run.digests()[0]!, "what it is");
  assert.match(
    run.story("a").at(-1)!,
    /^refetching: its SHA-256 is .*, the server says what it is$/,
  );
  run.giveAllChunks();
  assert.equal(run.engine.counts.unverified, 1);
  assert.equal(run.sent.filter(({ type }) => type === "digest").length, 2);
});

Deno.test("Engine asks for no fresh digest on a server without the feature", () => {
  const run = doubtfulRun({ rangeDigest: false });
  assert.match(run.story("a").at(-1)!, /^refetching: /);
  run.giveAllChunks();
  assert.equal(run.engine.counts.unverified, 1);
});

Deno.test("Engine asks for a fresh digest again if the connection is lost", () => {
  for (const rangeDigest of [true, false]) {
    const run = doubtfulRun({ rangeDigest: true });
    run.disconnect(run.nextConnection - 1);
    run.connect({ rangeDigest });
    const [request] = run.digests();
    assert.equal(request!.fresh, rangeDigest);
    run.giveDigest(request!);
    run.assertHere("a");
  }
});
