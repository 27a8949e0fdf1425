import assert from "node:assert/strict";
import { ReadPace } from "../../../lib/server/read/read_pace.ts";

/** A pace with its own clock, and reads of given durations in milliseconds. */
function onClock(isLocal = true) {
  let now = 5_000;
  const pace = new ReadPace(isLocal, () => now);
  const took = (ms: number) => {
    now += ms;
    return 100;
  };
  return {
    pace,
    pass: (ms: number) => now += ms,
    readSync: (ms: number) => assert.equal(pace.readSync(() => took(ms)), 100),
    readAsync: async (ms: number) =>
      assert.equal(await pace.readAsync(() => Promise.resolve(took(ms))), 100),
  };
}

Deno.test("ReadPace expects a quick read after two quick ones", async () => {
  const { pace, readAsync } = onClock();
  assert.equal(pace.isQuick, false);
  await readAsync(1);
  assert.equal(pace.isQuick, false);
  await readAsync(1);
  assert.equal(pace.isQuick, true);
});

Deno.test("ReadPace never expects a quick read of another machine's disk", async () => {
  const { pace, readAsync } = onClock(false);
  for (let i = 0; i < 10; i++) await readAsync(0);
  assert.equal(pace.isQuick, false);
});

Deno.test("ReadPace expects no quick read for fifty times as long as a slow one took", async () => {
  const { pace, pass, readAsync, readSync } = onClock();
  for (let i = 0; i < 2; i++) await readAsync(1);
  for (let i = 0; i < 10; i++) readSync(5);
  assert.equal(pace.isQuick, true);
  readSync(20);
  for (let i = 0; i < 2; i++) await readAsync(0);
  assert.equal(pace.isQuick, false);
  pass(999);
  assert.equal(pace.isQuick, false);
  pass(2);
  assert.equal(pace.isQuick, true);
});

Deno.test("ReadPace does not count a slow read in the background", async () => {
  const { pace, readAsync } = onClock();
  for (let i = 0; i < 2; i++) await readAsync(1);
  await readAsync(50);
  assert.equal(pace.isQuick, false);
  for (let i = 0; i < 2; i++) await readAsync(1);
  assert.equal(pace.isQuick, true);
});

Deno.test("ReadPace forgets quick reads after two seconds", async () => {
  const { pace, pass, readAsync } = onClock();
  for (let i = 0; i < 2; i++) await readAsync(1);
  pass(1_999);
  assert.equal(pace.isQuick, true);
  pass(2);
  assert.equal(pace.isQuick, false);
});

Deno.test("ReadPace throws what a read throws", async () => {
  const { pace } = onClock();
  const failure = new Error("a bad sector");
  assert.throws(() =>
    pace.readSync(() => {
      throw failure;
    }), failure);
  await assert.rejects(pace.readAsync(() => Promise.reject(failure)), failure);
});
