import assert from "node:assert/strict";
import { RestartPace } from "../../../lib/client/engine/restart_pace.ts";
import { VirtualRun } from "../../support/virtual_run.ts";
import { TimedRun } from "../../support/virtual_line.ts";

Deno.test("RestartPace makes a file that keeps changing wait, up to a minute", () => {
  const pace = new RestartPace(false);
  let now = 0;
  const pauses = Array.from({ length: 12 }, () => {
    const pause = pace.onChanged("a", true, now)!;
    now += pause + 100;
    return pause / 1_000;
  });
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
  // The version stays for a while.
  now += 60_000;
  assert.equal(pace.onChanged("a", true, now), 1_000);
  assert.equal(pace.onChanged("b", true, now), 1_000);
});

Deno.test("RestartPace gives a file up after ten changes if the run ends by itself", () => {
  const pace = new RestartPace(true);
  for (let i = 1; i < 10; i++) assert.notEqual(pace.onChanged("a", true, i), null);
  assert.equal(pace.onChanged("a", true, 10), null);
  // For the rest of the run, unless it is wanted anew.
  assert.equal(pace.onChanged("a", false, 1e9), null);
  pace.forget("a");
  assert.equal(pace.onChanged("a", true, 1e9), 1_000);
});

Deno.test("RestartPace spends a tenth of the time at most on a file that is complete each time", () => {
  const pace = new RestartPace(true);
  assert.equal(pace.onChanged("a", false, 0), 0);
  pace.onEnded("a", 500);
  assert.equal(pace.onChanged("a", false, 600), 4_400);
  pace.onEnded("a", 5_010);
  assert.equal(pace.onChanged("a", false, 5_500), 500);
  pace.onEnded("a", 100_000);
  assert.equal(pace.onChanged("a", false, 100_000), 0);
});

Deno.test("Engine lets a changing file rest, and begins its last version", () => {
  const run = new VirtualRun();
  run.connect();
  run.want({ path: "a", version: "v1" });
  for (let i = 2; i < 30; i++) run.want({ path: "a", version: `v${i}` });
  run.want({ path: "a", version: "last" });
  assert.equal(run.engine.wakeAt, run.now + 1_000);
  assert.deepEqual(run.gets().filter(({ version }) => version !== "v1"), []);
  run.wait(1_000);
  assert.ok(run.gets().some(({ version }) => version === "last"));
  assert.deepEqual(run.engine.counts.underway, 1);
});

/** A run in which a CRITICAL file changes every 100 ms beside a NORMAL one that does not. */
function runWithChanges(once: boolean, minutes: number): TimedRun {
  const timed = new TimedRun({ verify: false, once, checksAll: false });
  const { run } = timed;
  timed.connect({ rate: 10e6, rangeDigest: true });
  const present = () => run.wanted.get("log")!.file.version;
  timed.answerTo = ({ path, version }) =>
    path === "log" && version !== present() ? "changed" : "right";
  const change = (i: number) => {
    run.want({ path: "log", size: 50e6 + 100 * i, version: `log${i}`, priority: "CRITICAL" });
    if (run.now < minutes * 60_000) timed.at(run.now + 100, () => change(i + 1));
  };
  run.want({ path: "steady", size: 20e6 });
  change(0);
  return timed;
}

Deno.test("Engine fails a file that keeps changing, if the run ends by itself", () => {
  const timed = runWithChanges(true, 10);
  const { run } = timed;
  timed.passUntil(10 * 60_000, () => run.engine.isSettled);
  assert.deepEqual(run.engine.counts, { underway: 0, failed: 1, unverified: 0 });
  assert.equal(run.story("log").at(-1), "failed: it keeps changing on the server");
  assert.equal(run.story("log").filter((type) => type.startsWith("failed")).length, 1);
  assert.ok(run.now < 5 * 60_000, `it takes ${run.now} ms`);
  run.assertHere("steady");
});

Deno.test("Engine gives a CRITICAL file that keeps changing next to nothing of the line", () => {
  const timed = runWithChanges(false, 10);
  const { run } = timed;
  timed.passUntil(10 * 60_000, () => run.disk.finals.has("steady"));
  // Alone it takes two seconds; the other one had its first 100 ms, and a few later.
  assert.ok(run.now < 4_000, `it takes ${run.now} ms`);
  timed.passUntil(20 * 60_000, () => run.engine.isSettled);
  run.assertHere("log");
  // Each beginning costs what is in flight when the file changes: a quarter of a second of the line.
  const beginnings = run.story("log").filter((type) => type === "started").length;
  assert.ok(beginnings < 20, `it begins ${beginnings} times in ten minutes`);
  const received = timed.arrivals
    .filter(({ path }) => path === "log")
    .reduce((sum, { bytes }) => sum + bytes, 0);
  const { size } = run.wanted.get("log")!.file;
  assert.ok(received < size + beginnings * 3e6, `${received} bytes for ${size}`);
});
