import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "@std/path";
import { OutputError, OutputFolder } from "../../lib/client/output_folder.ts";
import { type Found, PartialFile } from "../../lib/client/partial_file.ts";
import { Ranges } from "../../lib/client/ranges.ts";
import { WriteHandles } from "../../lib/client/write_handles.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import { OWN_FOLDER } from "../../lib/safe_path.ts";

Deno.test.sanitizer({ ops: true, resources: true });

const MODIFIED = Date.UTC(2020, 1, 3, 4, 5, 6, 789);
const CHUNK = 1000;
const NOTHING_FOUND: Found = { kept: 0, damaged: 0, dropped: null };

Deno.test("PartialFile begins with nothing of a file that was never begun", async () => {
  using place = await makePlace();
  const file = fileOf(5 * CHUNK);
  const { partial, found } = await place.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  assert.equal(partial.received, 0);
  assert.equal(partial.prefix, 0);
  assert.deepEqual([...partial.lacking], [{ start: 0, end: 5 * CHUNK }]);
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile takes chunks in any order, and knows what it lacks", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK + 7);
  const { partial } = await place.open(file);
  for (
    const [i, received, prefix] of [
      [2, CHUNK, 0],
      [0, 2 * CHUNK, CHUNK],
      // Once more, for example over another connection.
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
  await partial.finish();
  assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile finishes with the content and the time of the server's file, and no more", async () => {
  using place = await makePlace();
  for (const path of ["a.bin", "folder/b.bin"]) {
    const file = fileOf(3 * CHUNK, { path });
    const { partial } = await place.open(file);
    for (const i of [2, 0, 1]) writeChunk(partial, file, i);
    assert.ok(place.work().length > 0);
    await partial.finish();
    const final = place.output.finalPath(path);
    assert.deepEqual(Deno.readFileSync(final), contentOf(file));
    assert.equal(Deno.statSync(final).mtime?.getTime(), MODIFIED);
    assert.deepEqual(place.work(), []);
  }
});

Deno.test("PartialFile finishes with whatever time a server lists", async () => {
  using place = await makePlace();
  for (const modified of [-1, 0, 2 ** 31 * 1000, Number.MAX_SAFE_INTEGER, -(2 ** 53) + 1]) {
    const file = fileOf(CHUNK, { path: `${modified}`, modified });
    const { partial } = await place.open(file);
    writeChunk(partial, file, 0);
    await partial.finish();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile needs no journal for what comes in one piece", async () => {
  using place = await makePlace();
  const file = fileOf(CHUNK);
  const { partial } = await place.open(file);
  writeChunk(partial, file, 0);
  assert.deepEqual(place.work().map((name) => name.replace(/^\w+/, "")), [".data"]);
  await partial.finish();
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile of an empty file has nothing to wait for", async () => {
  using place = await makePlace();
  const file = fileOf(0);
  const { partial, found } = await place.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  assert.deepEqual([...partial.lacking], []);
  assert.equal(partial.prefix, 0);
  await partial.finish();
  const info = Deno.statSync(place.output.finalPath(file.path));
  assert.equal(info.size, 0);
  assert.equal(info.mtime?.getTime(), MODIFIED);
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile goes on with all that was written, whatever it was and in which order", async () => {
  const chunks = fc.uniqueArray(fc.nat(19), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(chunks, chunks, async (first, second) => {
      using place = await makePlace();
      const file = fileOf(19 * CHUNK + 300);
      const expected = new Ranges({ start: 0, end: file.size });
      for (const written of [first, second]) {
        const { partial, found } = await place.open(file);
        assert.deepEqual([...partial.lacking], [...expected]);
        assert.deepEqual(found, { ...NOTHING_FOUND, kept: file.size - expected.size });
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
      await partial.finish();
      assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
      assert.deepEqual(place.work(), []);
    }),
    { numRuns: 20 },
  );
});

Deno.test("PartialFile goes on after the program that wrote it was killed", async () => {
  using place = await makePlace();
  const file = fileOf(10 * CHUNK);
  const { partial: killed } = await place.open(file);
  for (const i of [0, 3, 7]) writeChunk(killed, file, i);
  // Nothing of the first one is closed or flushed.
  using handles = new WriteHandles();
  const { partial, found } = await place.open(file, handles);
  assert.deepEqual(found, { ...NOTHING_FOUND, kept: 3 * CHUNK });
  for (const { start, end } of [...partial.lacking]) {
    partial.write(start, contentOf(file).subarray(start, end));
  }
  await partial.finish();
  assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile asks again for damaged bytes, and only for those", async () => {
  for (
    const [at, chunk] of [[0, 0], [CHUNK - 1, 0], [4 * CHUNK + 500, 4], [9 * CHUNK, 9]] as const
  ) {
    using place = await makePlace();
    const file = fileOf(10 * CHUNK);
    await writeAndClose(place, file, [9, 8, 6, 5, 4, 3, 2, 0]);
    change(place.dataOf(file), (bytes) => bytes[at]! ^= 0x10);
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, { kept: 7 * CHUNK, damaged: CHUNK, dropped: null });
    const expected = new Ranges(...[1, 7, chunk].map((i) => ({
      start: i * CHUNK,
      end: (i + 1) * CHUNK,
    })));
    assert.deepEqual([...partial.lacking], [...expected]);
    for (const i of [1, 7, chunk]) writeChunk(partial, file, i);
    await partial.finish();
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
    using place = await makePlace();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    change(place.dataOf(file));
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, { kept, damaged: 3 * CHUNK - kept, dropped: null });
    assert.equal(partial.received, kept);
    assert.equal(partial.prefix, kept);
    for (let i = kept / CHUNK; i < 4; i++) writeChunk(partial, file, i);
    await partial.finish();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
  }
});

Deno.test("PartialFile asks again for data that its journal does not know", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  Deno.removeSync(place.journalOf(file));
  const { partial, found } = await place.open(file);
  assert.deepEqual(found, NOTHING_FOUND);
  writeChunk(partial, file, 3);
  partial.close();
  assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, kept: CHUNK });
});

