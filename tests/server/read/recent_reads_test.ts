import assert from "node:assert/strict";
import { RecentReads } from "../../../lib/server/read/recent_reads.ts";

const BLOCK = 16 * 1024;
const SIZE = 10 * BLOCK + 77;

/** A `RecentReads` with its own clock, which `pass` advances. */
function onClock() {
  let now = 5_000;
  return { reads: new RecentReads(SIZE, () => now), pass: (ms: number) => now += ms };
}

/** Records a read of the first `count` blocks. */
async function readFirst(reads: RecentReads, count: number): Promise<void> {
  await reads.readAsync(0, Promise.resolve(count * BLOCK));
}

Deno.test("RecentReads.isLikelyCached holds for the blocks that were read, and no others", async () => {
  const { reads } = onClock();
  assert.equal(reads.isLikelyCached(0, 1), false);
  assert.equal(await reads.readAsync(2 * BLOCK, Promise.resolve(3 * BLOCK)), 3 * BLOCK);
  assert.equal(reads.isLikelyCached(2 * BLOCK, 3 * BLOCK), true);
  assert.equal(reads.isLikelyCached(3 * BLOCK + 5, 100), true);
  assert.equal(reads.isLikelyCached(2 * BLOCK - 1, 2), false);
  assert.equal(reads.isLikelyCached(4 * BLOCK, BLOCK + 1), false);
});

Deno.test("RecentReads does not record a block of which only a part was read", async () => {
  const { reads } = onClock();
  await reads.readAsync(1, Promise.resolve(2 * BLOCK));
  assert.equal(reads.isLikelyCached(1, 1), false);
  assert.equal(reads.isLikelyCached(BLOCK, BLOCK), true);
  assert.equal(reads.isLikelyCached(2 * BLOCK, 1), false);
});

Deno.test("RecentReads records the file's last block, which is shorter", async () => {
  const { reads } = onClock();
  await reads.readAsync(9 * BLOCK, Promise.resolve(BLOCK + 76));
  assert.equal(reads.isLikelyCached(10 * BLOCK, 76), false);
  await reads.readAsync(9 * BLOCK, Promise.resolve(BLOCK + 77));
  assert.equal(reads.isLikelyCached(9 * BLOCK, BLOCK + 77), true);
});

Deno.test("RecentReads records the bytes that were read, not those requested", async () => {
  const { reads } = onClock();
  await reads.readAsync(0, Promise.resolve(BLOCK));
  assert.equal(reads.readSync(0, () => BLOCK), BLOCK);
  assert.equal(reads.isLikelyCached(BLOCK, 1), false);
});

Deno.test("RecentReads forgets blocks that are not read again within two seconds", async () => {
  const { reads, pass } = onClock();
  await readFirst(reads, 2);
  for (let i = 0; i < 5; i++) {
    pass(900);
    assert.equal(reads.isLikelyCached(0, BLOCK), true);
    reads.readSync(0, () => BLOCK);
  }
  assert.equal(reads.isLikelyCached(BLOCK, BLOCK), false);
  pass(2_000);
  assert.equal(reads.isLikelyCached(0, BLOCK), false);
});

Deno.test("RecentReads.inFlight waits for a read until it has ended", async () => {
  const { reads } = onClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = reads.readAsync(BLOCK, promise);
  let hasWaited = false;
  const waiting = reads.inFlight(BLOCK)!.then(() => hasWaited = reads.isLikelyCached(BLOCK, BLOCK));
  assert.equal(reads.inFlight(0), undefined);
  resolve(BLOCK);
  await waiting;
  assert.equal(hasWaited, true, "the block is not recorded as read");
  await first;
  assert.equal(reads.inFlight(BLOCK), undefined);
});

Deno.test("RecentReads.inFlight resolves when the read fails", async () => {
  const { reads } = onClock();
  const { promise, reject } = Promise.withResolvers<number>();
  const first = reads.readAsync(0, promise);
  const waiting = reads.inFlight(0);
  reject(new Error("a bad sector"));
  await assert.rejects(first, /a bad sector/);
  await waiting;
  assert.equal(reads.isLikelyCached(0, BLOCK), false);
  assert.equal(reads.inFlight(0), undefined);
});

Deno.test("RecentReads.inFlight resolves although the read never ends", async () => {
  const { reads } = onClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = reads.readAsync(0, promise);
  await reads.inFlight(0);
  assert.equal(reads.isLikelyCached(0, BLOCK), false);
  resolve(BLOCK);
  await first;
});

Deno.test("RecentReads.inFlight waits for the later of two reads", async () => {
  const { reads } = onClock();
  const later = Promise.withResolvers<number>();
  const earlier = reads.readAsync(0, Promise.resolve(BLOCK));
  const second = reads.readAsync(0, later.promise);
  await earlier;
  const waiting = reads.inFlight(0);
  assert.ok(waiting);
  later.resolve(BLOCK);
  await second;
  await waiting;
  assert.equal(reads.inFlight(0), undefined);
});

Deno.test("RecentReads assumes nothing cached for two seconds after two slow reads in a row", async () => {
  const { reads, pass } = onClock();
  await readFirst(reads, 1);
  const read = (ms: number) =>
    reads.readSync(0, () => {
      pass(ms);
      return BLOCK;
    });
  for (const ms of [6, 1, 50, 0]) read(ms);
  assert.equal(reads.isLikelyCached(0, BLOCK), true, "a single slow read caused the pause");
  read(6);
  read(6);
  assert.equal(reads.isLikelyCached(0, BLOCK), false);
  pass(1_990);
  assert.equal(reads.isLikelyCached(0, BLOCK), false);
  pass(20);
  await readFirst(reads, 1);
  assert.equal(reads.isLikelyCached(0, BLOCK), true);
});
