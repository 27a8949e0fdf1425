import assert from "node:assert/strict";
import fc from "fast-check";
import { FOOTER_SIZE, HEADER_SIZE } from "../../../lib/protocol/message.ts";
import { BufferPool } from "../../../lib/server/read/buffer_pool.ts";

const KIB = 1024;
const FRAME = HEADER_SIZE + FOOTER_SIZE;
type Buffer = Uint8Array<ArrayBuffer>;

Deno.test("BufferPool lends a buffer for a message with the requested payload", async () => {
  const pool = new BufferPool(16 * 1024 * KIB);
  for (const size of [1, 8 * KIB - 1, 8 * KIB, 8 * KIB + 1, 100_000, 1024 * KIB, 4096 * KIB]) {
    const buffer = await pool.acquire(size);
    assert.ok(buffer.length >= size + FRAME);
    assert.ok(buffer.length < Math.max(2 * size, 8 * KIB + 1) + FRAME);
    assert.equal(buffer.length, buffer.buffer.byteLength);
    pool.release(buffer);
  }
  assert.equal(pool.lent, 0);
});

Deno.test("BufferPool reuses a released buffer", async () => {
  const pool = new BufferPool(1024 * KIB);
  const first = await pool.acquire(100_000);
  const second = await pool.acquire(100_000);
  assert.notEqual(first, second);
  pool.release(first);
  assert.equal(await pool.acquire(70_000), first);
  pool.release(second);
  assert.equal(await pool.acquire(128 * KIB), second);
});

Deno.test("BufferPool makes callers wait in FIFO order when the budget is exhausted", async () => {
  const pool = new BufferPool(4 * (64 * KIB + FRAME));
  const lent = await Promise.all([1, 2, 3, 4].map(() => pool.acquire(64 * KIB)));
  const order: number[] = [];
  const waiting = [5, 6, 7].map(async (i) => {
    const buffer = await pool.acquire(64 * KIB);
    order.push(i);
    return buffer;
  });
  await settle();
  assert.deepEqual(order, []);
  pool.release(lent[2]!);
  await settle();
  assert.deepEqual(order, [5]);
  pool.release(lent[0]!);
  pool.release(lent[1]!);
  await Promise.all(waiting);
  assert.deepEqual(order, [5, 6, 7]);
});

Deno.test("BufferPool lets no later caller overtake one that waits for a large buffer", async () => {
  const pool = new BufferPool(1024 * KIB + FRAME);
  const small = await pool.acquire(8 * KIB);
  const order: string[] = [];
  const large = pool.acquire(1024 * KIB).then((buffer) => (order.push("large"), buffer));
  // It would fit the budget, but it was requested later.
  const late = pool.acquire(8 * KIB).then((buffer) => (order.push("small"), buffer));
  await settle();
  assert.deepEqual(order, []);
  pool.release(small);
  pool.release(await large);
  pool.release(await late);
  assert.deepEqual(order, ["large", "small"]);
  assert.equal(pool.lent, 0);
});

Deno.test("BufferPool refuses a buffer larger than its budget at once", () => {
  const pool = new BufferPool(64 * KIB + FRAME);
  assert.throws(() => pool.acquire(64 * KIB + 1), RangeError);
  assert.throws(() => pool.acquire(1e9), RangeError);
  assert.equal(pool.lent, 0);
});

Deno.test("BufferPool never lends more than its budget, and serves every caller", async () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 20 * KIB }), fc.integer({ min: 1, max: 256 * KIB })),
    { minLength: 1, maxLength: 60 },
  );
  const releases = fc.array(fc.nat(1000), { minLength: 60, maxLength: 60 });
  await fc.assert(fc.asyncProperty(sizes, releases, async (sizes, releases) => {
    const budget = 512 * KIB;
    const pool = new BufferPool(budget);
    const lent: Buffer[] = [];
    const made = new Set<Buffer>();
    let served = 0;
    for (const size of sizes) {
      pool.acquire(size).then((buffer) => {
        assert.ok(!lent.includes(buffer), "lent twice");
        assert.ok(buffer.length >= size + FRAME);
        lent.push(buffer);
        made.add(buffer);
        served++;
      });
    }
    for (const pick of releases) {
      await settle();
      const sum = lent.reduce((sum, { length }) => sum + length, 0);
      assert.equal(pool.lent, sum);
      assert.ok(sum <= budget, `${sum} bytes are lent`);
      const [buffer] = lent.splice(pick % lent.length, 1);
      if (buffer) pool.release(buffer);
    }
    assert.equal(served, sizes.length);
    assert.equal(pool.lent, 0);
  }));
});

Deno.test("BufferPool keeps no more than its budget, whatever the sizes", async () => {
  const budget = 1024 * KIB;
  const pool = new BufferPool(budget);
  const seen: WeakRef<Buffer>[] = [];
  const kept = new Set<Buffer>();
  for (const size of [8, 16, 32, 64, 128, 256, 512].flatMap((size) => [size, size, size])) {
    const buffer = await pool.acquire(size * KIB - FRAME);
    seen.push(new WeakRef(buffer));
    pool.release(buffer);
  }
  // Buffers that it lends again were kept.
  for (const size of [8, 16, 32, 64, 128, 256]) {
    const buffer = await pool.acquire(size * KIB - FRAME);
    if (seen.some((ref) => ref.deref() === buffer)) kept.add(buffer);
  }
  const sum = [...kept].reduce((sum, { length }) => sum + length, 0);
  assert.ok(sum <= budget, `${sum} bytes are kept`);
});

Deno.test("BufferPool.share fits all shares into the budget, in whatever order borrowers arrive", () => {
  for (const budget of [16, 64, 256, 4096].map((mebibytes) => mebibytes * 1024 * KIB)) {
    const pool = new BufferPool(budget);
    let held = 0;
    let before = Infinity;
    // Each takes its share when it arrives, and never releases it.
    for (let i = 0; i < 1000; i++) {
      pool.borrowers++;
      const { share } = pool;
      assert.ok(Number.isInteger(Math.log2(share)) && share <= before, `${share}`);
      held += share;
      before = share;
    }
    assert.ok(held <= budget, `${held} bytes of ${budget}`);
    pool.borrowers = 0;
    assert.ok(pool.share >= before && pool.share <= budget);
  }
});

/** Waits until all promises that can settle have settled. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}
