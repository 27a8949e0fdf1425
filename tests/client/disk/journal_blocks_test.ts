import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { JournalBlocks } from "../../../lib/client/disk/journal_blocks.ts";
import type { JournalEntry } from "../../../lib/client/disk/journal.ts";
import { Ranges } from "../../../lib/client/disk/byte_ranges.ts";

const MIB = 1024 * 1024;
const DATA = Uint8Array.from({ length: 200 }, (_, i) => i * 167 ^ i >> 3);

function chunk(start: number, end: number): JournalEntry {
  return { offset: start, length: end - start, checksum: crc32(DATA.subarray(start, end)) };
}

Deno.test("JournalBlocks merges chunks that adjoin, in any order", () => {
  const blocks = new JournalBlocks(DATA.length);
  for (const [start, end] of [[100, 120], [0, 10], [10, 30], [80, 100], [30, 80]] as const) {
    blocks.add(chunk(start, end));
  }
  assert.deepEqual([...blocks], [chunk(0, 120)]);
});

Deno.test("JournalBlocks keeps gaps", () => {
  const blocks = new JournalBlocks(DATA.length);
  blocks.add(chunk(0, 10));
  blocks.add(chunk(11, 20));
  assert.deepEqual([...blocks], [chunk(0, 10), chunk(11, 20)]);
});

Deno.test("JournalBlocks merges no block beyond 4 MiB, so that damage costs no more", () => {
  const blocks = new JournalBlocks(100 * MIB);
  for (let i = 0; i < 1_000; i++) blocks.add({ offset: i * 16_384, length: 16_384, checksum: i });
  assert.equal(blocks.count, 4);
  for (const { length } of blocks) assert.ok(length <= 4 * MIB);
});

Deno.test("JournalBlocks keeps the number of blocks small for files of any size", () => {
  const size = 100 * 1024 ** 4;
  const blocks = new JournalBlocks(size);
  const length = 256 * MIB;
  for (let offset = 0; offset < size; offset += length) {
    blocks.add({ offset, length, checksum: 1 });
  }
  assert.ok(blocks.count <= 2 * 32 * 1024, `${blocks.count} blocks`);
});

Deno.test("JournalBlocks covers the bytes of all chunks with their checksums, also if they overlap", () => {
  const pairs = fc.array(fc.tuple(fc.nat(DATA.length - 1), fc.integer({ min: 1, max: 40 })));
  fc.assert(fc.property(pairs, (pairs) => {
    const blocks = new JournalBlocks(DATA.length);
    const expected = new Ranges();
    for (const [start, length] of pairs) {
      const end = Math.min(DATA.length, start + length);
      blocks.add(chunk(start, end));
      expected.add({ start, end });
    }
    const covered = new Ranges();
    for (const { offset, length, checksum } of blocks) {
      assert.deepEqual(chunk(offset, offset + length).checksum, checksum);
      covered.add({ start: offset, end: offset + length });
    }
    assert.deepEqual([...covered], [...expected]);
  }));
});
