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
  writeAt,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

Deno.test("PartialFile resumes everything that was written, in any order", async () => {
  const chunks = fc.uniqueArray(fc.nat(19), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(chunks, chunks, async (first, second) => {
      using fixture = await partialFileFixture();
      const file = fileOf(19 * CHUNK + 300);
      const expected = new Ranges({ start: 0, end: file.size });
      for (const written of [first, second]) {
        const { partial, found } = await fixture.open(file);
        assert.deepEqual([...partial.lacking], [...expected]);
        assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: file.size - expected.size });
        for (const i of written) {
          writeChunk(partial, file, i);
          expected.remove({ start: i * CHUNK, end: (i + 1) * CHUNK });
        }
        partial.close();
      }
      const { partial } = await fixture.open(file);
      for (const { start, end } of [...partial.lacking]) {
        writeAt(partial, start, contentOf(file).subarray(start, end));
      }
      await partial.commit();
      assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
      assert.deepEqual(fixture.work(), []);
    }),
    { numRuns: 20 },
  );
});

Deno.test("PartialFile resumes after the program that wrote it was killed", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(10 * CHUNK);
  const { partial: killed } = await fixture.open(file);
  for (const i of [0, 3, 7]) writeChunk(killed, file, i);
  // The first one is neither closed nor flushed.
  using handles = new WriteHandles();
  const { partial, found } = await fixture.open(file, handles);
  assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 3 * CHUNK });
  for (const { start, end } of [...partial.lacking]) {
    writeAt(partial, start, contentOf(file).subarray(start, end));
  }
  await partial.commit();
  assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile lacks damaged bytes, and only those", async () => {
  for (
    const [at, chunk] of [[0, 0], [CHUNK - 1, 0], [4 * CHUNK + 500, 4], [9 * CHUNK, 9]] as const
  ) {
    using fixture = await partialFileFixture();
    const file = fileOf(10 * CHUNK);
    await writeAndClose(fixture, file, [9, 8, 6, 5, 4, 3, 2, 0]);
    change(fixture.dataOf(file), (bytes) => bytes[at]! ^= 0x10);
    const { partial, found } = await fixture.open(file);
    assert.deepEqual(found, { resumableBytes: 7 * CHUNK, damaged: CHUNK, discardReason: null });
    const expected = new Ranges(...[1, 7, chunk].map((i) => ({
      start: i * CHUNK,
      end: (i + 1) * CHUNK,
    })));
    assert.deepEqual([...partial.lacking], [...expected]);
    for (const i of [1, 7, chunk]) writeChunk(partial, file, i);
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile counts bytes as damaged that its journal claims and its data lacks", async () => {
  for (
    const [change, intact] of [
      [(path: string) => Deno.truncateSync(path, 2 * CHUNK + 1), 2 * CHUNK],
      [(path: string) => Deno.truncateSync(path, 0), 0],
      [(path: string) => Deno.removeSync(path), 0],
      [(path: string) => {
        Deno.removeSync(path);
        Deno.mkdirSync(path);
      }, 0],
    ] as const
  ) {
    using fixture = await partialFileFixture();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(fixture, file, [0, 1, 2]);
    change(fixture.dataOf(file));
    const { partial, found } = await fixture.open(file);
    assert.deepEqual(found, {
      resumableBytes: intact,
      damaged: 3 * CHUNK - intact,
      discardReason: null,
    });
    assert.equal(partial.received, intact);
    assert.equal(partial.prefix, intact);
    for (let i = intact / CHUNK; i < 4; i++) writeChunk(partial, file, i);
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile lacks data that its journal does not claim", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2]);
  Deno.removeSync(fixture.journalOf(file));
  const { partial, found } = await fixture.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  writeChunk(partial, file, 3);
  partial.close();
  assert.deepEqual((await fixture.open(file)).found, { ...NOTHING_FOUND, resumableBytes: CHUNK });
});

Deno.test("PartialFile loses no more than one chunk to a journal whose last line is torn", async () => {
  for (const torn of [1, 5, 12]) {
    using fixture = await partialFileFixture();
    const file = fileOf(6 * CHUNK);
    await writeAndClose(fixture, file, [0, 1, 2]);
    const journal = fixture.journalOf(file);
    Deno.truncateSync(journal, Deno.statSync(journal).size - 1 - torn);
    const { partial, found } = await fixture.open(file);
    assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 2 * CHUNK });
    // Chunks written from now on count, although the line before has no end.
    writeChunk(partial, file, 3);
    writeChunk(partial, file, 4);
    partial.close();
    assert.deepEqual((await fixture.open(file)).found, {
      ...NOTHING_FOUND,
      resumableBytes: 4 * CHUNK,
    });
  }
});

Deno.test("PartialFile does not count bytes as damaged that were fetched again", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2]);
  change(fixture.dataOf(file), (bytes) => bytes[CHUNK]! ^= 1);
  const { partial } = await fixture.open(file);
  // In other pieces than before.
  writeAt(partial, CHUNK, contentOf(file).subarray(CHUNK, CHUNK + 400));
  writeAt(partial, CHUNK + 400, contentOf(file).subarray(CHUNK + 400, 2 * CHUNK));
  partial.close();
  assert.deepEqual((await fixture.open(file)).found, {
    ...NOTHING_FOUND,
    resumableBytes: 3 * CHUNK,
  });
});

for (
  const [what, other] of [
    ["version", { version: "w" }],
    ["size", { size: 4 * CHUNK + 1 }],
  ] as const
) {
  Deno.test(`PartialFile discards data of another ${what} of the file`, async () => {
    using fixture = await partialFileFixture();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(fixture, file, [0, 1, 2]);
    const changed = { ...file, ...other };
    const { partial, found } = await fixture.open(changed);
    assert.deepEqual(found, { resumableBytes: 0, damaged: 0, discardReason: "outdated" });
    assert.equal(partial.received, 0);
    assert.deepEqual(fixture.work(), []);
    for (const { start, end } of [...partial.lacking]) {
      writeAt(partial, start, contentOf(changed).subarray(start, end));
    }
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(changed));
  });
}

Deno.test("PartialFile discards data beside an invalid journal", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2]);
  Deno.writeTextFileSync(fixture.journalOf(file), "sluice-journal 1 {}");
  const { found } = await fixture.open(file);
  assert.deepEqual(found, { resumableBytes: 0, damaged: 0, discardReason: "unreadable" });
  assert.deepEqual(fixture.work(), []);
});

Deno.test("PartialFile discards the data of a file that has become empty", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2]);
  const { partial, found } = await fixture.open({ ...file, size: 0, version: "w" });
  assert.equal(found.discardReason, "outdated");
  await partial.commit();
  assert.equal(Deno.statSync(fixture.output.finalPath(file.path)).size, 0);
  assert.deepEqual(fixture.work(), []);
});

function change(path: string, edit: (bytes: Uint8Array) => void): void {
  const bytes = Deno.readFileSync(path);
  edit(bytes);
  Deno.writeFileSync(path, bytes);
}
