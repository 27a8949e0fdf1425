import assert from "node:assert/strict";
import { PRIORITIES, type Priority, WEIGHTS } from "../../../lib/client/priority.ts";
import { type Arrival, TimedRun } from "../../support/virtual_line.ts";

const SECOND = 1_000;
const LARGE = 100e9;

/** Checks every second between two times; `bytesOf` sums up the bytes received in it. */
function everySecond(
  arrivals: readonly Arrival[],
  from: number,
  to: number,
  check: (bytesOf: (counts: (arrival: Arrival) => boolean) => number, start: number) => void,
): void {
  let seconds = 0;
  for (const [first, { at }] of arrivals.entries()) {
    if (at < from || at + SECOND > to) continue;
    seconds++;
    const inside: Arrival[] = [];
    for (let i = first; i < arrivals.length && arrivals[i]!.at < at + SECOND; i++) {
      inside.push(arrivals[i]!);
    }
    check(
      (counts) => inside.reduce((sum, one) => sum + (counts(one) ? one.bytes : 0), 0),
      at,
    );
  }
  assert.ok(seconds > 10, "Nothing came");
}

/** Each priority has its share by weight, within 2 % of the line, in every second. */
function assertShares(
  { arrivals }: TimedRun,
  from: number,
  to: number,
  priorities: readonly Priority[] = PRIORITIES,
): void {
  const weights = priorities.reduce((sum, priority) => sum + WEIGHTS[priority], 0);
  everySecond(arrivals, from, to, (bytesOf, start) => {
    const total = bytesOf(() => true);
    for (const priority of priorities) {
      const share = bytesOf((one) => one.priority === priority) / total;
      const expected = WEIGHTS[priority] / weights;
      const text = `${priority} has ${share}, not ${expected}, in the second from ${start}`;
      assert.ok(Math.abs(share - expected) <= 0.02, text);
    }
  });
}

/** A run in which files of all priorities compete without end. */
function competition(rate: number, roundTrip: number): TimedRun {
  const timed = new TimedRun({ verify: false });
  timed.run.want(
    { path: "c", size: LARGE, priority: "CRITICAL" },
    { path: "h1", size: LARGE, priority: "HIGH" },
    { path: "h2", size: LARGE, priority: "HIGH" },
    { path: "n1", size: LARGE },
    { path: "n2", size: LARGE },
    { path: "n3", size: LARGE },
  );
  timed.connect({ rate, roundTrip });
  return timed;
}

for (const rate of [4e6, 25e6, 110e6, 400e6]) {
  for (const roundTrip of [0.3, 20, 150]) {
    const line = `${rate / 1e6} MB/s and ${roundTrip} ms`;
    Deno.test(`Engine shares a line of ${line} 10 : 4 : 1 in every second`, () => {
      const timed = competition(rate, roundTrip);
      timed.passUntil(6 * SECOND);
      assertShares(timed, 0, 6 * SECOND);
      const late = timed.arrivals.filter(({ at }) => at >= 3 * SECOND);
      const total = late.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.ok(total > 0.98 * rate * 3, `Only ${total} bytes came: the line is not full`);
    });
  }
}

Deno.test("Engine shares a line between two priorities by their weights", () => {
  for (const absent of PRIORITIES) {
    const timed = new TimedRun({ verify: false });
    const present = PRIORITIES.filter((priority) => priority !== absent);
    timed.run.want(...present.map((priority) => ({ path: priority, size: LARGE, priority })));
    timed.connect({ rate: 25e6 });
    timed.passUntil(4 * SECOND);
    assertShares(timed, 0, 4 * SECOND, present);
  }
});

Deno.test("Engine keeps the shares while every fifth chunk of CRITICAL fails", () => {
  const timed = competition(25e6, 20);
  let count = 0;
  timed.answerTo = (request) => {
    const isCritical = request.record.planned.priority === "CRITICAL";
    return isCritical && ++count % 5 === 0 ? "read-failed" : "right";
  };
  timed.passUntil(6 * SECOND);
  assertShares(timed, SECOND, 6 * SECOND);
});

Deno.test("Engine gives files of one priority equal shares", () => {
  const timed = competition(25e6, 20);
  timed.passUntil(4 * SECOND);
  everySecond(timed.arrivals, SECOND, 4 * SECOND, (bytesOf) => {
    const [one, two] = ["h1", "h2"].map((path) => bytesOf((arrival) => arrival.path === path));
    assert.ok(Math.abs(one! - two!) <= 0.02 * 25e6, `${one} and ${two}`);
  });
});

