import assert from "node:assert/strict";
import { PartialFile } from "../../../lib/client/disk/partial_file.ts";
import { Ranges } from "../../../lib/client/disk/byte_ranges.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  MODIFIED,
  NOTHING_FOUND,
  partialFileFixture,
  writeAndClose,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

Deno.test("PartialFile starts with nothing for a new file", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(5 * CHUNK);
  const { partial, found } = await fixture.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  assert.equal(partial.received, 0);
  assert.equal(partial.prefix, 0);
  assert.deepEqual([...partial.lacking], [{ start: 0, end: 5 * CHUNK }]);
  assert.deepEqual(fixture.work(), []);
});

Deno.test("PartialFile accepts chunks in any order, and keeps track of what it lacks", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK + 7);
  const { partial } = await fixture.open(file);
  for (
    const [i, received, prefix] of [
      [2, CHUNK, 0],
      [0, 2 * CHUNK, CHUNK],
      // Received twice, for example over another connection.
      [2, 2 * CHUNK, CHUNK],
      [4, 2 * CHUNK + 7, CHUNK],
      [1, 3 * CHUNK + 7, 3 * CHUNK],
      [3, 4 * CHUNK + 7, 4 * CHUNK + 7],
    ] as const
  ) {
    writeChunk(partial, file, i);
    assert.equal(partial.received, received);
    assert.equal(partial.prefix, prefix);
    assert.equal(new Ranges(...partial.lacking).size, file.size - received);
  }
  await partial.commit();
  assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile commits the content and the time of the server's file, and leaves nothing else", async () => {
  using fixture = await partialFileFixture();
  for (const path of ["a.bin", "folder/b.bin"]) {
    const file = fileOf(3 * CHUNK, { path });
    const { partial } = await fixture.open(file);
    for (const i of [2, 0, 1]) writeChunk(partial, file, i);
    assert.ok(fixture.work().length > 0);
    await partial.commit();
    const final = fixture.output.finalPath(path);
    assert.deepEqual(Deno.readFileSync(final), contentOf(file));
    assert.equal(Deno.statSync(final).mtime?.getTime(), MODIFIED);
    assert.deepEqual(fixture.work(), []);
  }
});

Deno.test("PartialFile commits with any time that a server lists", async () => {
  using fixture = await partialFileFixture();
  for (const modified of [-1, 0, 2 ** 31 * 1000, Number.MAX_SAFE_INTEGER, -(2 ** 53) + 1]) {
    const file = fileOf(CHUNK, { path: `${modified}`, modified });
    const { partial } = await fixture.open(file);
    writeChunk(partial, file, 0);
    await partial.commit();
    assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile writes no journal for a file of one chunk", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(CHUNK);
  const { partial } = await fixture.open(file);
  writeChunk(partial, file, 0);
  assert.deepEqual(fixture.work().map((name) => name.replace(/^\w+/, "")), [".data"]);
  await partial.commit();
  assert.deepEqual(fixture.work(), []);
});

Deno.test("PartialFile of an empty file lacks nothing", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(0);
  const { partial, found } = await fixture.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  assert.deepEqual([...partial.lacking], []);
  assert.equal(partial.prefix, 0);
  await partial.commit();
  const info = Deno.statSync(fixture.output.finalPath(file.path));
  assert.equal(info.size, 0);
  assert.equal(info.mtime?.getTime(), MODIFIED);
  assert.deepEqual(fixture.work(), []);
});

Deno.test("PartialFile discards its data and its journal", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  const { partial } = await fixture.open(file);
  await partial.discard();
  writeChunk(partial, file, 1);
  await partial.discard();
  await partial.discard();
  assert.deepEqual(fixture.work(), []);
  assert.deepEqual((await fixture.open(file)).found, NOTHING_FOUND);
});

Deno.test("PartialFile.open stops checking the data on disk when it is aborted", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2]);
  const reason = new Error("Not wanted any more");
  await assert.rejects(
    PartialFile.open(file, fixture.output, fixture.handles, AbortSignal.abort(reason)),
    reason,
  );
  assert.deepEqual((await fixture.open(file)).found, {
    ...NOTHING_FOUND,
    resumableBytes: 3 * CHUNK,
  });
});

Deno.test("PartialFile keeps hundreds of files in progress apart", async () => {
  using fixture = await partialFileFixture();
  const files = Array.from({ length: 200 }, (_, i) => fileOf(3 * CHUNK, { path: `f/${i}` }));
  const partials = await Promise.all(files.map((file) => fixture.open(file)));
  // Each with a journal, so there are more files than may be open.
  for (const chunk of [1, 2]) {
    for (const [i, { partial }] of partials.entries()) writeChunk(partial, files[i]!, chunk);
  }
  for (const { partial } of partials.slice(0, 100)) partial.close();
  const again = await Promise.all(files.slice(0, 100).map((file) => fixture.open(file)));
  for (const [i, { partial }] of [...again, ...partials.slice(100)].entries()) {
    assert.equal(partial.received, 2 * CHUNK);
    writeChunk(partial, files[i]!, 0);
    await partial.commit();
  }
  for (const file of files) {
    assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
  }
  assert.deepEqual(fixture.work(), []);
});
