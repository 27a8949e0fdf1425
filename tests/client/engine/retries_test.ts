import assert from "node:assert/strict";
import type { GetRequest } from "../../../lib/client/engine/request_planner.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;

/** A run that has requested chunks of one file. */
function runOf(size: number, maxRequests?: number): VirtualRun {
  const run = new VirtualRun({ verify: false });
  run.connect(maxRequests === undefined ? {} : { maxRequests });
  run.want({ path: "a", size });
  return run;
}

Deno.test("Engine requests a chunk again after read-failed, with longer pauses", () => {
  const run = runOf(500);
  for (const pause of [500, 1_000, 2_000, 4_000]) {
    run.refuse(run.gets()[0]!, "read-failed");
    assert.equal(run.engine.wakeAt, run.now + pause);
    run.wait(pause - 1);
    assert.equal(run.gets().length, 0);
    run.wait(1);
    assert.equal(run.gets().length, 1);
    assert.equal(run.engine.wakeAt, Infinity);
  }
  run.refuse(run.gets()[0]!, "read-failed");
  assert.equal(run.story("a").at(-1), "failed: the server says: no: read-failed");
  assert.deepEqual(run.engine.counts, { underway: 0, failed: 1, unverified: 0 });
  assert.equal(run.engine.wakeAt, Infinity);
});

Deno.test("Engine counts chunks that fail together as one failure", () => {
  const run = runOf(100 * KB);
  assert.equal(run.gets().length, 7);
  for (const pause of [500, 1_000, 2_000, 4_000]) {
    for (const request of run.gets()) run.refuse(request, "read-failed");
    assert.equal(run.engine.wakeAt, run.now + pause);
    run.wait(pause);
    assert.ok(run.gets().length >= 2);
  }
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine requests the rest of a file while one of its chunks waits", () => {
  const run = runOf(1e9 * KB);
  const [first] = run.gets();
  run.refuse(first!, "read-failed");
  for (let i = 0; i < 20; i++) run.giveChunk(run.gets()[0]!);
  assert.ok(run.gets().every(({ offset }) => offset !== 0));
  run.wait(500);
  // The chunks that were received meanwhile do not shorten its next pause.
  run.refuse(firstAgain(run), "read-failed");
  assert.equal(run.engine.wakeAt, run.now + 1_000);
  run.wait(1_000);
  run.giveChunk(firstAgain(run));
  assert.equal(run.engine.wakeAt, Infinity);
});

/** The next request for the first chunk of the file, for which a window may have to make room. */
function firstAgain(run: VirtualRun): GetRequest {
  for (;;) {
    const first = run.gets().find(({ offset }) => offset === 0);
    if (first) return first;
    run.giveChunk(run.gets()[0]!);
  }
}

Deno.test("Engine fails a file one of whose chunks fails five times, whatever else is received", () => {
  const run = runOf(1e9 * KB);
  for (const pause of [500, 1_000, 2_000, 4_000]) {
    run.refuse(firstAgain(run), "read-failed");
    run.giveChunk(run.gets()[0]!);
    run.wait(pause);
  }
  run.refuse(firstAgain(run), "read-failed");
  assert.equal(run.story("a").at(-1), "failed: the server says: no: read-failed");
});

Deno.test("Engine requests little of a file that cannot be read at all", () => {
  const run = runOf(1e9 * KB);
  const ends = run.now + 60_000;
  while (run.engine.counts.failed === 0) {
    for (const request of run.gets()) run.refuse(request, "read-failed");
    if (run.engine.counts.failed === 0) run.wait(100);
    assert.ok(run.now < ends);
  }
  assert.ok(run.sent.length < 1_000, `${run.sent.length} requests`);
});

Deno.test("Engine continues with other files during a pause", () => {
  const run = runOf(500);
  run.want({ path: "b", size: 500 });
  run.refuse(run.gets("a")[0]!, "read-failed");
  run.giveAllChunks("b");
  run.assertHere("b");
  assert.equal(run.gets().length, 0);
  run.wait(500);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine.wakeAt is the earliest of several times, when the retry is due", () => {
  const run = new VirtualRun({ verify: false });
  run.connect();
  run.want(...["a", "b", "c"].map((path) => ({ path, size: 500 })));
  for (const path of ["a", "b", "c"]) {
    run.refuse(run.gets(path)[0]!, path === "c" ? "changed" : "read-failed");
    run.now += 100;
  }
  assert.deepEqual([run.now, run.engine.wakeAt], [300, 500]);
  for (const [path, at] of [["a", 500], ["b", 600], ["c", 1_200]] as const) {
    assert.equal(run.engine.wakeAt, at);
    const { requests } = run.engine.takeActions(at - 1);
    assert.equal(requests.length, 0);
    run.now = at;
    run.turn();
    assert.equal(run.sent.at(-1)!.path, path);
  }
  assert.equal(run.engine.wakeAt, Infinity);
});

