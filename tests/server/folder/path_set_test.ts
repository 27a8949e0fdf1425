import assert from "node:assert/strict";
import { isAtOrUnder, outermost } from "../../../lib/server/folder/path_set.ts";

Deno.test("outermost leaves out paths that are under others", () => {
  assert.deepEqual([...outermost(["a/b/c", "a/b", "ab", "d/e", "a/b"])].sort(), [
    "a/b",
    "ab",
    "d/e",
  ]);
  assert.deepEqual([...outermost(["a", "", "b/c"])], [""]);
  assert.deepEqual([...outermost([])], []);
});

Deno.test("isAtOrUnder compares whole names", () => {
  const tops = new Set(["a/b", "c"]);
  for (const path of ["a/b", "a/b/x", "c", "c/x/y"]) assert.ok(isAtOrUnder(path, tops), path);
  for (const path of ["a", "a/bb", "cc", "x/c", ""]) assert.ok(!isAtOrUnder(path, tops), path);
  assert.ok(isAtOrUnder("x", new Set([""])));
});