Deno.test("PartialFile loses no more than one chunk to a journal whose last line is torn", async () => {
  for (const torn of [1, 5, 12]) {
    using place = await makePlace();
    const file = fileOf(6 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    const journal = place.journalOf(file);
    Deno.truncateSync(journal, Deno.statSync(journal).size - 1 - torn);
    const { partial, found } = await place.open(file);
    assert.deepEqual(found, { ...NOTHING_FOUND, kept: 2 * CHUNK });
    // What is written from now on counts, although the line before it has no end.
    writeChunk(partial, file, 3);
    writeChunk(partial, file, 4);
    partial.close();
    assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, kept: 4 * CHUNK });
  }
});

Deno.test("PartialFile does not call bytes damaged that have been fetched again", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  change(place.dataOf(file), (bytes) => bytes[CHUNK]! ^= 1);
  const { partial } = await place.open(file);
  // In other pieces than before.
  partial.write(CHUNK, contentOf(file).subarray(CHUNK, CHUNK + 400));
  partial.write(CHUNK + 400, contentOf(file).subarray(CHUNK + 400, 2 * CHUNK));
  partial.close();
  assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, kept: 3 * CHUNK });
});

for (
  const [what, other] of [
    ["version", { version: "w" }],
    ["size", { size: 4 * CHUNK + 1 }],
  ] as const
) {
  Deno.test(`PartialFile drops what is of another ${what} of the file`, async () => {
    using place = await makePlace();
    const file = fileOf(4 * CHUNK);
    await writeAndClose(place, file, [0, 1, 2]);
    const changed = { ...file, ...other };
    const { partial, found } = await place.open(changed);
    assert.deepEqual(found, { kept: 0, damaged: 0, dropped: "outdated" });
    assert.equal(partial.received, 0);
    assert.deepEqual(place.work(), []);
    for (const { start, end } of [...partial.lacking]) {
      partial.write(start, contentOf(changed).subarray(start, end));
    }
    await partial.finish();
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(changed));
  });
}

