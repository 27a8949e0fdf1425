import assert from "node:assert/strict";
import { median, pairedRatio, spreadOf } from "../../../tools/bench/statistics.ts";

Deno.test("median is the middle figure, whatever their order", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([7]), 7);
});

Deno.test("median of an even number of figures is the mean of the middle two", () => {
  assert.equal(median([10, 1, 3, 2]), 2.5);
});

Deno.test("median leaves the figures as they are, and refuses none", () => {
  const figures = [3, 1, 2];
  median(figures);
  assert.deepEqual(figures, [3, 1, 2]);
  assert.throws(() => median([]), RangeError);
});

Deno.test("spreadOf returns the median and both ends", () => {
  assert.deepEqual(spreadOf([4, 1, 2]), { median: 2, min: 1, max: 4 });
});

Deno.test("pairedRatio compares within each round, not across rounds", () => {
  // Each round is slower than the one before, and the ratio the same in all.
  assert.equal(pairedRatio([2, 20, 200], [1, 10, 100]), 2);
  assert.equal(pairedRatio([1, 100, 3], [1, 10, 1]), 3);
});

Deno.test("pairedRatio skips rounds in which either is missing", () => {
  assert.equal(pairedRatio([null, 6, 8], [1, 2, null]), 3);
  assert.equal(pairedRatio([null, 6], [1, null]), null);
  assert.equal(pairedRatio([1, 2], []), null);
});
