import assert from "node:assert/strict";
import fc from "fast-check";
import { percentOf, ProgressState } from "../../lib/display/progress.ts";
import {
  alreadyThere,
  ANY_EVENT,
  CONNECTED,
  finished,
  moved,
  queued,
  started,
  stateAfter,
} from "./fakes.ts";

const SIZE = 1000;

Deno.test("ProgressState begins with nothing", () => {
  const state = new ProgressState();
  assert.deepEqual(state.totals, {
    files: 0,
    done: 0,
    alreadyThere: 0,
    failed: 0,
    size: 0,
    received: 0,
  });
  assert.equal(state.rate(5), 0);
  assert.equal(state.timeLeft(5), 0);
  assert.equal(state.wishes, null);
});

Deno.test("ProgressState follows a file from the queue to its end", () => {
  const state = stateAfter([queued("a", SIZE, "HIGH")]);
  const file = state.file("a")!;
  assert.equal(file.stage, "queued");
  assert.deepEqual([...state.queued], [file]);

  state.apply(started("a", 200), 1000);
  assert.equal(file.stage, "active");
  assert.equal(file.received, 200);
  assert.equal(state.fetched, 0);

  state.apply(moved("a", 600), 2000);
  assert.equal(file.received, 600);
  assert.equal(state.fetched, 400);
  assert.equal(state.fileRate(file, 2000), 400);
  assert.equal(state.fileTimeLeft(file, 2000), 1000);
  assert.equal(state.timeLeft(2000), 1000);

  state.apply({ type: "verifying", path: "a" }, 3000);
  assert.equal(file.stage, "verifying");
  assert.equal(file.received, SIZE);
  assert.deepEqual([...state.active], [file]);

  state.apply(finished("a", SIZE), 3000);
  assert.equal(file.stage, "done");
  assert.equal(state.fetched, 800);
  assert.equal(state.active.size, 0);
  assert.deepEqual(state.totals, {
    files: 1,
    done: 1,
    alreadyThere: 0,
    failed: 0,
    size: SIZE,
    received: SIZE,
  });
});

Deno.test("ProgressState takes a file's bytes back when it begins anew", () => {
  const state = stateAfter([queued("a", SIZE), started("a"), moved("a", 600)], 1000);
  state.apply({ type: "restarted", path: "a", reason: "it has changed" }, 2000);
  assert.equal(state.file("a")!.received, 0);
  assert.equal(state.fileRate(state.file("a")!, 2000), 0);
  assert.equal(state.totals.received, 0);
  assert.equal(state.fetched, 600);
});

Deno.test("ProgressState opens a finished file again when it begins anew", () => {
  const state = stateAfter([queued("a", SIZE), started("a"), finished("a", SIZE)]);
  state.apply({ type: "restarted", path: "a", reason: "it has changed" }, 1);
  assert.equal(state.file("a")!.stage, "queued");
  assert.equal(state.totals.done, 0);
});

Deno.test("ProgressState keeps files that failed out of the bytes", () => {
  const state = stateAfter([queued("a", SIZE), queued("b", SIZE), started("a"), moved("a", 10)]);
  state.apply({ type: "failed", path: "a", reason: "disk full", verification: false }, 1);
  assert.equal(state.totals.failed, 1);
  assert.equal(state.totals.files, 2);
  assert.equal(state.totals.size, SIZE);
  assert.equal(state.totals.received, 0);
});

Deno.test("ProgressState lets dropped files leave the total, but not complete ones", () => {
  const state = stateAfter([queued("a", SIZE), queued("b", SIZE), finished("b", SIZE)]);
  state.apply({ type: "dropped", path: "a", reason: "its line is gone" }, 1);
  state.apply({ type: "dropped", path: "b", reason: "its line is gone" }, 1);
  assert.equal(state.totals.files, 1);
  assert.equal(state.totals.done, 1);
  assert.equal(state.file("a"), undefined);
});

