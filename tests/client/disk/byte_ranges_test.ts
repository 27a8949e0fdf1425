import assert from "node:assert/strict";
import fc from "fast-check";
import { type Range, Ranges } from "../../../lib/client/disk/byte_ranges.ts";

/** Small enough that ranges overlap often. */
const BYTES = 40;

Deno.test("Ranges holds the same bytes as a naive set after any additions and removals", () => {
  const range = fc.tuple(fc.nat(BYTES), fc.nat(BYTES)).map(([a, b]) => ({
    // Some are empty, some reversed: those hold nothing.
    start: a,
    end: b,
  }));
  const step = fc.oneof(
    range.map((range) => ({ what: "add" as const, range })),
    range.map((range) => ({ what: "remove" as const, range })),
    fc.nat(12).map((max) => ({ what: "takeFirst" as const, max })),
  );
  fc.assert(
    fc.property(fc.array(range, { maxLength: 5 }), fc.array(step, { maxLength: 60 }), (
      initial,
      steps,
    ) => {
      const ranges = new Ranges(...initial);
      const naive = new Set(initial.flatMap(bytesOf));
      assertHolds(ranges, naive);
      for (const step of steps) {
        if (step.what === "add") {
          ranges.add(step.range);
          for (const byte of bytesOf(step.range)) naive.add(byte);
        } else if (step.what === "remove") {
          const present = bytesOf(step.range).filter((byte) => naive.delete(byte)).length;
          assert.equal(ranges.remove(step.range), present);
        } else {
          const taken = ranges.takeFirst(step.max);
          assert.deepEqual(taken && bytesOf(taken), takeFirst(naive, step.max));
        }
        assertHolds(ranges, naive);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Ranges without bytes has no first byte and returns nothing", () => {
  const ranges = new Ranges();
  assert.equal(ranges.first, undefined);
  assert.equal(ranges.size, 0);
  assert.equal(ranges.takeFirst(10), undefined);
  assert.equal(ranges.remove({ start: 0, end: 10 }), 0);
  assert.deepEqual([...ranges], []);
});

Deno.test("Ranges joins ranges that touch", () => {
  const ranges = new Ranges({ start: 0, end: 10 }, { start: 20, end: 30 });
  ranges.add({ start: 10, end: 20 });
  assert.deepEqual([...ranges], [{ start: 0, end: 30 }]);
});

Deno.test("Ranges splits a range whose middle is removed", () => {
  const ranges = new Ranges({ start: 0, end: 30 });
  assert.equal(ranges.remove({ start: 10, end: 20 }), 10);
  assert.deepEqual([...ranges], [{ start: 0, end: 10 }, { start: 20, end: 30 }]);
});

Deno.test("Ranges takes the low end of the first range, and no more than one range at a time", () => {
  const ranges = new Ranges({ start: 5, end: 8 }, { start: 20, end: 30 });
  assert.deepEqual(ranges.takeFirst(2), { start: 5, end: 7 });
  assert.deepEqual(ranges.takeFirst(100), { start: 7, end: 8 });
  assert.deepEqual(ranges.takeFirst(100), { start: 20, end: 30 });
  assert.equal(ranges.takeFirst(100), undefined);
});

Deno.test("Ranges does not change the ranges that it was made of", () => {
  const range = Object.freeze({ start: 0, end: 10 });
  const ranges = new Ranges(range);
  const copy = new Ranges(...ranges);
  ranges.add({ start: 10, end: 12 });
  copy.takeFirst(5);
  assert.deepEqual([...ranges], [{ start: 0, end: 12 }]);
  assert.deepEqual([...copy], [{ start: 5, end: 10 }]);
});

Deno.test("Ranges holds positions beyond 32 bits", () => {
  const size = Number.MAX_SAFE_INTEGER;
  const ranges = new Ranges({ start: 0, end: size });
  ranges.remove({ start: 2 ** 40, end: 2 ** 41 });
  assert.equal(ranges.size, size - 2 ** 40);
  assert.deepEqual(ranges.takeFirst(2 ** 50), { start: 0, end: 2 ** 40 });
  assert.deepEqual(ranges.takeFirst(2 ** 20), { start: 2 ** 41, end: 2 ** 41 + 2 ** 20 });
});

Deno.test("Ranges splits a large file and joins it again in any order", () => {
  const chunk = 16 * 1024;
  const chunks = 20_000;
  const ranges = new Ranges({ start: 0, end: chunks * chunk });
  // 7919 is prime to 20,000: every chunk once, in a scattered order.
  const order = Array.from({ length: chunks }, (_, i) => i * 7919 % chunks * chunk);
  for (const start of order.slice(0, chunks / 2)) {
    assert.equal(ranges.remove({ start, end: start + chunk }), chunk);
  }
  assert.equal(ranges.size, chunks / 2 * chunk);
  for (const start of order.slice(0, chunks / 2)) ranges.add({ start, end: start + chunk });
  assert.deepEqual([...ranges], [{ start: 0, end: chunks * chunk }]);
});

function bytesOf({ start, end }: Range): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** A naive `takeFirst`, byte by byte. */
function takeFirst(bytes: Set<number>, max: number): number[] | undefined {
  if (bytes.size === 0) return undefined;
  const first = Math.min(...bytes);
  const taken: number[] = [];
  while (taken.length < max && bytes.delete(first + taken.length)) {
    taken.push(first + taken.length);
  }
  return taken;
}

function assertHolds(ranges: Ranges, bytes: ReadonlySet<number>): void {
  const list = [...ranges];
  assert.deepEqual(list.flatMap(bytesOf), [...bytes].sort((a, b) => a - b));
  assert.equal(ranges.size, bytes.size);
  assert.equal(ranges.first, bytes.size === 0 ? undefined : Math.min(...bytes));
  for (const [i, { start, end }] of list.entries()) {
    assert.ok(start < end, "an empty range");
    assert.ok(i === 0 || list[i - 1]!.end < start, "ranges that touch");
  }
}
