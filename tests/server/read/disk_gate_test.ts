import assert from "node:assert/strict";
import { afterwards, DiskLane, DiskStalledError } from "../../../lib/server/read/disk_gate.ts";

Deno.test("DiskLane returns what its calls return, or throws what they throw", async () => {
  const lane = new DiskLane();
  assert.equal(await lane.run(() => Promise.resolve(1)), 1);
  await assert.rejects(lane.run(() => Promise.reject(new Error("no"))), /^Error: no$/);
});

Deno.test("DiskLane makes only some calls to a disk that does not answer", async () => {
  const lane = new DiskLane({ maxThreads: 2, patienceMs: 20 });
  const hung = [Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  let calls = 0;
  const stalled = [0, 1, 2, 3].map((i) =>
    lane.run(() => {
      calls++;
      return hung[i]!.promise;
    })
  );
  for (const { reason } of await Promise.allSettled(stalled) as PromiseRejectedResult[]) {
    assert.ok(reason instanceof DiskStalledError);
    assert.equal(reason.code, "read-failed");
  }
  assert.equal(calls, 2);
  // Once the disk answers, it is used again, and the calls that nobody waits for are not made.
  for (const { resolve } of hung) resolve(1);
  assert.equal(await lane.run(() => Promise.resolve(5)), 5);
  assert.equal(calls, 2);
});

Deno.test("afterwards waits for a call that may still write", async () => {
  const lane = new DiskLane({ maxThreads: 1, patienceMs: 5 });
  const hung = Promise.withResolvers<void>();
  const error = await lane.run(() => hung.promise).catch((error) => error);
  let isDone = false;
  afterwards(error, () => isDone = true);
  await Promise.resolve();
  assert.equal(isDone, false);
  hung.resolve();
  await error.late;
  await Promise.resolve();
  assert.equal(isDone, true);
  isDone = false;
  afterwards(new Error("another"), () => isDone = true);
  assert.equal(isDone, true);
});
