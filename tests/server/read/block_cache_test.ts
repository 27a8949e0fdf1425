import assert from "node:assert/strict";
import { identityOf } from "../../../lib/fs/file_identity.ts";
import { open } from "node:fs/promises";
import { join } from "@std/path";
import { checkFooter, HEADER_SIZE } from "../../../lib/protocol/message.ts";
import { BlockCache } from "../../../lib/server/read/block_cache.ts";
import { DiskLane } from "../../../lib/server/read/disk_gate.ts";
import { BufferPool } from "../../../lib/server/read/buffer_pool.ts";
import { OpenFiles } from "../../../lib/server/read/open_files.ts";
import type { SharedFile } from "../../../lib/server/shared_file.ts";
import { tempFolder } from "../../support/catalog_fixture.ts";

const KIB = 1024;

/** A file of 1 MiB, a cache with room for a quarter of it, and counted proofs. */
async function cacheOfFile() {
  const temp = tempFolder();
  const path = join(temp.path, "a");
  const content = Uint8Array.from({ length: 1024 * KIB }, (_, i) => i ^ i >> 8 ^ i >> 16);
  Deno.writeFileSync(path, content);
  const files = new OpenFiles();
  const lease = await files.lease("a", async () => {
    const handle = await open(path);
    const identity = identityOf(await handle.stat());
    return { handle, isLocal: true, identity, disk: new DiskLane() };
  });
  const pool = new BufferPool(2 * 1024 * KIB);
  const cache = new BlockCache(pool);
  const file = { path: "a", version: "1", size: content.length } as SharedFile;
  const piece = (offset: number, length = 64 * KIB) => ({ file, offset, length });
  let proofs = 0;
  return {
    cache,
    pool,
    piece,
    proofs: () => proofs,
    /** Requests a piece as two clients in turn; returns whether one of them shares. */
    isShared: (offset: number, length?: number) =>
      cache.isShared(piece(offset, length), "one") || cache.isShared(piece(offset, length), "two"),
    take: (offset: number, length?: number, prove = () => Promise.resolve()) =>
      cache.take(piece(offset, length), lease, () => {
        proofs++;
        return prove();
      }),
    holds(message: Uint8Array, offset: number, length = 64 * KIB) {
      const body = message.subarray(HEADER_SIZE);
      checkFooter(body);
      assert.deepEqual(body.slice(0, length), content.slice(offset, offset + length));
    },
    async [Symbol.asyncDispose]() {
      cache[Symbol.dispose]();
      lease.release();
      await files[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
      assert.equal(pool.lent, 0);
    },
  };
}

Deno.test("BlockCache shares a piece that another client requested moments ago", async () => {
  await using place = await cacheOfFile();
  const { cache, piece } = place;
  assert.equal(cache.isShared(piece(0), "one"), false);
  assert.equal(cache.isShared(piece(0), "one"), false, "it is the same client");
  assert.equal(cache.isShared(piece(1), "two"), false, "it is another part");
  assert.equal(cache.isShared(piece(0), "two"), true);
  const other = { ...piece(0), file: { ...piece(0).file, version: "2" } };
  assert.equal(cache.isShared(other, "two"), false, "it is another version");
});

Deno.test("BlockCache reads and proves a block once for all clients", async () => {
  await using place = await cacheOfFile();
  assert.ok(place.isShared(0));
  const blocks = await Promise.all([1, 2, 3].map(() => place.take(0)));
  for (const block of blocks) {
    place.holds(block.message, 0);
    block[Symbol.dispose]();
  }
  using later = await place.take(0);
  place.holds(later.message, 0);
  assert.equal(place.proofs(), 1);
});

Deno.test("BlockCache takes an eighth of the memory, and drops the least recently used block", async () => {
  await using place = await cacheOfFile();
  for (const offset of [0, 1, 2, 3]) {
    assert.ok(place.isShared(offset));
    (await place.take(offset))[Symbol.dispose]();
  }
  (await place.take(0))[Symbol.dispose]();
  assert.equal(place.proofs(), 4);
  assert.ok(place.isShared(4));
  (await place.take(4))[Symbol.dispose]();
  assert.ok(place.pool.lent <= 2 * 1024 * KIB / 4, `${place.pool.lent}`);
  (await place.take(0))[Symbol.dispose]();
  assert.equal(place.proofs(), 5, "it was dropped although it was just used");
  (await place.take(1))[Symbol.dispose]();
  assert.equal(place.proofs(), 6, "it is still there");
});

Deno.test("BlockCache shares no further piece while all its blocks are in use", async () => {
  await using place = await cacheOfFile();
  assert.ok(place.isShared(0, 256 * KIB));
  const block = await place.take(0, 256 * KIB);
  assert.equal(place.isShared(256 * KIB), false);
  place.holds(block.message, 0, 256 * KIB);
  block[Symbol.dispose]();
  block[Symbol.dispose]();
  assert.equal(place.isShared(256 * KIB), true);
});

Deno.test("BlockCache keeps no block that cannot be read or proven", async () => {
  await using place = await cacheOfFile();
  assert.ok(place.isShared(0));
  const failure = new Error("it has changed");
  const takes = await Promise.allSettled(
    [1, 2].map(() => place.take(0, undefined, () => Promise.reject(failure))),
  );
  for (const take of takes) assert.equal(take.status === "rejected" && take.reason, failure);
  await assert.rejects(place.take(1000 * KIB, 100 * KIB), /shorter than the system says/);
  using block = await place.take(0);
  place.holds(block.message, 0);
});
