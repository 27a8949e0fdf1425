import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { WEIGHTS } from "../../../lib/client/priority.ts";
import { ShareMeter } from "../../../lib/client/schedule/share_meter.ts";
import { RunStats } from "../../../lib/client/engine/run_stats.ts";

function tallyAt(now: number): RunStats {
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

Deno.test("Tally counts what is done and lists what failed", () => {
  const tally = tallyAt(0);
  for (const path of ["a", "b", "c", "d"]) tally.note(queued(path), 0);
  for (const event of [finished("a"), finished("b", true), failed("c"), failed("d")]) {
    tally.note(event, 1);
  }
  tally.note({ type: "dropped", path: "d", reason: "" }, 2);
  const { done, alreadyThere, failed: failures } = tally.summary(3);
  assert.deepEqual([done, alreadyThere], [2, 1]);
  assert.deepEqual(failures, [{ path: "c", reason: "no", advice: "do" }]);
});

Deno.test("Tally counts a file anew that is wanted again, and one dropped after its end", () => {
  const tally = tallyAt(0);
  for (const event of [queued("a"), failed("a"), queued("a"), finished("a")]) tally.note(event, 0);
  tally.note({ type: "dropped", path: "a", reason: "its line is gone" }, 0);
  assert.equal(tally.summary(0).done, 1);
  assert.deepEqual(tally.summary(0).failed, []);
  tally.note(queued("a"), 0);
  assert.equal(tally.summary(0).done, 0);
});

Deno.test("Tally does not take for there already what it fetched itself", () => {
  const tally = tallyAt(0);
  const chunk = { download: {}, path: "a", bytes: 10, received: 10, contested: null };
  tally.arrived(chunk);
  for (const event of [finished("a"), queued("a"), finished("a", true)]) tally.note(event, 0);
  assert.deepEqual([tally.summary(0).done, tally.summary(0).alreadyThere], [1, 0]);
});

Deno.test("Tally counts bytes apart that had to come twice", () => {
  const tally = tallyAt(0);
  const download = {};
  const arrive = (bytes: number, received: number) =>
    tally.arrived({ download, path: "a", bytes, received, contested: null });
  // 200 were there before; then 300 are lost and come again.
  arrive(300, 500);
  arrive(300, 800);
  arrive(200, 700);
  arrive(200, 900);
  const { bytes, repeated } = tally.summary(0);
  assert.deepEqual([bytes, repeated], [1000, 300]);
});

Deno.test("Tally counts the time in which there was something to do", () => {
  const tally = tallyAt(1000);
  tally.note(queued("a"), 2000);
  tally.note(finished("a"), 3000);
  tally.note({ type: "idle" }, 3000);
  tally.note(queued("b"), 10_000);
  const { took, activeTime } = tally.summary(10_500);
  assert.deepEqual([took, activeTime], [9500, 1500]);
});
