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