Deno.test("Engine follows a changed priority within a second", () => {
  for (const [rate, roundTrip] of [[4e6, 150], [25e6, 20], [110e6, 1]] as const) {
    const timed = competition(rate, roundTrip);
    const change = 3 * SECOND;
    timed.passUntil(change);
    assertShares(timed, 0, change);
    timed.run.reprioritize("CRITICAL", "n1", "n2", "n3");
    timed.passUntil(7 * SECOND);
    assertShares(timed, change + SECOND / 2, 7 * SECOND, ["CRITICAL", "HIGH"]);
    everySecond(timed.arrivals, change + SECOND, 7 * SECOND, (bytesOf) => {
      const share = bytesOf(({ path }) => path === "n1") / bytesOf(() => true);
      assert.ok(Math.abs(share - 10 / 14 / 4) <= 0.02, `The raised file has ${share}`);
    });
    timed.run.reprioritize("NORMAL", "c", "n1", "n2", "n3");
    timed.passUntil(10 * SECOND);
    assertShares(timed, 7.5 * SECOND, 10 * SECOND, ["HIGH", "NORMAL"]);
  }
});

Deno.test("Engine gives a lone file the whole line, and shares it while others compete", () => {
  const timed = new TimedRun({ verify: false });
  const { run } = timed;
  run.want({ path: "n", size: LARGE });
  timed.connect({ rate: 25e6 });
  timed.passUntil(3 * SECOND);
  everySecond(timed.arrivals, SECOND, 3 * SECOND, (bytesOf, start) => {
    assert.ok(bytesOf(() => true) > 0.95 * 25e6, `The line is not full at ${start}`);
  });
  run.want({ path: "c", size: LARGE, priority: "CRITICAL" });
  timed.passUntil(6 * SECOND);
  assertShares(timed, 3.5 * SECOND, 6 * SECOND, ["CRITICAL", "NORMAL"]);
  run.unwant("c");
  timed.passUntil(9 * SECOND);
  everySecond(timed.arrivals, 6.5 * SECOND, 9 * SECOND, (bytesOf, start) => {
    const bytes = bytesOf(({ path }) => path === "n");
    assert.ok(bytes > 0.95 * 25e6, `The line is not full at ${start}`);
  });
});

Deno.test("Engine measures the shares that it gives", () => {
  const timed = competition(25e6, 20);
  timed.run.engine.takeShares(0);
  timed.passUntil(5 * SECOND);
  const span = timed.run.engine.takeShares(timed.run.now)!;
  const whole = timed.run.engine.shares(timed.run.now)!;
  for (const { took, bytes, priorities } of [span, whole]) {
    assert.equal(took, 5 * SECOND);
    assert.ok(bytes > 0.9 * 5 * 25e6);
    assert.deepEqual(priorities.map(({ priority }) => priority), PRIORITIES);
    for (const { expectedShare, actualShare } of priorities) {
      assert.ok(Math.abs(expectedShare - actualShare) < 0.01);
    }
  }
  assert.equal(timed.run.engine.takeShares(timed.run.now + 1), null);
});

Deno.test("Engine shares a line 10 : 4 : 1 among many small files, too", () => {
  const timed = new TimedRun({ verify: false, checksAll: false });
  timed.run.want(...PRIORITIES.flatMap((priority) =>
    Array.from({ length: 4_000 }, (_, index) => ({
      path: `${priority}/${index}`,
      size: 5_000 + index * 7_919 % 50_000,
      priority,
    }))
  ));
  timed.connect({ rate: 25e6 });
  timed.passUntil(5 * SECOND);
  assertShares(timed, 0, 5 * SECOND);
});

Deno.test("Engine measures no shares while there is no connection", () => {
  const timed = new TimedRun({ verify: false });
  const { run } = timed;
  run.want(...PRIORITIES.map((priority) => ({ path: priority, size: LARGE, priority })));
  const id = timed.connect({ rate: 25e6 });
  timed.passUntil(2 * SECOND);
  timed.disconnect(id);
  timed.passUntil(60 * SECOND);
  timed.connect({ rate: 25e6 });
  timed.passUntil(61 * SECOND);
  assert.equal(run.engine.shares(run.now)?.took, 3 * SECOND);
});

Deno.test("Engine does not measure a line as slow if it requested little over it", () => {
  const timed = new TimedRun({ verify: false });
  const { run } = timed;
  timed.connect({ rate: 100e6, roundTrip: 100 });
  run.want({ path: "a", size: 300e6 });
  timed.finish();
  for (let i = 0; i < 50; i++) {
    run.want({ path: `small ${i}`, size: 1_000 });
    timed.passUntil(run.now + 150);
  }
  assert.equal(run.engine.isSettled, true);
  run.want({ path: "b", size: 300e6 });
  const asked = run.gets("b").reduce((sum, { length }) => sum + length, 0);
  // The line carries as much in a round-trip.
  assert.ok(asked > 10e6, `Only ${asked} bytes are asked for`);
});
