import assert from "node:assert/strict";
import fc from "fast-check";
import { backoff } from "../../../lib/client/remote/backoff.ts";

Deno.test("backoff doubles from 0.2 s to 10 s, and stays there", () => {
  const waits = Array.from({ length: 9 }, (_, attempt) => backoff(attempt, 1));
  assert.deepEqual(waits, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
  assert.equal(backoff(1_000_000, 1), 10_000);
});

Deno.test("backoff lies between half of the delay and all of it", () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(fc.property(fc.nat(), random, (attempt, random) => {
    const wait = backoff(attempt, random);
    const max = backoff(attempt, 1);
    assert.ok(Number.isInteger(wait));
    assert.ok(wait >= max / 2 && wait <= max);
  }));
  assert.equal(backoff(0, 0), 100);
  assert.equal(backoff(20, 0), 5_000);
});

Deno.test("backoff scatters clients over the whole of its interval", () => {
  const waits = Array.from({ length: 11 }, (_, i) => backoff(10, i / 10));
  assert.equal(new Set(waits).size, 11);
});
