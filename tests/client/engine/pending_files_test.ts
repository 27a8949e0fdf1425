import assert from "node:assert/strict";
import { PendingFiles } from "../../../lib/client/engine/pending_files.ts";
import type { Priority } from "../../../lib/client/priority.ts";
import type { PlannedFile } from "../../../lib/client/input/plan.ts";

function planned(path: string, priority: Priority, line = 1): PlannedFile {
  return { file: { path, size: 1, modified: 0, version: "v" }, priority, sha256: null, line };
}

/** The paths of a priority, in the order in which they are taken. */
function takeAll(backlog: PendingFiles, priority: Priority): string[] {
  const paths: string[] = [];
  for (let next = backlog.take(priority); next; next = backlog.take(priority)) {
    paths.push(next.file.path);
  }
  return paths;
}

Deno.test("Backlog gives the files of each priority in the order of their coming", () => {
  const backlog = new PendingFiles();
  for (const path of ["a", "b", "c"]) backlog.put(planned(path, "NORMAL"));
  backlog.put(planned("d", "HIGH"));
  assert.equal(backlog.size, 4);
  assert.deepEqual(takeAll(backlog, "CRITICAL"), []);
  assert.deepEqual(takeAll(backlog, "NORMAL"), ["a", "b", "c"]);
  assert.deepEqual(takeAll(backlog, "HIGH"), ["d"]);
  assert.equal(backlog.size, 0);
});

Deno.test("Backlog moves a file whose priority changes, and only that", () => {
  const backlog = new PendingFiles();
  for (const path of ["a", "b", "c"]) backlog.put(planned(path, "NORMAL"));
  backlog.put(planned("a", "HIGH"));
  backlog.put(planned("b", "NORMAL", 7));
  assert.equal(backlog.size, 3);
  assert.equal(backlog.get("b")?.line, 7);
  assert.deepEqual(takeAll(backlog, "NORMAL"), ["b", "c"]);
  assert.deepEqual(takeAll(backlog, "HIGH"), ["a"]);
});

Deno.test("Backlog forgets what is removed, and gives nothing twice", () => {
  const backlog = new PendingFiles();
  for (const path of ["a", "b"]) backlog.put(planned(path, "NORMAL"));
  assert.equal(backlog.remove("a"), true);
  assert.equal(backlog.remove("a"), false);
  backlog.put(planned("a", "NORMAL"));
  backlog.put(planned("b", "HIGH"));
  backlog.put(planned("b", "NORMAL"));
  assert.deepEqual([...backlog.paths()].sort(), ["a", "b"]);
  assert.deepEqual(takeAll(backlog, "NORMAL").sort(), ["a", "b"]);
  assert.deepEqual(takeAll(backlog, "HIGH"), []);
});
