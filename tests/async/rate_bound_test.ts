import assert from "node:assert/strict";
import { RateBound } from "../../lib/async/rate_bound.ts";

Deno.test("RateBound lets a burst through, then one event in each interval", () => {
  const bound = new RateBound(3, 1_000);
  const taken = (now: number, events: number) =>
    Array.from({ length: events }, () => bound.take(now)).filter((isIn) => isIn).length;
  assert.equal(taken(500, 10), 3);
  assert.equal(bound.takeOmitted(), 7);
  assert.equal(taken(1_499, 5), 0);
  assert.equal(taken(1_500, 5), 1);
  assert.equal(taken(2_400, 5), 0);
  assert.equal(taken(4_600, 5), 3);
  assert.equal(bound.takeOmitted(), 5 + 4 + 5 + 2);
  assert.equal(bound.takeOmitted(), 0);
  assert.equal(taken(1_000_000, 10), 3);
});
