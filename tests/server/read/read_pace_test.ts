import assert from "node:assert/strict";
import { ReadPace } from "../../../lib/server/read/read_pace.ts";

/** A pace on a clock of its own, and reads that take so many milliseconds. */
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

Deno.test("ReadPace stands back from a slow read for fifty times as long", async () => {
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

Deno.test("ReadPace takes a slow read in the background for no reason to stand back", async () => {
  const { pace, readAsync } = onClock();
  for (let i = 0; i < 2; i++) await readAsync(1);
  await readAsync(50);
  assert.equal(pace.isQuick, false);
  for (let i = 0; i < 2; i++) await readAsync(1);
  assert.equal(pace.isQuick, true);
});

Deno.test("ReadPace forgets within two seconds", async () => {
  const { pace, pass, readAsync } = onClock();
  for (let i = 0; i < 2; i++) await readAsync(1);
  pass(1_999);
  assert.equal(pace.isQuick, true);
  pass(2);
  assert.equal(pace.isQuick, false);
});

Deno.test("ReadPace hands on how a read fails", async () => {
  const { pace } = onClock();
  const failure = new Error("a bad sector");
  assert.throws(() =>
    pace.readSync(() => {
      throw failure;
    }), failure);
  await assert.rejects(pace.readAsync(() => Promise.reject(failure)), failure);
});
