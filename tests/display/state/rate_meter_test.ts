import assert from "node:assert/strict";
import fc from "fast-check";
import { RATE_WINDOW, RateMeter } from "../../../lib/display/state/rate_meter.ts";

Deno.test("RateMeter returns 0 before anything is added", () => {
  const meter = new RateMeter();
  assert.equal(meter.rate(0), 0);
  meter.add(0, 0);
  assert.equal(meter.rate(0), 0);
});

Deno.test("RateMeter returns a steady rate, whatever the rhythm", () => {
  for (const period of [10, 100, 333, 1000]) {
    const meter = new RateMeter();
    meter.add(0, 0);
    for (let now = period; now <= 10_000; now += period) meter.add(5 * period, now);
    assert.equal(Math.round(meter.rate(Math.floor(10_000 / period) * period)), 5000);
  }
});

Deno.test("RateMeter follows a change within its window", () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  for (let now = 100; now <= 20_000; now += 100) meter.add(now <= 10_000 ? 100 : 1000, now);
  assert.equal(Math.round(meter.rate(20_000)), 10_000);
});

Deno.test("RateMeter falls to 0 when nothing is added", () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  for (let now = 100; now <= 5000; now += 100) meter.add(100, now);
  assert.ok(meter.rate(6000) < 1000);
  assert.equal(meter.rate(5000 + RATE_WINDOW), 0);
});

Deno.test("RateMeter drops a pause whose end is marked by adding 0", () => {
  const meter = new RateMeter();
  meter.add(1000, 0);
  meter.add(0, 3_600_000);
  meter.add(1000, 3_601_000);
  assert.equal(Math.round(meter.rate(3_601_000)), 1000);
});

Deno.test("RateMeter drops most of a pause whose end is not marked", () => {
  const meter = new RateMeter();
  meter.add(1000, 0);
  meter.add(3000, 3_600_000);
  assert.equal(Math.round(meter.rate(3_600_000)), 1000);
});

Deno.test("RateMeter is finite and never negative", () => {
  const steps = fc.array(fc.record({ after: fc.nat(20_000), delta: fc.nat() }));
  fc.assert(fc.property(steps, fc.nat(20_000), (steps, later) => {
    const meter = new RateMeter();
    let now = 0;
    for (const { after, delta } of steps) {
      now += after;
      meter.add(delta, now);
      assert.ok(Number.isFinite(meter.rate(now)) && meter.rate(now) >= 0);
    }
    assert.ok(Number.isFinite(meter.rate(now + later)) && meter.rate(now + later) >= 0);
  }));
});
