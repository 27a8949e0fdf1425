import assert from "node:assert/strict";
import fc from "fast-check";
import { RateHistory } from "../../../lib/display/report/rate_history.ts";

function bytesOf(history: RateHistory, key: string): number[] {
  return history.spans.map((span) => span.get(key) ?? 0);
}

Deno.test("RateHistory spreads bytes over the time in which they were received", () => {
  const history = new RateHistory();
  history.add("a", 100, 250, 1250);
  history.add("b", 30, 600, 600);
  assert.equal(history.span, 500);
  assert.deepEqual(bytesOf(history, "a"), [25, 50, 25]);
  assert.deepEqual(bytesOf(history, "b"), [0, 30, 0]);
});

Deno.test("RateHistory takes no more room for a day than for a minute", () => {
  const history = new RateHistory();
  const day = 24 * 3600 * 1000;
  for (let at = 0; at < day; at += 10_000) history.add("a", 10, at, at + 10_000);
  assert.ok(history.spans.length <= 240, `${history.spans.length}`);
  const spans = bytesOf(history, "a").slice(0, -1);
  for (const bytes of spans) assert.ok(Math.abs(bytes - history.span / 1000) < 1, `${bytes}`);
});

Deno.test("RateHistory loses no byte", () => {
  const step = fc.record({ key: fc.constantFrom("a", "b"), bytes: fc.nat(), length: fc.nat(2000) });
  fc.assert(fc.property(fc.array(step), fc.nat(1e9), (steps, pause) => {
    const history = new RateHistory();
    let now = 0;
    for (const { key, bytes, length } of steps) {
      history.add(key, bytes, now, now + length);
      now += length + pause;
    }
    for (const key of ["a", "b"]) {
      const expected = steps.filter((step) => step.key === key)
        .reduce((sum, { bytes }) => sum + bytes, 0);
      const found = bytesOf(history, key).reduce((sum, bytes) => sum + bytes, 0);
      assert.ok(Math.abs(found - expected) <= 1e-6 * (1 + expected));
    }
  }));
});
