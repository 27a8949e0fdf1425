import assert from "node:assert/strict";
import { ActiveFiles } from "../../../lib/server/respond/active_files.ts";

Deno.test("ActiveFiles counts requested and just sent files, each file once", () => {
  const files = new ActiveFiles();
  assert.equal(files.count([], 0), 0);
  assert.equal(files.count(["a", "a", "b"], 0), 2);
  files.sent("b", 0);
  files.sent("c", 0);
  assert.equal(files.count(["a", "a", "b"], 0), 3);
});

Deno.test("ActiveFiles drops a file that has ended, or of which nothing was sent for a while", () => {
  const files = new ActiveFiles();
  files.sent("a", 0);
  files.sent("b", 1000);
  files.sent("c", 1000);
  files.sent("a", 2000);
  files.ended("b");
  assert.equal(files.count([], 3500), 2);
  assert.equal(files.count([], 4500), 1);
  assert.equal(files.count([], 5500), 0);
});

Deno.test("ActiveFiles remembers a bounded number of files, the latest ones", () => {
  const files = new ActiveFiles();
  for (let i = 0; i < 5000; i++) files.sent(`${i}`, i / 10);
  assert.equal(files.count([], 500), 1000);
  assert.equal(files.count(["4999"], 500), 1000);
  assert.equal(files.count(["0"], 500), 1001);
});
