import assert from "node:assert/strict";
import { type FileRecord, newRecord } from "../../../lib/client/engine/file_record.ts";
import { RunStats } from "../../../lib/client/engine/run_stats.ts";
import type { FailedFile } from "../../../lib/client/events.ts";

function recordOf(path: string): FileRecord {
  const file = { path, size: 1000, modified: 0, version: "v" };
  return newRecord({ file, priority: "NORMAL", sha256: null, line: 1 });
}

function failed(path: string): FailedFile {
  return { path, reason: "no", advice: "do" };
}

Deno.test("RunStats counts done files and lists failed ones", () => {
  const stats = new RunStats();
  for (const path of ["a", "b", "c", "d"]) stats.onQueued(path, 0);
  stats.onDone("a", false);
  stats.onDone("b", true);
  stats.onFailed(failed("c"));
  stats.onFailed(failed("d"));
  stats.onDropped("d");
  assert.deepEqual([stats.done, stats.alreadyThere], [2, 1]);
  assert.deepEqual(stats.failed, [{ path: "c", reason: "no", advice: "do" }]);
});

Deno.test("RunStats counts a file that is queued again, and one that is dropped after its end", () => {
  const stats = new RunStats();
  stats.onQueued("a", 0);
  stats.onFailed(failed("a"));
  stats.onQueued("a", 0);
  assert.deepEqual(stats.failed, []);
  stats.onDone("a", false);
  stats.onDropped("a");
  assert.equal(stats.done, 1);
  assert.deepEqual(stats.failed, []);
  stats.onQueued("a", 0);
  assert.equal(stats.done, 0);
});

Deno.test("RunStats does not count a file fetched in this run as already there", () => {
  const stats = new RunStats();
  stats.onChunk(recordOf("a"), 10, 10);
  stats.onDone("a", false);
  stats.onQueued("a", 0);
  stats.onDone("a", true);
  assert.deepEqual([stats.done, stats.alreadyThere], [1, 0]);
});

Deno.test("RunStats counts repeated bytes separately", () => {
  const stats = new RunStats();
  const record = recordOf("a");
  // 200 were resumed; then 300 are lost and received again.
  stats.onChunk(record, 300, 300);
  stats.onChunk(record, 300, 300);
  stats.onChunk(record, 200, 0);
  stats.onChunk(record, 200, 100);
  assert.deepEqual([stats.received, stats.repeated], [1000, 300]);
});

Deno.test("RunStats counts the time in which there was something to do", () => {
  const stats = new RunStats();
  assert.equal(stats.activeTime(2000), 0);
  stats.onQueued("a", 2000);
  assert.equal(stats.activeTime(2500), 500);
  stats.onDone("a", false);
  stats.onIdle(3000);
  assert.equal(stats.activeTime(9000), 1000);
  stats.onQueued("b", 10_000);
  stats.onQueued("c", 10_200);
  assert.equal(stats.activeTime(10_500), 1500);
});
