import assert from "node:assert/strict";
import { join } from "@std/path";
import { OutputError } from "../../../lib/errors.ts";
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

Deno.test("PartialFile refuses to commit where a folder has the file's name, and keeps its data", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(2 * CHUNK, { path: "folder/a.bin" });
  Deno.mkdirSync(fixture.output.finalPath("folder/a.bin/inside"), { recursive: true });
  const { partial } = await fixture.open(file);
  for (const i of [0, 1]) writeChunk(partial, file, i);
  await assert.rejects(partial.commit(), OutputError);
  Deno.removeSync(fixture.output.finalPath("folder/a.bin"), { recursive: true });
  const again = await fixture.open(file);
  assert.deepEqual(again.found, { ...NOTHING_FOUND, resumableBytes: 2 * CHUNK });
  await again.partial.commit();
  assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile writes nothing through a link in the file's path", async () => {
  using fixture = await partialFileFixture();
  using outside = tempFolder();
  Deno.symlinkSync(outside.path, fixture.output.finalPath("folder"));
  const file = fileOf(CHUNK, { path: "folder/a.bin" });
  const { partial } = await fixture.open(file);
  writeChunk(partial, file, 0);
  await assert.rejects(partial.commit(), OutputError);
  assert.deepEqual([...Deno.readDirSync(outside.path)], []);
});

Deno.test("PartialFile writes nothing through a link in fixture of its data", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  // One victim is a part of the file, so that the journal's claims are true; another is not.
  for (const content of [contentOf(file).slice(0, 3 * CHUNK), new Uint8Array(10)]) {
    using fixture = await partialFileFixture();
    Deno.writeFileSync(victim, content);
    await writeAndClose(fixture, file, [0, 1, 2]);
    Deno.removeSync(fixture.dataOf(file));
    Deno.symlinkSync(victim, fixture.dataOf(file));
    const { partial, found } = await fixture.open(file);
    if (found.resumableBytes > 0) assert.throws(() => writeChunk(partial, file, 3), /is a link/);
    else for (let i = 0; i < 4; i++) writeChunk(partial, file, i);
    assert.deepEqual(Deno.readFileSync(victim), content);
  }
});

Deno.test("PartialFile does not commit a link to a complete file", async () => {
  using fixture = await partialFileFixture();
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(2 * CHUNK);
  Deno.writeFileSync(victim, contentOf(file));
  const { mtime } = Deno.statSync(victim);
  await writeAndClose(fixture, file, [0, 1]);
  Deno.removeSync(fixture.dataOf(file));
  Deno.symlinkSync(victim, fixture.dataOf(file));
  const { partial } = await fixture.open(file);
  await assert.rejects(partial.commit(), /is a link/);
  assert.deepEqual(Deno.statSync(victim).mtime, mtime);
});

Deno.test("PartialFile writes nothing through a link in fixture of its journal", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  for (const isJournal of [true, false]) {
    using fixture = await partialFileFixture();
    await writeAndClose(fixture, file, [0, 1]);
    const content = isJournal ? Deno.readTextFileSync(fixture.journalOf(file)) : "untouched";
    Deno.writeTextFileSync(victim, content);
    Deno.removeSync(fixture.journalOf(file));
    Deno.symlinkSync(victim, fixture.journalOf(file));
    const { partial, found } = await fixture.open(file);
    assert.equal(found.discardReason, "unreadable");
    writeChunk(partial, file, 2);
    assert.equal(Deno.readTextFileSync(victim), content);
  }
});