for (const code of ["changed", "not-found"] as const) {
  Deno.test(`Engine begins a file that is refused as ${code} again, ten times in all`, () => {
    const run = runOf(100 * KB);
    for (let beginning = 1; beginning < 10; beginning++) {
      const [first, ...others] = run.gets();
      run.refuse(first!, code);
      // The other responses are ignored.
      for (const request of others) run.giveChunk(request);
      assert.equal(run.gets().length, 0);
      assert.equal(run.engine.wakeAt, run.now + 1_000);
      assert.equal(run.engine.counts.underway, 1);
      run.wait(1_000);
      assert.equal(run.gets().length > 0, true);
    }
    run.refuse(run.gets()[0]!, code);
    assert.equal(run.story("a").at(-1), `failed: the server says: no: ${code}`);
    assert.equal(run.engine.wakeAt, Infinity);
    assert.equal(run.story("a").filter((type) => type.startsWith("failed")).length, 1);
  });
}

Deno.test("Engine begins the next list's version of a file that the server does not have any more", () => {
  const run = runOf(100 * KB);
  run.refuse(run.gets()[0]!, "changed");
  run.want({ path: "a", size: 50 * KB, version: "v2" });
  for (const request of run.gets()) {
    if (request.version === "v1") run.refuse(request, "changed");
  }
  assert.equal(run.gets().length, 0);
  run.wait(1_000);
  // The time of the old version passes, and nothing happens.
  const sent = run.sent.length;
  run.wait(5_000);
  assert.equal(run.sent.length, sent);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine counts the beginnings of each version separately", () => {
  const run = runOf(500);
  for (let beginning = 1; beginning < 10; beginning++) {
    run.refuse(run.gets()[0]!, "changed");
    run.wait(1_000);
  }
  run.want({ path: "a", size: 500, version: "v2" });
  run.wait(1_000);
  for (const request of run.gets()) run.refuse(request, "changed");
  assert.equal(run.engine.counts.failed, 0);
  run.wait(1_000);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine forgets the pause of a file that is dropped", () => {
  const run = runOf(500);
  run.refuse(run.gets()[0]!, "read-failed");
  run.want({ path: "b", size: 500 });
  run.unwant("a");
  run.giveAllChunks();
  run.wait(10_000);
  assert.equal(run.gets().length, 0);
  run.want({ path: "a", size: 500 });
  assert.equal(run.gets().length, 1);
});

Deno.test("Engine waits for a server that is busy, for chunks and digests, about a minute", () => {
  const run = new VirtualRun();
  run.connect();
  run.want({ path: "a", size: 500 });
  const busy = (next: () => void) => {
    for (const pause of [500, 1_000, 2_000, ...Array(14).fill(4_000)]) {
      next();
      assert.equal(run.engine.wakeAt, run.now + pause);
      run.wait(pause);
    }
  };
  busy(() => run.refuse(run.gets()[0]!, "busy"));
  run.giveAllChunks();
  busy(() => run.refuse(run.digests()[0]!, "busy"));
  assert.deepEqual(run.engine.counts, { underway: 1, failed: 0, unverified: 0 });
  run.refuse(run.digests()[0]!, "busy");
  assert.equal(run.story("a").at(-1), "failed: the server says: no: busy");
});

Deno.test("Engine requests a digest again after read-failed, with longer pauses", () => {
  const run = new VirtualRun();
  run.connect();
  run.want({ path: "a", size: 500 });
  run.giveAllChunks();
  for (const pause of [500, 1_000, 2_000, 4_000]) {
    run.refuse(run.digests()[0]!, "read-failed");
    assert.equal(run.engine.wakeAt, run.now + pause);
    run.wait(pause);
  }
  run.refuse(run.digests()[0]!, "read-failed");
  assert.equal(run.story("a").at(-1), "failed: the server says: no: read-failed");
});

Deno.test("Engine begins a file again if its digest is refused as changed", () => {
  const run = new VirtualRun();
  run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.refuse(run.digests()[0]!, "changed");
  for (const request of run.gets()) run.refuse(request, "changed");
  run.wait(1_000);
  run.giveAllChunks();
  run.giveDigest(run.digests()[0]!);
  run.assertHere("a");
});

Deno.test("Engine requests no digest of a file that has failed", () => {
  const run = new VirtualRun();
  run.connect({ maxRequests: 4 });
  // Only one digest may be open, so the other one waits.
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 100 * KB });
  const waits = run.digests("a").length === 1 ? "b" : "a";
  run.refuse(run.gets(waits)[0]!, "bad-request");
  run.giveDigest(run.digests()[0]!);
  run.giveAllChunks();
  const digests = run.sent.filter(({ type, path }) => type === "digest" && path === waits);
  assert.equal(digests.length, 0);
});