Deno.test("ProgressState tells what was there already from what was fetched", () => {
  const state = stateAfter([queued("a", SIZE), { type: "verifying", path: "a" }]);
  assert.equal(state.file("a")!.received, 0);
  state.apply(alreadyThere("a", SIZE), 1);
  assert.equal(state.totals.alreadyThere, 1);
  assert.equal(state.fetched, 0);

  state.apply(queued("b", SIZE), 2);
  state.apply(finished("b", SIZE), 2);
  state.apply(queued("b", SIZE), 3);
  state.apply(alreadyThere("b", SIZE), 3);
  assert.equal(state.totals.alreadyThere, 1);
  assert.equal(state.totals.done, 2);
});

Deno.test("ProgressState ignores files that it does not know and files that have ended", () => {
  const state = stateAfter([queued("a", SIZE), finished("a", SIZE), moved("a", 5), moved("x", 5)]);
  assert.equal(state.totals.received, SIZE);
  assert.equal(state.file("x"), undefined);
});

Deno.test("ProgressState follows the connection", () => {
  const state = stateAfter([{ type: "connecting", server: "[::1]:9009" }]);
  assert.equal(state.connection.phase, "connecting");
  state.apply({ type: "disconnected", reason: "refused", retryIn: 3000 }, 1000);
  assert.equal(state.connection.retryAt, 4000);
  assert.equal(state.connection.everConnected, false);
  state.apply({ type: "connecting", server: "[::1]:9009" }, 4000);
  assert.equal(state.connection.reason, "refused");
  state.apply(CONNECTED, 5000);
  assert.deepEqual(state.connection, {
    phase: "connected",
    server: "127.0.0.1:9009",
    reason: null,
    retryAt: null,
    everConnected: true,
  });
});

Deno.test("ProgressState counts the time in which there was something to do", () => {
  const state = stateAfter([queued("a", SIZE)], 1000);
  assert.equal(state.busyTime(3000), 2000);
  state.apply({ type: "idle" }, 4000);
  assert.equal(state.busyTime(1_000_000), 3000);
  state.apply(queued("b", SIZE), 2_000_000);
  assert.equal(state.busyTime(2_000_500), 3500);
});

for (
  const [received, size, percent] of [
    [0, 0, 0],
    [0, 10, 0],
    [999_999, 1_000_000, 99],
    [10, 10, 100],
    [20, 10, 100],
    [-5, 10, 0],
    [NaN, 10, 0],
  ] as const
) {
  Deno.test(`percentOf takes ${received} of ${size} for ${percent}%`, () => {
    assert.equal(percentOf(received, size), percent);
  });
}

Deno.test("ProgressState stays sane whatever the events", () => {
  const steps = fc.array(fc.record({ after: fc.nat(5000), event: ANY_EVENT }), { maxLength: 60 });
  fc.assert(fc.property(steps, (steps) => {
    const state = new ProgressState();
    let now = 0;
    for (const { after, event } of steps) {
      now += after;
      state.apply(event, now);
      assertSane(state, now);
    }
  }));
});

function assertSane(state: ProgressState, now: number): void {
  const { totals } = state;
  const files = ["a", "b", "c"].map((path) => state.file(path)).filter((file) =>
    file !== undefined
  );
  const alive = files.filter(({ stage }) => stage !== "failed");
  const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
  assert.equal(totals.files, files.length);
  assert.equal(totals.done, files.filter(({ stage }) => stage === "done").length);
  assert.equal(totals.failed, files.length - alive.length);
  assert.equal(totals.size, sum(alive.map(({ size }) => size)));
  assert.equal(totals.received, sum(alive.map(({ received }) => received)));
  assert.ok(totals.alreadyThere >= 0 && totals.alreadyThere <= totals.done);
  const open = state.active.size + state.queued.size;
  assert.equal(open, files.length - totals.done - totals.failed);
  const amounts = [
    state.rate(now),
    state.timeLeft(now) ?? 0,
    state.fetched,
    state.busyTime(now),
    percentOf(totals.received, totals.size),
    ...files.flatMap((file) => [state.fileRate(file, now), state.fileTimeLeft(file, now) ?? 0]),
    ...files.map((file) => file.size - file.received),
  ];
  for (const amount of amounts) assert.ok(Number.isFinite(amount) && amount >= 0, `${amount}`);
}
