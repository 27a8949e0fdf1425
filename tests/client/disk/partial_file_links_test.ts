import assert from "node:assert/strict";
import { join } from "@std/path";
import { OutputError } from "../../../lib/client/disk/output_folder.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  NOTHING_FOUND,
  partialFileFixture,
  tempFolder,
  writeAndClose,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

Deno.test("PartialFile says that a folder stands where the file belongs, and keeps its data", async () => {
  using place = await partialFileFixture();
  const file = fileOf(2 * CHUNK, { path: "folder/a.bin" });
  Deno.mkdirSync(place.output.finalPath("folder/a.bin/inside"), { recursive: true });
  const { partial } = await place.open(file);
  for (const i of [0, 1]) writeChunk(partial, file, i);
  await assert.rejects(partial.commit(), OutputError);
  Deno.removeSync(place.output.finalPath("folder/a.bin"), { recursive: true });
  const again = await place.open(file);
  assert.deepEqual(again.found, { ...NOTHING_FOUND, resumableBytes: 2 * CHUNK });
  await again.partial.commit();
  assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile writes nothing through a link in the file's path", async () => {
  using place = await partialFileFixture();
  using outside = tempFolder();
  Deno.symlinkSync(outside.path, place.output.finalPath("folder"));
  const file = fileOf(CHUNK, { path: "folder/a.bin" });
  const { partial } = await place.open(file);
  writeChunk(partial, file, 0);
  await assert.rejects(partial.commit(), OutputError);
  assert.deepEqual([...Deno.readDirSync(outside.path)], []);
});

Deno.test("PartialFile writes nothing through a link that stands for its data", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  // A victim that is part of the file, so that the journal's claims are true, and another one.
  for (const content of [contentOf(file).slice(0, 3 * CHUNK), new Uint8Array(10)]) {
    using place = await partialFileFixture();
    Deno.writeFileSync(victim, content);
    await writeAndClose(place, file, [0, 1, 2]);
    Deno.removeSync(place.dataOf(file));
    Deno.symlinkSync(victim, place.dataOf(file));
    const { partial, found } = await place.open(file);
    if (found.resumableBytes > 0) assert.throws(() => writeChunk(partial, file, 3), /is a link/);
    else for (let i = 0; i < 4; i++) writeChunk(partial, file, i);
    assert.deepEqual(Deno.readFileSync(victim), content);
  }
});

Deno.test("PartialFile takes no complete file that is only a link", async () => {
  using place = await partialFileFixture();
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(2 * CHUNK);
  Deno.writeFileSync(victim, contentOf(file));
  const { mtime } = Deno.statSync(victim);
  await writeAndClose(place, file, [0, 1]);
  Deno.removeSync(place.dataOf(file));
  Deno.symlinkSync(victim, place.dataOf(file));
  const { partial } = await place.open(file);
  await assert.rejects(partial.commit(), /is a link/);
  assert.deepEqual(Deno.statSync(victim).mtime, mtime);
});

Deno.test("PartialFile writes nothing through a link that stands for its journal", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  for (const isJournal of [true, false]) {
    using place = await partialFileFixture();
    await writeAndClose(place, file, [0, 1]);
    const content = isJournal ? Deno.readTextFileSync(place.journalOf(file)) : "untouched";
    Deno.writeTextFileSync(victim, content);
    Deno.removeSync(place.journalOf(file));
    Deno.symlinkSync(victim, place.journalOf(file));
    const { partial, found } = await place.open(file);
    assert.equal(found.discardReason, "unreadable");
    writeChunk(partial, file, 2);
    assert.equal(Deno.readTextFileSync(victim), content);
  }
});
