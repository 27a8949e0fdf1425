import assert from "node:assert/strict";
import { Warnings } from "../../../lib/client/input/warnings.ts";

Deno.test("Warnings reports a problem once, and again after it was solved meanwhile", () => {
  const reported: string[] = [];
  const warnings = new Warnings((_kind, message) => reported.push(message));
  warnings.update("line", ["a", "b"]);
  warnings.update("name", ["a"]);
  warnings.update("line", ["b", "c"]);
  warnings.update("line", ["a", "b"]);
  assert.deepEqual(reported, ["a", "b", "a", "c", "a"]);
});

Deno.test("Warnings reports 100 problems singly and counts the others", () => {
  const reported: string[] = [];
  const warnings = new Warnings((_kind, message) => reported.push(message));
  warnings.update("line", Array.from({ length: 81_000 }, (_, i) => `line ${i}`));
  assert.equal(reported.length, 101);
  assert.equal(reported.at(-1), "… and 80900 more of this kind");
});

Deno.test("Warnings bounds the problems that a server makes by changing its list", () => {
  const reported: string[] = [];
  let now = 0;
  const warnings = new Warnings((_kind, message) => reported.push(message), () => now);
  // An hour of ten new lists a second, each with twenty new problems.
  for (let list = 0; list < 36_000; list++, now += 100) {
    warnings.update("name", Array.from({ length: 20 }, (_, i) => `${list}/${i}`));
  }
  assert.ok(reported.length <= 100 + 3 * 360 + 1, `${reported.length} lines`);
  const more = reported.map((line) => Number(/^… and (\d+) more/.exec(line)?.[1] ?? 1));
  const untold = 36_000 * 20 - more.reduce((sum, count) => sum + count, 0);
  assert.ok(untold >= 0 && untold <= 20 * 100, `${untold} are not counted`);
});