Deno.test("PartialFile drops what stands beside a journal that is none", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  Deno.writeTextFileSync(place.journalOf(file), "sluice-journal 1 {}");
  const { found } = await place.open(file);
  assert.deepEqual(found, { kept: 0, damaged: 0, dropped: "unreadable" });
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile drops what is left of a file that has become empty", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  const { partial, found } = await place.open({ ...file, size: 0, version: "w" });
  assert.equal(found.dropped, "outdated");
  await partial.finish();
  assert.equal(Deno.statSync(place.output.finalPath(file.path)).size, 0);
  assert.deepEqual(place.work(), []);
});

Deno.test("PartialFile discards all it has", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  const { partial } = await place.open(file);
  await partial.discard();
  writeChunk(partial, file, 1);
  await partial.discard();
  await partial.discard();
  assert.deepEqual(place.work(), []);
  assert.deepEqual((await place.open(file)).found, NOTHING_FOUND);
});

Deno.test("PartialFile stops looking at what is there when it is told to", async () => {
  using place = await makePlace();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(place, file, [0, 1, 2]);
  const reason = new Error("Not wanted any more");
  await assert.rejects(
    PartialFile.open(file, place.output, place.handles, AbortSignal.abort(reason)),
    reason,
  );
  assert.deepEqual((await place.open(file)).found, { ...NOTHING_FOUND, kept: 3 * CHUNK });
});

Deno.test("PartialFile says that a folder stands where the file belongs, and keeps its data", async () => {
  using place = await makePlace();
  const file = fileOf(2 * CHUNK, { path: "folder/a.bin" });
  Deno.mkdirSync(place.output.finalPath("folder/a.bin/inside"), { recursive: true });
  const { partial } = await place.open(file);
  for (const i of [0, 1]) writeChunk(partial, file, i);
  await assert.rejects(partial.finish(), OutputError);
  Deno.removeSync(place.output.finalPath("folder/a.bin"), { recursive: true });
  const again = await place.open(file);
  assert.deepEqual(again.found, { ...NOTHING_FOUND, kept: 2 * CHUNK });
  await again.partial.finish();
  assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile writes nothing through a link in the file's path", async () => {
  using place = await makePlace();
  using outside = tempFolder();
  Deno.symlinkSync(outside.path, place.output.finalPath("folder"));
  const file = fileOf(CHUNK, { path: "folder/a.bin" });
  const { partial } = await place.open(file);
  writeChunk(partial, file, 0);
  await assert.rejects(partial.finish(), OutputError);
  assert.deepEqual([...Deno.readDirSync(outside.path)], []);
});

Deno.test("PartialFile writes nothing through a link that stands for its data", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  // A victim that is part of the file, so that the journal's claims are true, and another one.
  for (const content of [contentOf(file).slice(0, 3 * CHUNK), new Uint8Array(10)]) {
    using place = await makePlace();
    Deno.writeFileSync(victim, content);
    await writeAndClose(place, file, [0, 1, 2]);
    Deno.removeSync(place.dataOf(file));
    Deno.symlinkSync(victim, place.dataOf(file));
    const { partial, found } = await place.open(file);
    if (found.kept > 0) assert.throws(() => writeChunk(partial, file, 3), /is a link/);
    else for (let i = 0; i < 4; i++) writeChunk(partial, file, i);
    assert.deepEqual(Deno.readFileSync(victim), content);
  }
});

Deno.test("PartialFile takes no complete file that is only a link", async () => {
  using place = await makePlace();
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(2 * CHUNK);
  Deno.writeFileSync(victim, contentOf(file));
  const { mtime } = Deno.statSync(victim);
  await writeAndClose(place, file, [0, 1]);
  Deno.removeSync(place.dataOf(file));
  Deno.symlinkSync(victim, place.dataOf(file));
  const { partial } = await place.open(file);
  await assert.rejects(partial.finish(), /is a link/);
  assert.deepEqual(Deno.statSync(victim).mtime, mtime);
});

