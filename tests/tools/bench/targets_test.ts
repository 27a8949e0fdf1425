import assert from "node:assert/strict";
import type { Role, Row } from "../../../tools/bench/report.ts";
import { BEST_PEER, figureTarget, speedTarget } from "../../../tools/bench/targets.ts";

function row(name: string, role: Role, ...seconds: number[]): Row {
  return { name, role, samples: seconds.map((seconds) => ({ seconds })) };
}

const ROWS = [
  row("sluice none", "sluice", 1, 1, 1),
  row("slow", "peer", 5, 5, 5),
  row("fast", "peer", 1.5, 1.5, 1.5),
  row("limit", "limit", 0.1, 0.1, 0.1),
];

Deno.test("speedTarget compares with the best peer, which a limit is not", () => {
  const [target] = speedTarget(ROWS, "sluice none", BEST_PEER, 1.2);
  assert.match(target!.text, /the best peer, fast: at least 1\.20$/);
  assert.deepEqual([target!.value, target!.isMet], ["1.50", true]);
});

Deno.test("speedTarget is missed below its limit, and met at it", () => {
  assert.equal(speedTarget(ROWS, "sluice none", "fast", 1.51)[0]!.isMet, false);
  assert.equal(speedTarget(ROWS, "sluice none", "fast", 1.5)[0]!.isMet, true);
});

Deno.test("speedTarget returns no target without both rows", () => {
  assert.deepEqual(speedTarget(ROWS, "sluice none", "absent", 1), []);
  assert.deepEqual(speedTarget(ROWS.slice(0, 1), "sluice none", BEST_PEER, 1), []);
});

Deno.test("figureTarget formats figures as their column does", () => {
  const rows = [{ ...ROWS[0]!, samples: [{ serverPeak: 301e6 }] }];
  const [target] = figureTarget(rows, "sluice none", "serverPeak", "memory in MB", {
    atMost: 300e6,
  });
  assert.deepEqual(target, { text: "memory in MB: at most 300", value: "301", isMet: false });
});
