import assert from "node:assert/strict";
import fc from "fast-check";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { hasEnded } from "../../../lib/display/state/file_table.ts";
import { percentOf, ProgressState } from "../../../lib/display/state/progress.ts";
import {
  alreadyThere,
  ANY_EVENT,
  CONNECTED,
  failed,
  finished,
  moved,
  queued,
  started,
  stateAfter,
} from "../../support/fake_terminal.ts";

const SIZE = 1000;

Deno.test("ProgressState begins with nothing", () => {
  const state = new ProgressState();
  assert.deepEqual(state.totals, {
    files: 0,
    done: 0,
    alreadyThere: 0,
    failed: 0,
    verifying: 0,
    size: 0,
    received: 0,
    peakReceived: 0,
    left: 0,
  });
  assert.equal(state.rate(5), 0);
  assert.equal(state.timeLeft(5), 0);
  assert.equal(state.entries, null);
});

Deno.test("ProgressState follows a file from the queue to its end", () => {
  const state = stateAfter([queued("a", SIZE, "HIGH")]);
  const file = state.file("a")!;
  assert.equal(file.stage, "queued");
  assert.deepEqual([...state.queued], [file]);

  state.apply(started("a", 200), 1000);
  assert.equal(file.stage, "active");
  assert.equal(file.peakReceived, 200);
  assert.equal(state.fetched, 0);

  state.apply(moved("a", 600), 2000);
  assert.equal(file.peakReceived, 600);
  assert.equal(state.fetched, 400);
  assert.equal(state.fileRate(file, 2000), 400);
  assert.equal(state.fileTimeLeft(file, 2000), 1000);
  assert.equal(state.timeLeft(2000), 1000);

  state.apply({ type: "verifying", path: "a" }, 3000);
  assert.equal(file.stage, "verifying");
  assert.equal(file.peakReceived, SIZE);
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
    verifying: 0,
    size: SIZE,
    received: SIZE,
    peakReceived: SIZE,
    left: 0,
  });
});

Deno.test("ProgressState counts bytes on disk before the start as resumed, not as fetched", () => {
  const state = stateAfter([queued("a", SIZE), queued("b", SIZE), started("b")], 1000);
  state.apply(moved("a", 600), 1100);
  const file = state.file("a")!;
  assert.deepEqual([file.stage, file.peakReceived, state.fetched], ["queued", 600, 0]);
  assert.deepEqual([state.totals.peakReceived, state.rate(2000)], [600, 0]);
  state.apply(started("a", 600), 2000);
  state.apply(moved("a", 700), 3000);
  assert.deepEqual([file.peakReceived, state.fetched, state.fileRate(file, 3000)], [700, 100, 100]);
});

Deno.test("ProgressState keeps peakReceived while a file is refetched", () => {
  const state = stateAfter([queued("a", SIZE), started("a"), moved("a", 600)], 1000);
  state.apply({ type: "refetching", path: "a", reason: "it has changed" }, 2000);
  const file = state.file("a")!;
  assert.deepEqual([file.peakReceived, file.received], [600, 0]);
  assert.equal(state.fileRate(file, 2000), 0);
  assert.deepEqual([state.totals.peakReceived, state.totals.left], [600, SIZE]);
  state.apply(moved("a", 400), 3000);
  assert.deepEqual([file.peakReceived, file.received, state.fetched], [600, 400, 1000]);
  assert.equal(state.fileTimeLeft(file, 3000), 1200);
  state.apply(moved("a", 700), 4000);
  assert.deepEqual([file.peakReceived, file.received], [700, 700]);
});

Deno.test("ProgressState queues a finished file again when it is refetched", () => {
  const state = stateAfter([queued("a", SIZE), started("a"), finished("a", SIZE)]);
  state.apply({ type: "refetching", path: "a", reason: "it has changed" }, 1);
  assert.equal(state.file("a")!.stage, "queued");
  assert.equal(state.totals.done, 0);
});

Deno.test("ProgressState keeps the size of a failed file in the total, and not what is left of it", () => {
  const state = stateAfter([queued("a", SIZE), queued("b", SIZE), started("a"), moved("a", 10)]);
  state.apply(failed("a", "disk full"), 1);
  assert.equal(state.totals.failed, 1);
  assert.equal(state.totals.files, 2);
  assert.equal(state.totals.size, 2 * SIZE);
  assert.deepEqual([state.totals.peakReceived, state.totals.left], [10, SIZE]);
});

Deno.test("ProgressState removes dropped files from the totals, but not complete ones", () => {
  const state = stateAfter([queued("a", SIZE), queued("b", SIZE), finished("b", SIZE)]);
  state.apply({ type: "dropped", path: "a", reason: "its line is gone" }, 1);
  state.apply({ type: "dropped", path: "b", reason: "its line is gone" }, 1);
  assert.equal(state.totals.files, 1);
  assert.equal(state.totals.done, 1);
  assert.equal(state.file("a"), undefined);
});

