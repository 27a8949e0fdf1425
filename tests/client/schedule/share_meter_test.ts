import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES, type Priority } from "../../../lib/client/priority.ts";
import { WEIGHTS } from "../../../lib/client/priority.ts";
import { ShareMeter } from "../../../lib/client/schedule/share_meter.ts";

Deno.test("ShareMeter measures nothing while no priorities compete", () => {
  const meter = new ShareMeter(WEIGHTS);
  meter.competing(["NORMAL"], 0);
  meter.competing([], 5000);
  assert.equal(meter.takeSpan(9000), null);
  assert.equal(meter.whole(9000), null);
});

Deno.test("ShareMeter returns the actual and the expected share of each priority", () => {
  const meter = new ShareMeter(WEIGHTS);
  meter.competing(PRIORITIES, 1000);
  for (const [priority, bytes] of [["CRITICAL", 900], ["HIGH", 500], ["NORMAL", 100]] as const) {
    meter.arrived({ priority, competing: PRIORITIES }, bytes);
  }
  meter.competing(["NORMAL"], 3000);
  const { took, bytes, priorities } = meter.takeSpan(9000)!;
  assert.deepEqual([took, bytes], [2000, 1500]);
  const fifteenths = priorities.map(({ priority, bytes, expectedShare, actualShare }) =>
    [
      priority,
      bytes,
      Math.round(15e6 * expectedShare) / 1e6,
      Math.round(15e6 * actualShare) / 1e6,
    ] as const
  );
  assert.deepEqual(fifteenths, [
    ["CRITICAL", 900, 10, 9],
    ["HIGH", 500, 4, 5],
    ["NORMAL", 100, 1, 1],
  ]);
});

Deno.test("ShareMeter expects shares only of the priorities that competed for a chunk", () => {
  const meter = new ShareMeter(WEIGHTS);
  meter.arrived({ priority: "HIGH", competing: ["HIGH", "NORMAL"] }, 400);
  meter.arrived({ priority: "CRITICAL", competing: ["CRITICAL", "NORMAL"] }, 1100);
  const expected = meter.takeSpan(0)!.priorities.map(({ expectedShare }) =>
    Math.round(1500 * expectedShare)
  );
  assert.deepEqual(expected, [1000, 320, 180]);
});

Deno.test("ShareMeter resets each span, and not the whole", () => {
  const meter = new ShareMeter(WEIGHTS);
  const competing = ["HIGH", "NORMAL"] as const;
  meter.competing(competing, 0);
  meter.arrived({ priority: "HIGH", competing }, 400);
  assert.equal(meter.takeSpan(1000)!.bytes, 400);
  meter.arrived({ priority: "NORMAL", competing }, 100);
  const second = meter.takeSpan(1500)!;
  assert.deepEqual([second.bytes, second.took], [100, 500]);
  assert.equal(meter.takeSpan(2000), null);
  const whole = meter.whole(2000)!;
  assert.deepEqual([whole.bytes, whole.took], [500, 2000]);
});

Deno.test("ShareMeter returns shares that add up to one", () => {
  const chunk = fc.record({
    priority: fc.constantFrom<Priority>(...PRIORITIES),
    others: fc.subarray<Priority>([...PRIORITIES], { minLength: 1 }),
    bytes: fc.integer({ min: 1, max: 4 * 1024 ** 2 }),
  });
  fc.assert(fc.property(fc.array(chunk, { minLength: 1 }), (chunks) => {
    const meter = new ShareMeter(WEIGHTS);
    for (const { priority, others, bytes } of chunks) {
      const competing = PRIORITIES.filter((other) => other === priority || others.includes(other));
      meter.arrived({ priority, competing }, bytes);
    }
    const { bytes, priorities } = meter.whole(0)!;
    const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
    assert.equal(bytes, sum(chunks.map(({ bytes }) => bytes)));
    assert.equal(bytes, sum(priorities.map(({ bytes }) => bytes)));
    for (const part of ["expectedShare", "actualShare"] as const) {
      assert.ok(Math.abs(sum(priorities.map((share) => share[part])) - 1) < 1e-9);
    }
  }));
});
