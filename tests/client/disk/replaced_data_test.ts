import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { join } from "@std/path";
import type { DiskResult, StoredFile } from "../../../lib/client/disk/disk_actions.ts";
import { FileStore } from "../../../lib/client/disk/file_store.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { WriteHandles } from "../../../lib/client/disk/write_handles.ts";
import { eventually } from "../../support/harness.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  partialFileFixture,
  tempFolder,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

/** Deletes a file and creates another under its name: mostly the number of the file is used again. */
function replace(path: string): void {
  const { size } = Deno.statSync(path);
  Deno.removeSync(path);
  Deno.writeFileSync(path, new Uint8Array(size).fill(66));
}

Deno.test("FileStore fails a small file whose data was replaced before its rename", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  const results: DiskResult[] = [];
  const take = (found: readonly DiskResult[]) => void results.push(...found);
  await using store = new FileStore<StoredFile>(output, true, take);
  const record = { file: fileOf(CHUNK) };
  const bytes = contentOf(record.file);
  const checksum = crc32(bytes);
  take(store.perform([{ type: "write", record, offset: 0, bytes, checksum, hash: true }]));
  await eventually(() => assert.equal(results.at(-1)?.type, "sealed"));
  replace(output.workPath(record.file.path).data);
  take(store.perform([{
    type: "commit",
    record,
    keeping: { placed: null, keepExisting: false },
  }]));
  await eventually(() => assert.equal(results.at(-1)?.type, "failed"));
  assert.deepEqual(results.map(({ type }) => type), ["sealed", "failed"]);
  const failed = results.at(-1)!;
  assert.ok(failed.type === "failed");
  assert.match(String(failed.error), /removed or replaced/);
});

Deno.test("PartialFile.commit fails if its data was replaced, and leaves the file in its place", async () => {
  for (const isOpen of [true, false]) {
    using fixture = await partialFileFixture();
    const file = fileOf(2 * CHUNK);
    const { partial } = await fixture.open(file);
    for (const i of [0, 1]) writeChunk(partial, file, i);
    await partial.sync();
    // Others may have needed the handle, so that it is closed.
    if (!isOpen) fixture.handles.close(fixture.dataOf(file));
    replace(fixture.dataOf(file));
    await assert.rejects(partial.commit(), /removed or replaced/);
    assert.equal(Deno.readFileSync(fixture.dataOf(file))[0], 66);
    partial.close();
  }
});

Deno.test("PartialFile.commit moves a file whose handle others have needed", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(2 * CHUNK);
  const { partial } = await fixture.open(file);
  for (const i of [0, 1]) writeChunk(partial, file, i);
  await partial.sync();
  fixture.handles.close(fixture.dataOf(file));
  await partial.commit();
  assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
});

Deno.test("WriteHandles.keep takes a file back, and closes the one used longest ago", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "a");
  handles.open(path, true);
  const file = handles.take(path);
  assert.ok(!handles.holds(path));
  handles.keep(path, file);
  assert.ok(handles.holds(path));
  assert.equal(handles.open(path, false), file);
  for (let i = 0; i < 128; i++) handles.open(join(temp.path, String(i)), true);
  assert.ok(!handles.holds(path));
});

Deno.test("PartialFile.commitSync moves data that was closed meanwhile, and none that was replaced", async () => {
  using fixture = await partialFileFixture();
  for (const isReplaced of [false, true]) {
    const file = fileOf(CHUNK);
    const { partial } = await fixture.open(file);
    writeChunk(partial, file, 0);
    await partial.sync();
    // As its place was needed for others.
    fixture.handles.close(partial.dataPath);
    if (isReplaced) replace(partial.dataPath);
    const placed = partial.commitSync();
    assert.equal(placed === null, isReplaced);
    if (!placed) return await assert.rejects(partial.commit(), /removed or replaced/);
    using _data = placed.data as Deno.FsFile;
    assert.deepEqual(fixture.output.placements.doubtful([placed]), []);
    assert.deepEqual(Deno.readFileSync(placed.final), contentOf(file));
  }
});
