import assert from "node:assert/strict";
import fc from "fast-check";
import {
  askFor,
  type FileRecord,
  giveBack,
  hasMore,
  isFinal,
  newRecord,
  NEXT_PHASES,
  type Phase,
  takeChunk,
  wantsDigest,
} from "../../../lib/client/engine/file_record.ts";

function recordOf(size: number, sha256: string | null = null): FileRecord {
  const file = { path: "a", size, modified: 0, version: "v" };
  return newRecord({ file, priority: "NORMAL", sha256, line: 1 });
}

/** All ranges to request, in chunks of at most `max` bytes, as pairs of numbers. */
function takeAll(record: FileRecord, max: number): number[][] {
  const chunks: number[][] = [];
  for (let chunk = takeChunk(record, max); chunk; chunk = takeChunk(record, max)) {
    chunks.push([chunk.start, chunk.end]);
  }
  return chunks;
}

Deno.test("takeChunk returns nothing until the bytes on disk are known", () => {
  const record = recordOf(100);
  assert.equal(hasMore(record), false);
  assert.equal(takeChunk(record, 10), undefined);
});

Deno.test("takeChunk returns the whole file in order, each byte once", () => {
  const record = recordOf(25);
  askFor(record, null);
  assert.equal(hasMore(record), true);
  assert.deepEqual(takeAll(record, 10), [[0, 10], [10, 20], [20, 25]]);
  assert.equal(hasMore(record), false);
});

Deno.test("takeChunk returns lacking ranges only", () => {
  const record = recordOf(100);
  askFor(record, [{ start: 10, end: 15 }, { start: 50, end: 70 }]);
  assert.equal(record.received, 75);
  assert.deepEqual(takeAll(record, 12), [[10, 15], [50, 62], [62, 70]]);
  assert.equal(hasMore(record), false);
});

Deno.test("takeChunk returns first the ranges that were given back", () => {
  const record = recordOf(40);
  askFor(record, null);
  for (let i = 0; i < 3; i++) takeChunk(record, 10);
  giveBack(record, { start: 10, end: 20, failures: 0 });
  assert.deepEqual(takeAll(record, 10), [[10, 20], [30, 40]]);
});

Deno.test("askFor resets the received bytes, and keeps their peak", () => {
  const record = recordOf(100);
  askFor(record, [{ start: 0, end: 20 }]);
  assert.deepEqual([record.received, record.peakReceived], [80, 80]);
  askFor(record, null);
  assert.deepEqual([record.received, record.peakReceived], [0, 80]);
  assert.deepEqual(takeAll(record, 100), [[0, 100]]);
});

Deno.test("takeChunk returns a failed range with its failures, in parts if it is long", () => {
  const record = recordOf(40);
  askFor(record, null);
  takeChunk(record, 20);
  giveBack(record, { start: 0, end: 20, failures: 2 });
  assert.deepEqual(takeChunk(record, 15), { start: 0, end: 15, failures: 2 });
  assert.deepEqual(takeChunk(record, 15), { start: 15, end: 20, failures: 2 });
  assert.deepEqual(takeChunk(record, 15), { start: 20, end: 35, failures: 0 });
});

Deno.test("hasMore is false after many failures in a row, until a pause is over or a chunk received", () => {
  const record = recordOf(100);
  askFor(record, null);
  takeChunk(record, 10);
  Object.assign(record, { pauses: 1, readFailures: 7 });
  assert.equal(hasMore(record), true);
  record.readFailures = 8;
  assert.equal(hasMore(record), false);
  assert.equal(takeChunk(record, 10), undefined);
  giveBack(record, { start: 0, end: 10, failures: 1 });
  assert.equal(hasMore(record), true);
  assert.deepEqual(takeChunk(record, 10), { start: 0, end: 10, failures: 1 });
  assert.equal(hasMore(record), false);
  record.readFailures = 0;
  assert.equal(hasMore(record), true);
  Object.assign(record, { pauses: 0, readFailures: 8 });
  assert.equal(hasMore(record), true);
});

Deno.test("wantsDigest is true for a verified run, and for a digest in the input list", () => {
  assert.equal(wantsDigest(recordOf(1), true), true);
  assert.equal(wantsDigest(recordOf(1), false), false);
  assert.equal(wantsDigest(recordOf(1, "digest"), false), true);
});

Deno.test("isFinal is true for phases that no phase follows", () => {
  const phases = Object.keys(NEXT_PHASES) as Phase[];
  assert.deepEqual(phases.filter(isFinal), [
    "outdated",
    "done",
    "failed",
    "unverified",
    "dropped",
    "stopped",
  ]);
});

Deno.test("takeChunk and giveBack lose no byte, and return none twice", () => {
  const step = fc.record({ max: fc.integer({ min: 1, max: 30 }), isLost: fc.boolean() });
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 200 }),
    fc.array(step, { maxLength: 50 }),
    (size, steps) => {
      const record = recordOf(size);
      askFor(record, null);
      const times = new Uint8Array(size);
      for (const { max, isLost } of [...steps, ...Array(size).fill({ max: 30, isLost: false })]) {
        const chunk = takeChunk(record, max);
        if (!chunk) break;
        assert.ok(chunk.end > chunk.start && chunk.end - chunk.start <= max);
        if (isLost) giveBack(record, chunk);
        else for (let at = chunk.start; at < chunk.end; at++) times[at]!++;
      }
      assert.equal(hasMore(record), false);
      assert.ok(times.every((count) => count === 1));
    },
  ));
});
