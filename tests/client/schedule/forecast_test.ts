import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES, type Priority } from "../../../lib/client/priority.ts";
import { forecast, type PendingFile } from "../../../lib/client/schedule/forecast.ts";
import { TimedRun } from "../../support/virtual_line.ts";

const MEGABYTE = 1_000_000;

/** The seconds after which each file is complete, by the order of the files. */
function secondsOf(files: readonly PendingFile[], rate: number, maxActive = 512): number[] {
  const times = forecast(files, rate, maxActive);
  return files.map((file) => Math.round(times.get(file)!) / 1000);
}

function file(left: number, priority: Priority = "NORMAL"): PendingFile {
  return { priority, left: left * MEGABYTE };
}

Deno.test("forecast shares the line equally among the files of one priority", () => {
  assert.deepEqual(secondsOf([file(1), file(1), file(4)], MEGABYTE), [3, 3, 6]);
});

Deno.test("forecast gives a priority that competes its part, and the rest to the others", () => {
  // CRITICAL has 10/11 of 11 MB/s; then NORMAL has all of it.
  assert.deepEqual(secondsOf([file(12), file(10, "CRITICAL")], 11 * MEGABYTE), [2, 1]);
  assert.deepEqual(
    secondsOf([file(10, "CRITICAL"), file(4, "HIGH"), file(1)], 15 * MEGABYTE),
    [1, 1, 1],
  );
});

Deno.test("forecast begins a waiting file when an active one ends", () => {
  assert.deepEqual(secondsOf([file(2), file(1), file(1), file(1)], MEGABYTE, 2), [4, 2, 4, 5]);
});

Deno.test("forecast has no file for an empty list, and 0 for a file with no bytes left", () => {
  assert.equal(forecast([], 1, 512).size, 0);
  assert.deepEqual(secondsOf([file(0), file(1, "HIGH")], MEGABYTE), [0, 1]);
});

Deno.test("forecast ends no file after the whole", () => {
  const files = fc.array(
    fc.record({ priority: fc.constantFrom(...PRIORITIES), left: fc.integer({ min: 0, max: 1e9 }) }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(files, fc.integer({ min: 1, max: 8 }), (all, maxActive) => {
    const times = forecast(all, MEGABYTE, maxActive);
    const whole = all.reduce((sum, { left }) => sum + left, 0) / MEGABYTE * 1000;
    assert.equal(times.size, all.length);
    const last = Math.max(0, ...times.values());
    assert.ok(Math.abs(last - whole) <= whole * 1e-9 + 1e-6, `${last}, not ${whole}`);
  }));
});

/** The longest that requests in flight shift the end of a file, in milliseconds. */
const WINDOW_MS = 600;

Deno.test("forecast is what the scheduler then does at a steady line, within 5 %", () => {
  const wanted = fc.array(
    fc.record({
      priority: fc.constantFrom(...PRIORITIES),
      size: fc.integer({ min: 1, max: 40 * MEGABYTE }),
    }),
    { minLength: 2, maxLength: 20 },
  );
  fc.assert(
    fc.property(wanted, fc.integer({ min: 1, max: 16 }), (list, megabytes) => {
      const rate = megabytes * MEGABYTE;
      const timed = new TimedRun({ verify: false, checksAll: false });
      timed.connect({ rate });
      timed.run.want(...list.map((one, index) => ({ path: `f${index}`, ...one })));
      timed.passUntil(1_000);
      const received = new Map<string, number>();
      for (const { path, bytes } of timed.arrivals) {
        received.set(path, (received.get(path) ?? 0) + bytes);
      }
      const pending = list.map(({ priority, size }, index) => ({
        path: `f${index}`,
        priority,
        left: size - (received.get(`f${index}`) ?? 0),
      })).filter(({ left }) => left > 0);
      const times = forecast(pending, rate, 512);
      timed.finish();
      for (const one of pending) {
        const end = timed.arrivals.findLast(({ path }) => path === one.path)!.at - 1_000;
        const expected = times.get(one)!;
        assert.ok(
          Math.abs(end - expected) <= 0.05 * end + WINDOW_MS,
          `${one.path} took ${end}, not ${expected}`,
        );
      }
    }),
    { numRuns: 60 },
  );
});
