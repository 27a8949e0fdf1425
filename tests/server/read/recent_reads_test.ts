import assert from "node:assert/strict";
import { RecentReads } from "../../../lib/server/read/recent_reads.ts";

const BLOCK = 16 * 1024;
const SIZE = 10 * BLOCK + 77;

/** Blocks on a clock of their own, which `pass` moves on. */
function onClock() {
  let now = 5_000;
  return { warm: new RecentReads(SIZE, () => now), pass: (ms: number) => now += ms };
}

/** Lets the first `count` blocks be read. */
async function readFirst(warm: RecentReads, count: number): Promise<void> {
  await warm.readAsync(0, Promise.resolve(count * BLOCK));
}

Deno.test("WarmBlocks knows what was read, and nothing else", async () => {
  const { warm } = onClock();
  assert.equal(warm.isLikelyCached(0, 1), false);
  assert.equal(await warm.readAsync(2 * BLOCK, Promise.resolve(3 * BLOCK)), 3 * BLOCK);
  assert.equal(warm.isLikelyCached(2 * BLOCK, 3 * BLOCK), true);
  assert.equal(warm.isLikelyCached(3 * BLOCK + 5, 100), true);
  assert.equal(warm.isLikelyCached(2 * BLOCK - 1, 2), false);
  assert.equal(warm.isLikelyCached(4 * BLOCK, BLOCK + 1), false);
});

Deno.test("WarmBlocks counts no block of which only a part was read", async () => {
  const { warm } = onClock();
  await warm.readAsync(1, Promise.resolve(2 * BLOCK));
  assert.equal(warm.isLikelyCached(1, 1), false);
  assert.equal(warm.isLikelyCached(BLOCK, BLOCK), true);
  assert.equal(warm.isLikelyCached(2 * BLOCK, 1), false);
});

Deno.test("WarmBlocks counts the file's last block, which is shorter", async () => {
  const { warm } = onClock();
  await warm.readAsync(9 * BLOCK, Promise.resolve(BLOCK + 76));
  assert.equal(warm.isLikelyCached(10 * BLOCK, 76), false);
  await warm.readAsync(9 * BLOCK, Promise.resolve(BLOCK + 77));
  assert.equal(warm.isLikelyCached(9 * BLOCK, BLOCK + 77), true);
});

Deno.test("WarmBlocks counts what was got, not what was wanted", async () => {
  const { warm } = onClock();
  await warm.readAsync(0, Promise.resolve(BLOCK));
  assert.equal(warm.readSync(0, () => BLOCK), BLOCK);
  assert.equal(warm.isLikelyCached(BLOCK, 1), false);
});

Deno.test("WarmBlocks forgets within two seconds what is not read again", async () => {
  const { warm, pass } = onClock();
  await readFirst(warm, 2);
  for (let i = 0; i < 5; i++) {
    pass(900);
    assert.equal(warm.isLikelyCached(0, BLOCK), true);
    warm.readSync(0, () => BLOCK);
  }
  assert.equal(warm.isLikelyCached(BLOCK, BLOCK), false);
  pass(2_000);
  assert.equal(warm.isLikelyCached(0, BLOCK), false);
});

Deno.test("WarmBlocks lets others wait for a read, until it is over", async () => {
  const { warm } = onClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = warm.readAsync(BLOCK, promise);
  let hasWaited = false;
  const waiting = warm.inFlight(BLOCK)!.then(() => hasWaited = warm.isLikelyCached(BLOCK, BLOCK));
  assert.equal(warm.inFlight(0), undefined);
  resolve(BLOCK);
  await waiting;
  assert.equal(hasWaited, true, "what was waited for is known to be read");
  await first;
  assert.equal(warm.inFlight(BLOCK), undefined);
});

Deno.test("WarmBlocks lets nobody wait for ever for a read that fails", async () => {
  const { warm } = onClock();
  const { promise, reject } = Promise.withResolvers<number>();
  const first = warm.readAsync(0, promise);
  const waiting = warm.inFlight(0);
  reject(new Error("a bad sector"));
  await assert.rejects(first, /a bad sector/);
  await waiting;
  assert.equal(warm.isLikelyCached(0, BLOCK), false);
  assert.equal(warm.inFlight(0), undefined);
});

Deno.test("WarmBlocks lets nobody wait for ever for a read that never ends", async () => {
  const { warm } = onClock();
  const { promise, resolve } = Promise.withResolvers<number>();
  const first = warm.readAsync(0, promise);
  await warm.inFlight(0);
  assert.equal(warm.isLikelyCached(0, BLOCK), false);
  resolve(BLOCK);
  await first;
});

Deno.test("WarmBlocks lets who comes later wait for the later of two reads", async () => {
  const { warm } = onClock();
  const later = Promise.withResolvers<number>();
  const earlier = warm.readAsync(0, Promise.resolve(BLOCK));
  const second = warm.readAsync(0, later.promise);
  await earlier;
  const waiting = warm.inFlight(0);
  assert.ok(waiting);
  later.resolve(BLOCK);
  await second;
  await waiting;
  assert.equal(warm.inFlight(0), undefined);
});

Deno.test("WarmBlocks guesses nothing for two seconds after two slow reads in a row", async () => {
  const { warm, pass } = onClock();
  await readFirst(warm, 1);
  const read = (ms: number) =>
    warm.readSync(0, () => {
      pass(ms);
      return BLOCK;
    });
  for (const ms of [6, 1, 50, 0]) read(ms);
  assert.equal(warm.isLikelyCached(0, BLOCK), true, "one at a time is a busy processor");
  read(6);
  read(6);
  assert.equal(warm.isLikelyCached(0, BLOCK), false);
  pass(1_990);
  assert.equal(warm.isLikelyCached(0, BLOCK), false);
  pass(20);
  await readFirst(warm, 1);
  assert.equal(warm.isLikelyCached(0, BLOCK), true);
});
