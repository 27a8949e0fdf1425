import assert from "node:assert/strict";
import { freshSeed, seededRandom } from "../../support/seeded_random.ts";
import { TimedRun } from "../../support/virtual_line.ts";
import { VirtualRun } from "../../support/virtual_run.ts";

const KB = 1024;
const MB = 1024 * KB;

Deno.test("Engine requests lost chunks again over a new connection, and nothing else", () => {
  const run = new VirtualRun();
  const first = run.connect();
  run.want({ path: "a", size: 100 * KB }, { path: "b", size: 500 });
  run.giveChunk(run.gets("a")[1]!);
  const lost = [...run.gets(), ...run.digests()];
  run.disconnect(first);
  assert.equal(run.gets().length + run.digests().length, 0);
  run.connect();
  run.giveAllChunks();
  for (const request of run.digests()) run.giveDigest(request);
  run.assertHere("a");
  run.assertHere("b");
  assert.equal(run.engine.stats.received, 100 * KB + 500);
  assert.equal(run.engine.stats.repeated, 0);
  assert.ok(lost.some(({ type }) => type === "digest"));
});

Deno.test("Engine continues after many connections that each end soon", () => {
  const run = new VirtualRun({ verify: false });
  run.want({ path: "a", size: 10 * MB }, { path: "b", size: 10 * MB, priority: "HIGH" });
  for (let connections = 0; !run.engine.isSettled; connections++) {
    assert.ok(connections < 2_000, "It comes to no end");
    const id = run.connect();
    for (let i = 0; i < 3; i++) {
      run.now += 5;
      const [request] = run.gets();
      if (request) run.giveChunk(request);
    }
    run.disconnect(id);
  }
  run.assertHere("a");
  run.assertHere("b");
  assert.equal(run.engine.stats.received, 20 * MB);
});

Deno.test("Engine sends no requests over a closing connection, and takes its responses", () => {
  const run = new VirtualRun({ verify: false });
  const first = run.connect();
  run.want({ path: "a", size: 10 * MB });
  run.close(first);
  const sent = run.sent.length;
  for (const request of run.gets()) run.giveChunk(request);
  assert.equal(run.sent.length, sent);
  run.disconnect(first);
  run.connect();
  run.giveAllChunks();
  run.assertHere("a");
  assert.equal(run.engine.stats.received, 10 * MB);
});

Deno.test("Engine keeps the pause of a chunk when the connection ends", () => {
  const run = new VirtualRun({ verify: false });
  const first = run.connect();
  run.want({ path: "a", size: 100 * KB });
  run.refuse(run.gets()[0]!, "read-failed");
  run.disconnect(first);
  run.connect();
  assert.equal(run.gets().some(({ offset }) => offset === 0), false);
  run.wait(500);
  assert.equal(run.gets().some(({ offset }) => offset === 0), true);
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine delays a due retry while there is no connection", () => {
  const run = new VirtualRun({ verify: false });
  const first = run.connect();
  run.want({ path: "a", size: 500 });
  run.refuse(run.gets()[0]!, "read-failed");
  run.disconnect(first);
  run.wait(10_000);
  assert.equal(run.engine.wakeAt, Infinity);
  run.connect();
  run.giveAllChunks();
  run.assertHere("a");
});

Deno.test("Engine uses the whole rate of each of two connections", () => {
  const timed = new TimedRun();
  const slow = timed.connect({ rate: 2e6, roundTrip: 100 });
  const fast = timed.connect({ rate: 20e6, roundTrip: 10 });
  timed.run.want({ path: "a", size: 100 * MB }, { path: "b", size: 100 * MB, priority: "HIGH" });
  timed.finish();
  timed.run.assertHere("a");
  timed.run.assertHere("b");
  const bytesOf = (id: number) =>
    timed.run.sent.reduce(
      (sum, request) =>
        sum + (request.type === "get" && request.connection === id ? request.length : 0),
      0,
    );
  const [fromSlow, fromFast] = [slow, fast].map(bytesOf) as [number, number];
  assert.ok(fromFast / fromSlow > 8 && fromFast / fromSlow < 12, `${fromFast} and ${fromSlow}`);
  assert.equal(fromSlow + fromFast, 200 * MB);
  // Both together carry 22 MB/s.
  assert.ok(timed.run.now < 1.1 * 200 * MB / 22e6 * 1_000, `It took ${timed.run.now} ms`);
});

Deno.test("Engine fetches over one connection the chunks that another one lost", () => {
  for (const dying of [0, 1]) {
    const timed = new TimedRun();
    const ids = [{ rate: 2e6, roundTrip: 100 }, { rate: 20e6 }].map((line) => timed.connect(line));
    timed.run.want({ path: "a", size: 20 * MB }, { path: "b", size: 20 * MB });
    timed.passUntil(800);
    const lost = timed.run.gets().filter(({ connection }) => connection === ids[dying]);
    assert.ok(lost.length > 0);
    timed.disconnect(ids[dying]!);
    timed.finish();
    timed.run.assertHere("a");
    timed.run.assertHere("b");
    assert.equal(timed.run.engine.stats.received, 40 * MB);
    assert.equal(timed.run.engine.stats.repeated, 0);
  }
});

Deno.test("Engine reaches the end with a slow disk, bad lines, and a server that often refuses", () => {
  for (let runs = 0; runs < 5; runs++) {
    const seed = freshSeed();
    const random = seededRandom(seed);
    try {
      const timed = new TimedRun();
      timed.diskTakes = () => random.pick([0, 0, 0, random.below(50)]);
      timed.answerTo = ({ type }) => {
        if (random.next() < 0.03) return "read-failed";
        return type === "get" && random.next() < 0.003 ? "wrong" : "right";
      };
      timed.run.want(...Array.from({ length: 200 }, (_, index) => ({
        path: `${index}`,
        size: random.below(random.pick([1_000, 300_000, 3_000_000])),
        priority: random.pick(["CRITICAL", "HIGH", "NORMAL"] as const),
      })));
      for (let time = 0; time < 20_000; time += 500) {
        timed.at(time, () => {
          const ids = [...timed.run.connections.keys()];
          if (ids.length > 1) timed.disconnect(random.pick(ids));
          if (ids.length < 3) {
            timed.connect({
              rate: random.pick([1e6, 10e6]),
              roundTrip: random.below(100),
              inlineDigest: random.next() < 0.5,
              maxRequests: random.pick([1, 2, 3, 8, 256]),
            });
          }
        });
      }
      timed.finish();
      for (const [path, state] of timed.run.checks.states) {
        if (state === "done") timed.run.assertHere(path);
      }
      assert.ok(timed.run.engine.stats.done > 150, `${timed.run.engine.stats.done} came`);
    } catch (error) {
      throw new Error(`The run with seed ${seed} failed`, { cause: error });
    }
  }
});
