import assert from "node:assert/strict";
import { Warnings } from "../../../lib/client/input/warnings.ts";

Deno.test("Warnings tells what is wrong once, and again when it was right meanwhile", () => {
  const told: string[] = [];
  const warnings = new Warnings((message) => told.push(message));
  warnings.update("input", ["a", "b"]);
  warnings.update("names", ["a"]);
  warnings.update("input", ["b", "c"]);
  warnings.update("input", ["a", "b"]);
  assert.deepEqual(told, ["a", "b", "a", "c", "a"]);
});

Deno.test("Warnings counts what comes in thousands", () => {
  const told: string[] = [];
  const warnings = new Warnings((message) => told.push(message));
  warnings.update("input", Array.from({ length: 81_000 }, (_, i) => `line ${i}`));
  assert.equal(told.length, 101);
  assert.equal(told.at(-1), "… and 80900 more of this kind");
});