Deno.test("PartialFile writes nothing through a link that stands for its journal", async () => {
  using outside = tempFolder();
  const victim = join(outside.path, "victim");
  const file = fileOf(4 * CHUNK);
  for (const isJournal of [true, false]) {
    using place = await makePlace();
    await writeAndClose(place, file, [0, 1]);
    const content = isJournal ? Deno.readTextFileSync(place.journalOf(file)) : "untouched";
    Deno.writeTextFileSync(victim, content);
    Deno.removeSync(place.journalOf(file));
    Deno.symlinkSync(victim, place.journalOf(file));
    const { partial } = await place.open(file);
    if (isJournal) assert.throws(() => writeChunk(partial, file, 2), /is a link/);
    else writeChunk(partial, file, 2);
    assert.equal(Deno.readTextFileSync(victim), content);
  }
});

Deno.test("PartialFile keeps hundreds of files apart that grow side by side", async () => {
  using place = await makePlace();
  const files = Array.from({ length: 200 }, (_, i) => fileOf(3 * CHUNK, { path: `f/${i}` }));
  const partials = await Promise.all(files.map((file) => place.open(file)));
  // Each with a journal, so there are more files than may be open.
  for (const chunk of [1, 2]) {
    for (const [i, { partial }] of partials.entries()) writeChunk(partial, files[i]!, chunk);
  }
  for (const { partial } of partials.slice(0, 100)) partial.close();
  const again = await Promise.all(files.slice(0, 100).map((file) => place.open(file)));
  for (const [i, { partial }] of [...again, ...partials.slice(100)].entries()) {
    assert.equal(partial.received, 2 * CHUNK);
    writeChunk(partial, files[i]!, 0);
    await partial.finish();
  }
  for (const file of files) {
    assert.deepEqual(Deno.readFileSync(place.output.finalPath(file.path)), contentOf(file));
  }
  assert.deepEqual(place.work(), []);
});

function fileOf(size: number, other: Partial<ListedFile> = {}): ListedFile {
  return { path: "a.bin", size, modified: MODIFIED, version: "v", ...other };
}

/** Bytes that differ from file to file, from version to version, and from place to place. */
function contentOf({ path, size, version }: ListedFile): Uint8Array {
  const seed = [...path + version].reduce((sum, letter) => sum * 31 + letter.codePointAt(0)!, 7);
  return Uint8Array.from({ length: size }, (_, i) => (seed + i * 167 + (i >> 8)) & 0xff);
}

function writeChunk(partial: PartialFile, file: ListedFile, i: number): void {
  partial.write(i * CHUNK, contentOf(file).subarray(i * CHUNK, (i + 1) * CHUNK));
}

async function writeAndClose(place: Place, file: ListedFile, chunks: readonly number[]) {
  const { partial } = await place.open(file);
  for (const i of chunks) writeChunk(partial, file, i);
  partial.close();
}

function change(path: string, edit: (bytes: Uint8Array) => void): void {
  const bytes = Deno.readFileSync(path);
  edit(bytes);
  Deno.writeFileSync(path, bytes);
}

/** An output folder with its own files in it. */
interface Place extends Disposable {
  readonly output: OutputFolder;
  readonly handles: WriteHandles;
  open(file: ListedFile, handles?: WriteHandles): ReturnType<typeof PartialFile.open>;
  dataOf(file: ListedFile): string;
  journalOf(file: ListedFile): string;
  /** The names in the client's own folder. */
  work(): string[];
}

async function makePlace(): Promise<Place> {
  const temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  const handles = new WriteHandles();
  const signal = new AbortController().signal;
  return {
    output,
    handles,
    open: (file, own = handles) => PartialFile.open(file, output, own, signal),
    dataOf: ({ path }) => output.workPath(path, ".data"),
    journalOf: ({ path }) => output.workPath(path, ".journal"),
    work: () => [...Deno.readDirSync(join(temp.path, OWN_FOLDER))].map(({ name }) => name),
    [Symbol.dispose]() {
      handles[Symbol.dispose]();
      temp[Symbol.dispose]();
    },
  };
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
