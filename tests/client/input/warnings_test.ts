import assert from "node:assert/strict";
import { Warnings } from "../../../lib/client/input/warnings.ts";

Deno.test("Warnings reports a problem once, and again after it was solved meanwhile", () => {
  const reported: string[] = [];
  const warnings = new Warnings((message) => reported.push(message));
  warnings.update("input", ["a", "b"]);
  warnings.update("names", ["a"]);
  warnings.update("input", ["b", "c"]);
  warnings.update("input", ["a", "b"]);
  assert.deepEqual(reported, ["a", "b", "a", "c", "a"]);
});

Deno.test("Warnings reports 100 problems singly and counts the others", () => {
  const reported: string[] = [];
  const warnings = new Warnings((message) => reported.push(message));
  warnings.update("input", Array.from({ length: 81_000 }, (_, i) => `line ${i}`));
  assert.equal(reported.length, 101);
  assert.equal(reported.at(-1), "… and 80900 more of this kind");
});
