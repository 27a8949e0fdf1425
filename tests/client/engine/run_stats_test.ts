import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { WEIGHTS } from "../../../lib/client/priority.ts";
import { ShareMeter } from "../../../lib/client/schedule/share_meter.ts";
import { RunStats } from "../../../lib/client/engine/run_stats.ts";

function statsAt(now: number): RunStats {
  return new RunStats(new ShareMeter(WEIGHTS), now);
}

function queued(path: string): ClientEvent {
  return { type: "queued", path, priority: "NORMAL", size: 1000 };
}

function finished(path: string, alreadyThere = false): ClientEvent {
  return { type: "finished", path, size: 1000, took: 5, sha256: null, alreadyThere };
}

function failed(path: string): ClientEvent {
  return { type: "failed", path, reason: "no", advice: "do", verification: false };
}

Deno.test("RunStats counts done files and lists failed ones", () => {
  const stats = statsAt(0);
  for (const path of ["a", "b", "c", "d"]) stats.note(queued(path), 0);
  for (const event of [finished("a"), finished("b", true), failed("c"), failed("d")]) {
    stats.note(event, 1);
  }
  stats.note({ type: "dropped", path: "d", reason: "" }, 2);
  const { done, alreadyThere, failed: failures } = stats.summary(3);
  assert.deepEqual([done, alreadyThere], [2, 1]);
  assert.deepEqual(failures, [{ path: "c", reason: "no", advice: "do" }]);
});

Deno.test("RunStats counts a file once that is queued again, and one dropped after its end", () => {
  const stats = statsAt(0);
  for (const event of [queued("a"), failed("a"), queued("a"), finished("a")]) stats.note(event, 0);
  stats.note({ type: "dropped", path: "a", reason: "its line is gone" }, 0);
  assert.equal(stats.summary(0).done, 1);
  assert.deepEqual(stats.summary(0).failed, []);
  stats.note(queued("a"), 0);
  assert.equal(stats.summary(0).done, 0);
});

Deno.test("RunStats does not count a file that was fetched as already there", () => {
  const stats = statsAt(0);
  const chunk = { download: {}, path: "a", bytes: 10, received: 10, contested: null };
  stats.arrived(chunk);
  for (const event of [finished("a"), queued("a"), finished("a", true)]) stats.note(event, 0);
  assert.deepEqual([stats.summary(0).done, stats.summary(0).alreadyThere], [1, 0]);
});

Deno.test("RunStats counts repeated bytes separately", () => {
  const stats = statsAt(0);
  const download = {};
  const arrive = (bytes: number, received: number) =>
    stats.arrived({ download, path: "a", bytes, received, contested: null });
  // 200 are left from an earlier run; then 300 are lost and fetched again.
  arrive(300, 500);
  arrive(300, 800);
  arrive(200, 700);
  arrive(200, 900);
  const { bytes, repeated } = stats.summary(0);
  assert.deepEqual([bytes, repeated], [1000, 300]);
});

Deno.test("RunStats counts the time in which there was something to download", () => {
  const stats = statsAt(1000);
  stats.note(queued("a"), 2000);
  stats.note(finished("a"), 3000);
  stats.note({ type: "idle" }, 3000);
  stats.note(queued("b"), 10_000);
  const { took, activeTime } = stats.summary(10_500);
  assert.deepEqual([took, activeTime], [9500, 1500]);
});
