import assert from "node:assert/strict";
import { ActiveFiles } from "../../../lib/server/respond/active_files.ts";

Deno.test("FilesAtWork counts what is awaited and what was just sent, each file once", () => {
  const files = new ActiveFiles();
  assert.equal(files.count([], 0), 0);
  assert.equal(files.count(["a", "a", "b"], 0), 2);
  files.sent("b", 0);
  files.sent("c", 0);
  assert.equal(files.count(["a", "a", "b"], 0), 3);
});

Deno.test("FilesAtWork forgets a file that has ended, or that nothing was sent of for long", () => {
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

Deno.test("FilesAtWork remembers a bounded number of files, the latest ones", () => {
  const files = new ActiveFiles();
  for (let i = 0; i < 5000; i++) files.sent(`${i}`, i / 10);
  assert.equal(files.count([], 500), 1000);
  assert.equal(files.count(["4999"], 500), 1000);
  assert.equal(files.count(["0"], 500), 1001);
});
