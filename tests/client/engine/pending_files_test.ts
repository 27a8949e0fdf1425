import assert from "node:assert/strict";
import { PendingFiles } from "../../../lib/client/engine/pending_files.ts";
import type { Priority } from "../../../lib/client/priority.ts";
import type { PlannedFile } from "../../../lib/client/input/plan.ts";

function planned(path: string, priority: Priority, line = 1): PlannedFile {
  return { file: { path, size: 1, modified: 0, version: "v" }, priority, sha256: null, line };
}

/** The paths of a priority, in the order in which they are taken. */
function takeAll(pending: PendingFiles, priority: Priority): string[] {
  const paths: string[] = [];
  for (let next = pending.take(priority); next; next = pending.take(priority)) {
    paths.push(next.file.path);
  }
  return paths;
}

Deno.test("PendingFiles returns the files of each priority in the order of their addition", () => {
  const pending = new PendingFiles();
  for (const path of ["a", "b", "c"]) pending.put(planned(path, "NORMAL"));
  pending.put(planned("d", "HIGH"));
  assert.equal(pending.size, 4);
  assert.deepEqual(takeAll(pending, "CRITICAL"), []);
  assert.deepEqual(takeAll(pending, "NORMAL"), ["a", "b", "c"]);
  assert.deepEqual(takeAll(pending, "HIGH"), ["d"]);
  assert.equal(pending.size, 0);
});

Deno.test("PendingFiles moves a file whose priority changes, and only that", () => {
  const pending = new PendingFiles();
  for (const path of ["a", "b", "c"]) pending.put(planned(path, "NORMAL"));
  pending.put(planned("a", "HIGH"));
  pending.put(planned("b", "NORMAL", 7));
  assert.equal(pending.size, 3);
  assert.equal(pending.get("b")?.line, 7);
  assert.deepEqual(takeAll(pending, "NORMAL"), ["b", "c"]);
  assert.deepEqual(takeAll(pending, "HIGH"), ["a"]);
});

Deno.test("PendingFiles forgets removed files, and returns none twice", () => {
  const pending = new PendingFiles();
  for (const path of ["a", "b"]) pending.put(planned(path, "NORMAL"));
  assert.equal(pending.remove("a"), true);
  assert.equal(pending.remove("a"), false);
  pending.put(planned("a", "NORMAL"));
  pending.put(planned("b", "HIGH"));
  pending.put(planned("b", "NORMAL"));
  assert.deepEqual([...pending.paths()].sort(), ["a", "b"]);
  assert.deepEqual(takeAll(pending, "NORMAL").sort(), ["a", "b"]);
  assert.deepEqual(takeAll(pending, "HIGH"), []);
});

Deno.test("PendingFiles does not take a file that rests until it is woken", () => {
  const pending = new PendingFiles();
  pending.put(planned("a", "NORMAL"));
  pending.remove("a");
  pending.rest(planned("a", "NORMAL"));
  pending.put(planned("a", "HIGH", 7));
  assert.deepEqual([pending.size, pending.isResting("a")], [1, true]);
  for (const priority of ["NORMAL", "HIGH"] as const) {
    assert.deepEqual(takeAll(pending, priority), []);
  }
  pending.wake("a");
  pending.wake("a");
  pending.wake("b");
  assert.equal(pending.get("a")?.line, 7);
  assert.deepEqual(takeAll(pending, "HIGH"), ["a"]);
  pending.rest(planned("a", "NORMAL"));
  pending.remove("a");
  pending.wake("a");
  pending.put(planned("a", "NORMAL"));
  assert.deepEqual(takeAll(pending, "NORMAL"), ["a"]);
});
