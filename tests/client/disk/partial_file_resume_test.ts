import assert from "node:assert/strict";
import fc from "fast-check";
import { Ranges } from "../../../lib/client/disk/byte_ranges.ts";
import { WriteHandles } from "../../../lib/client/disk/write_handles.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  NOTHING_FOUND,
  partialFileFixture,
  writeAndClose,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

Deno.test("PartialFile goes on with all that was written, whatever it was and in which order", async () => {
  const chunks = fc.uniqueArray(fc.nat(19), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(chunks, chunks, async (first, second) => {
      using place = await partialFileFixture();
      const file = fileOf(19 * CHUNK + 300);
      const expected = new Ranges({ start: 0, end: file.size });
      for (const written of [first, second]) {
        const { partial, found } = await place.open(file);
        assert.deepEqual([...partial.lacking], [...expected]);
        assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: file.size - expected.size });
        for (const i of written) {
          writeChunk(partial, file, i);
          expected.remove({ start: i * CHUNK, end: (i + 1) * CHUNK });
        }
        partial.close();
      }
      const { partial } = await place.open(file);
      for (const { start, end } of [...partial.lacking]) {
        partial.write(start, contentOf(file).subarray(start, end));
      }
      await partial.commit();
      assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
      assert.deepEqual(place.work(), []);
    }),
    { numRuns: 20 },
  );
});

Deno.test("PartialFile goes on after the program that wrote it was killed", async () => {
  using place = await partialFileFixture();
  const file = fileOf(10 * CHUNK);
  const { partial: killed } = await place.open(file);
  for (const i of [0, 3, 7]) writeChunk(killed, file, i);
  // Nothing of the first one is closed or flushed.
  using handles = new WriteHandles();
  const { partial, found } = await place.open(file, handles);
  assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 3 * CHUNK });
  for (const { start, end } of [...partial.lacking]) {
    partial.write(start, contentOf(file).subarray(start, end));
  }
  await partial.commit();
  assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile asks again for damaged bytes, and only for those", async () => {
  for (
    const [at, chunk] of [[0, 0], [CHUNK - 1, 0], [4 * CHUNK + 500, 4], [9 * CHUNK, 9]] as const
  ) {
    using place = await partialFileFixture();
    const file = fileOf(10 * CHUNK);
    await writeAndClose(place, file, [9, 8, 6, 5, 4, 3, 2, 0]);
    change(place.dataOf(file), (bytes) => bytes[at]! ^= 0x10);
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, { resumableBytes: 7 * CHUNK, damaged: CHUNK, discardReason: null });
    const expected = new Ranges(...[1, 7, chunk].map((i) => ({
      start: i * CHUNK,
      end: (i + 1) * CHUNK,
    })));
    assert.deepEqual([...partial.lacking], [...expected]);
    for (const i of [1, 7, chunk]) writeChunk(partial, file, i);
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile counts what its journal claims and its data lacks as damaged", async () => {
  for (
    const [change, kept] of [
      [(path: string) => Deno.truncateSync(path, 2 * CHUNK + 1), 2 * CHUNK],
      [(path: string) => Deno.truncateSync(path, 0), 0],
      [(path: string) => Deno.removeSync(path), 0],
      [(path: string) => {
        Deno.removeSync(path);
        Deno.mkdirSync(path);
      }, 0],
    ] as const
  ) {
    using place = await partialFileFixture();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    change(place.dataOf(file));
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, {
      resumableBytes: kept,
      damaged: 3 * CHUNK - kept,
      discardReason: null,
    });
    assert.equal(partial.received, kept);
    assert.equal(partial.prefix, kept);
    for (let i = kept / CHUNK; i < 4; i++) writeChunk(partial, file, i);
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile asks again for data that its journal does not know", async () => {
  using place = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  Deno.removeSync(place.journalOf(file));
  const { partial, found } = await place.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  writeChunk(partial, file, 3);
  partial.close();
  assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, resumableBytes: CHUNK });
});

Deno.test("PartialFile loses no more than one chunk to a journal whose last line is torn", async () => {
  for (const torn of [1, 5, 12]) {
    using place = await partialFileFixture();
    const file = fileOf(6 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    const journal = place.journalOf(file);
    Deno.truncateSync(journal, Deno.statSync(journal).size - 1 - torn);
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 2 * CHUNK });
    // What is written from now on counts, although the line before it has no end.
    writeChunk(partial, file, 3);
    writeChunk(partial, file, 4);
    partial.close();
    assert.deepEqual((await place.open(file)).found, {
      ...NOTHING_FOUND,
      resumableBytes: 4 * CHUNK,
    });
  }
});

Deno.test("PartialFile does not call bytes damaged that have been fetched again", async () => {
  using place = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  change(place.dataOf(file), (bytes) => bytes[CHUNK]! ^= 1);
  const { partial } = await place.open(file);
  // In other pieces than before.
  partial.write(CHUNK, contentOf(file).subarray(CHUNK, CHUNK + 400));
  partial.write(CHUNK + 400, contentOf(file).subarray(CHUNK + 400, 2 * CHUNK));
  partial.close();
  assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, resumableBytes: 3 * CHUNK });
});

for (
  const [what, other] of [
    ["version", { version: "w" }],
    ["size", { size: 4 * CHUNK + 1 }],
  ] as const
) {
  Deno.test(`PartialFile drops what is of another ${what} of the file`, async () => {
    using place = await partialFileFixture();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    const changed = { ...file, ...other };
    const { partial, found } = await place.open(changed);
    assert.deepEqual(found, { resumableBytes: 0, damaged: 0, discardReason: "outdated" });
    assert.equal(partial.received, 0);
    assert.deepEqual(place.work(), []);
    for (const { start, end } of [...partial.lacking]) {
      partial.write(start, contentOf(changed).subarray(start, end));
    }
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(changed));
  });
}

Deno.test("PartialFile drops what stands beside a journal that is none", async () => {
  using place = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  Deno.writeTextFileSync(place.journalOf(file), "sluice-journal 1 {}");
  const { found } = await place.open(file);
  assert.deepEqual(found, { resumableBytes: 0, damaged: 0, discardReason: "unreadable" });
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile drops what is left of a file that has become empty", async () => {
  using place = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  const { partial, found } = await place.open({ ...file, size: 0, version: "w" });
  assert.equal(found.discardReason, "outdated");
  await partial.commit();
  assert.equal(Deno.statSync(place.output.finalPath(file.path)).size, 0);
  assert.deepEqual(place.work(), []);
});

function change(path: string, edit: (bytes: Uint8Array) => void): void {
  const bytes = Deno.readFileSync(path);
  edit(bytes);
  Deno.writeFileSync(path, bytes);
}