Deno.test("ProgressState separates files already there from fetched files", () => {
  const state = stateAfter([queued("a", SIZE), { type: "verifying", path: "a" }]);
  assert.equal(state.file("a")!.peakReceived, 0);
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

Deno.test("ProgressState ignores unknown files and files that have ended", () => {
  const state = stateAfter([queued("a", SIZE), finished("a", SIZE), moved("a", 5), moved("x", 5)]);
  assert.equal(state.totals.peakReceived, SIZE);
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

Deno.test("ProgressState measures the time in which there was something to download", () => {
  const state = stateAfter([queued("a", SIZE)], 1000);
  assert.equal(state.activeTime(3000), 2000);
  state.apply({ type: "idle" }, 4000);
  assert.equal(state.activeTime(1_000_000), 3000);
  state.apply(queued("b", SIZE), 2_000_000);
  assert.equal(state.activeTime(2_000_500), 3500);
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
  Deno.test(`percentOf gives ${percent}% for ${received} of ${size}`, () => {
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

Deno.test("ProgressState never lowers a percentage while the same files are wanted", () => {
  const size = 1000;
  const paths = ["a", "b", "c"];
  const path = fc.constantFrom(...paths);
  const event: fc.Arbitrary<ClientEvent> = fc.oneof(
    fc.tuple(path, fc.nat(size)).map(([path, at]) => moved(path, at)),
    fc.tuple(path, fc.nat(size)).map(([path, at]) => started(path, at)),
    path.map((path) => ({ type: "refetching" as const, path, reason: "why" })),
    path.map((path) => ({ type: "verifying" as const, path })),
    path.map((path) => failed(path, "why")),
    path.map((path) => finished(path, size)),
    path.map((path) => queued(path, size)),
  );
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const state = stateAfter(paths.map((path) => queued(path, size)));
    let percents = [0, 0, 0, 0];
    for (const event of events) {
      const ended = "path" in event ? state.file(event.path)! : undefined;
      // After a file's end there are no events of it but a new start.
      if (ended && hasEnded(ended)) continue;
      state.apply(event, 0);
      const { totals } = state;
      const now = [
        percentOf(totals.peakReceived, totals.size),
        ...paths.map((path) => percentOf(state.file(path)!.peakReceived, size)),
      ];
      for (const [index, percent] of now.entries()) assert.ok(percent >= percents[index]!);
      percents = now;
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
  assert.equal(totals.size, sum(files.map(({ size }) => size)));
  assert.equal(totals.peakReceived, sum(files.map(({ peakReceived }) => peakReceived)));
  const open = [...state.active, ...state.queued];
  assert.equal(totals.left, sum(open.map(({ size, received }) => size - received)));
  for (const { size, peakReceived, received } of files) {
    assert.ok(received >= 0 && received <= peakReceived && peakReceived <= size);
  }
  assert.equal(totals.received, sum(files.map(({ received }) => received)));
  assert.ok(totals.alreadyThere >= 0 && totals.alreadyThere <= totals.done);
  assert.equal(state.active.size + state.queued.size, open.length);
  assert.equal(open.length, files.length - totals.done - totals.failed);
  const amounts = [
    state.rate(now),
    state.timeLeft(now) ?? 0,
    state.fetched,
    state.activeTime(now),
    percentOf(totals.peakReceived, totals.size),
    ...files.flatMap((file) => [state.fileRate(file, now), state.fileTimeLeft(file, now) ?? 0]),
    ...files.map((file) => file.size - file.peakReceived),
  ];
  for (const amount of amounts) assert.ok(Number.isFinite(amount) && amount >= 0, `${amount}`);
}

Deno.test("ProgressState gives times left by the weights, none after the whole", () => {
  const state = stateAfter([
    CONNECTED,
    queued("critical", 12_000, "CRITICAL"),
    queued("normal", 4_000),
    queued("waits", 1_000),
    started("critical"),
    started("normal"),
  ], 0);
  state.apply(moved("critical", 2_000), 1_000);
  state.apply(moved("normal", 200), 1_000);
  // 10,000 bytes of CRITICAL at 2,000 a second, with 500 of each NORMAL file; then 2,200 a second.
  assert.equal(state.fileTimeLeft(state.file("critical")!, 1_000), 5_000);
  const times = ["normal", "waits"].map((path) => state.fileTimeLeft(state.file(path)!, 1_000)!);
  assert.deepEqual([...times.map(Math.round), Math.round(state.timeLeft(1_000)!)], [
    6_727,
    5_455,
    6_727,
  ]);
});

Deno.test("ProgressState has rate 0 and no times left after two seconds without a byte", () => {
  const state = stateAfter([CONNECTED, queued("a", SIZE), started("a")], 0);
  state.apply(moved("a", 100), 1_000);
  const file = state.file("a")!;
  assert.equal(state.stalledSince(2_900), null);
  assert.ok(state.rate(2_900) > 0 && state.timeLeft(2_900) !== null);
  assert.equal(state.stalledSince(3_000), 1_000);
  assert.deepEqual(
    [state.rate(3_000), state.fileRate(file, 3_000)],
    [0, 0],
  );
  assert.deepEqual([state.timeLeft(3_000), state.fileTimeLeft(file, 3_000)], [null, null]);
  state.apply(moved("a", 200), 4_000);
  assert.equal(state.stalledSince(4_000), null);
  assert.ok(state.rate(4_000) > 0);
});

Deno.test("ProgressState does not stand still where no byte is awaited", () => {
  const state = stateAfter([CONNECTED, queued("a", SIZE)], 0);
  assert.equal(state.stalledSince(10_000), null, "nothing has begun");
  state.apply(started("a"), 10_000);
  assert.equal(state.stalledSince(11_000), null);
  state.apply({ type: "verifying", path: "a" }, 11_000);
  assert.equal(state.stalledSince(20_000), null, "all bytes are there");
  state.apply({ type: "refetching", path: "a", reason: "it has changed" }, 20_000);
  assert.equal(state.stalledSince(30_000), 20_000);
  state.apply({ type: "disconnected", reason: "gone", retryIn: 1_000 }, 30_000);
  assert.equal(state.stalledSince(30_000), null, "there is no connection");
  state.apply(CONNECTED, 40_000);
  assert.equal(state.stalledSince(41_000), null);
});
