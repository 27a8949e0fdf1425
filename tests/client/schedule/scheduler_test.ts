import assert from "node:assert/strict";
import { PRIORITIES } from "../../../lib/client/priority.ts";
import { Scheduler } from "../../../lib/client/schedule/scheduler.ts";
import {
  assertShares,
  bytesOf,
  CHUNK,
  type File,
  join,
  run,
  SECOND,
} from "../../support/scheduler_runs.ts";

for (
  const [critical, high, normal] of [
    [1, 1, 1],
    [3, 1, 1],
    [1, 7, 2],
    [1, 1, 100],
    [100, 1, 1],
    [20, 20, 20],
    [1000, 3, 1000],
  ] as const
) {
  const counts = { CRITICAL: critical, HIGH: high, NORMAL: normal };
  Deno.test(`Scheduler shares 10:4:1 in any second among ${critical}, ${high} and ${normal} files`, () => {
    const scheduler = new Scheduler<File>();
    for (const priority of PRIORITIES) join(scheduler, priority, counts[priority]);
    const given = run(scheduler, 40 * SECOND);
    for (let from = 0; from + SECOND <= given.length; from++) {
      assertShares(given.slice(from, from + SECOND));
    }
  });
}

for (
  const [some, others] of [["CRITICAL", "HIGH"], ["CRITICAL", "NORMAL"], [
    "HIGH",
    "NORMAL",
  ]] as const
) {
  Deno.test(`Scheduler shares by weight in any second between ${some} and ${others} alone`, () => {
    const scheduler = new Scheduler<File>();
    join(scheduler, some, 2);
    join(scheduler, others, 3);
    const given = run(scheduler, 40 * SECOND);
    for (let from = 0; from + SECOND <= given.length; from++) {
      assertShares(given.slice(from, from + SECOND), [some, others]);
    }
  });
}

Deno.test("Scheduler shares 10:4:1 of bytes, not of chunks", () => {
  const scheduler = new Scheduler<File>();
  for (const priority of PRIORITIES) join(scheduler, priority, 2);
  // The less urgent, the larger the chunks.
  const sizes = { CRITICAL: CHUNK / 8, HIGH: CHUNK / 2, NORMAL: CHUNK };
  const given = run(scheduler, 4000, ({ priority }) => sizes[priority]);
  assertShares(given);
});

Deno.test("Scheduler shares equally between the files of a priority, to the chunk", () => {
  for (const count of [2, 3, 10, 64]) {
    const scheduler = new Scheduler<File>();
    const files = join(scheduler, "HIGH", count);
    join(scheduler, "NORMAL", 1);
    const given = run(scheduler, 2000);
    for (let end = 1; end <= given.length; end += 17) {
      const each = files.map((file) => bytesOf(given.slice(0, end), (other) => other === file));
      assert.ok(Math.max(...each) - Math.min(...each) <= CHUNK, `${count} files, ${end} chunks`);
    }
  }
});

Deno.test("Scheduler shares equally between files whose chunks differ in size", () => {
  const scheduler = new Scheduler<File>();
  const files = join(scheduler, "NORMAL", 5);
  const sizes = new Map(files.map((file, i) => [file, CHUNK / 2 ** i]));
  const given = run(scheduler, 5000, (file) => sizes.get(file)!);
  for (let end = 100; end <= given.length; end += 100) {
    const each = files.map((file) => bytesOf(given.slice(0, end), (other) => other === file));
    assert.ok(Math.max(...each) - Math.min(...each) <= CHUNK, `${each}`);
  }
});

for (const priority of PRIORITIES) {
  Deno.test(`Scheduler gives a lone ${priority} file the whole bandwidth`, () => {
    const scheduler = new Scheduler<File>();
    const [file] = join(scheduler, priority, 1);
    assert.ok(run(scheduler, 500).every((chunk) => chunk.file === file));
  });
}

Deno.test("Scheduler has no next file if it has none", () => {
  const scheduler = new Scheduler<File>();
  assert.equal(scheduler.next(), undefined);
  const files = PRIORITIES.flatMap((priority) => join(scheduler, priority, 2));
  for (const file of files) {
    assert.ok(scheduler.has(file));
    scheduler.remove(file);
    assert.ok(!scheduler.has(file));
  }
  assert.equal(scheduler.next(), undefined);
});

Deno.test("Scheduler returns the same next file until bytes are charged", () => {
  const scheduler = new Scheduler<File>();
  for (const priority of PRIORITIES) join(scheduler, priority, 3);
  run(scheduler, 100);
  const next = scheduler.next();
  for (let i = 0; i < 5; i++) assert.equal(scheduler.next(), next);
});

Deno.test("Scheduler ignores bytes charged to a file that it does not have", () => {
  const scheduler = new Scheduler<File>();
  const [file] = join(scheduler, "NORMAL", 1);
  scheduler.charge({ priority: "NORMAL" }, CHUNK);
  scheduler.remove({ priority: "NORMAL" });
  assert.equal(scheduler.next(), file);
});

Deno.test("Scheduler serves 10,000 files fairly", () => {
  const scheduler = new Scheduler<File>();
  const counts = { CRITICAL: 2000, HIGH: 3000, NORMAL: 5000 };
  const files = PRIORITIES.flatMap((priority) => join(scheduler, priority, counts[priority]));
  // Each NORMAL file gets about four chunks.
  const given = run(scheduler, 4 * 5000 * 15);
  assertShares(given, PRIORITIES, 0.0001);
  const each = new Map<File, number>(files.map((file) => [file, 0]));
  for (const { file, bytes } of given) each.set(file, each.get(file)! + bytes);
  for (const priority of PRIORITIES) {
    const got = files.filter((file) => file.priority === priority).map((file) => each.get(file)!);
    const [min, max] = [
      got.reduce((a, b) => Math.min(a, b)),
      got.reduce((a, b) => Math.max(a, b)),
    ];
    assert.ok(max - min <= CHUNK && min > 0, `${priority}: ${min} to ${max}`);
  }
  for (const file of files) scheduler.remove(file);
  assert.equal(scheduler.next(), undefined);
});
