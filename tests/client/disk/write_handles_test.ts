import assert from "node:assert/strict";
import { join } from "@std/path";
import { WriteHandles } from "../../../lib/client/disk/write_handles.ts";

/** The most files that are open at once. */
const MAX_HANDLES = 96;

Deno.test("WriteHandles opens a file for reading and writing, and the same one again", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "a");
  const file = handles.open(path, true);
  write(file, 0, "hello");
  assert.equal(handles.open(path, false), file);
  file.seekSync(1, Deno.SeekMode.Start);
  const bytes = new Uint8Array(3);
  assert.equal(file.readSync(bytes), 3);
  assert.equal(new TextDecoder().decode(bytes), "ell");
});

Deno.test("WriteHandles keeps a file's content, unless a fresh file is requested", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "a");
  write(handles.open(path, true), 0, "hello");
  // Open, and closed.
  for (const close of [() => {}, () => handles.close(path)]) {
    close();
    write(handles.open(path, false), 0, "J");
    assert.equal(Deno.readTextFileSync(path), "Jello");
  }
  for (const close of [() => {}, () => handles.close(path)]) {
    close();
    write(handles.open(path, true), 0, "new");
    assert.equal(Deno.readTextFileSync(path), "new");
  }
});

Deno.test("WriteHandles does not open a missing file, unless a fresh file is requested", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "no folder", "a");
  assert.throws(() => handles.open(path, false), Deno.errors.NotFound);
  assert.throws(() => handles.take(path), Deno.errors.NotFound);
  assert.deepEqual([...Deno.readDirSync(temp.path)], []);
  // Its folder was removed meanwhile.
  write(handles.open(path, true), 0, "fresh");
  assert.equal(Deno.readTextFileSync(path), "fresh");
});

Deno.test("WriteHandles hands a file over to a caller that closes it", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "a");
  const file = handles.open(path, true);
  {
    using taken = handles.take(path);
    assert.equal(taken, file);
    handles.close(path);
    write(taken, 0, "still open");
  }
  assert.notEqual(handles.open(path, false), file);
  handles.close(path);
  using taken = handles.take(path);
  write(taken, 0, "S");
  assert.equal(Deno.readTextFileSync(path), "Still open");
});

Deno.test("WriteHandles follows no link", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const victim = join(temp.path, "victim");
  Deno.writeTextFileSync(victim, "untouched");
  for (const [name, target] of [["a", victim], ["b", join(temp.path, "new")]] as const) {
    const path = join(temp.path, name);
    Deno.symlinkSync(target, path);
    assert.throws(() => handles.open(path, false), /is a link/);
    assert.throws(() => handles.take(path), /is a link/);
    write(handles.open(path, true), 0, "mine");
    assert.ok(Deno.lstatSync(path).isFile);
    assert.equal(Deno.readTextFileSync(path), "mine");
  }
  assert.equal(Deno.readTextFileSync(victim), "untouched");
  assert.throws(() => Deno.lstatSync(join(temp.path, "new")), Deno.errors.NotFound);
});

Deno.test("WriteHandles replaces a file that has another name elsewhere", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const victim = join(temp.path, "victim");
  const path = join(temp.path, "a");
  Deno.writeTextFileSync(victim, "untouched");
  Deno.linkSync(victim, path);
  write(handles.open(path, true), 0, "mine");
  assert.equal(Deno.readTextFileSync(victim), "untouched");
  assert.equal(Deno.readTextFileSync(path), "mine");
});

Deno.test("WriteHandles refuses to open a folder", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const path = join(temp.path, "a");
  Deno.mkdirSync(join(path, "inside"), { recursive: true });
  assert.throws(() => handles.open(path, true));
  assert.throws(() => handles.open(path, false));
  assert.ok(Deno.lstatSync(join(path, "inside")).isDirectory);
});

Deno.test("WriteHandles keeps the 96 most recently used files open", () => {
  using temp = tempFolder();
  using handles = new WriteHandles();
  const open = (i: number, fresh: boolean) => handles.open(join(temp.path, `${i}`), fresh);
  const files = Array.from({ length: MAX_HANDLES }, (_, i) => open(i, true));
  assert.equal(open(0, false), files[0], "it is used, so it is not the oldest");
  open(MAX_HANDLES, true);
  assert.equal(open(0, false), files[0]);
  assert.throws(() => write(files[1]!, 0, "x"), Deno.errors.BadResource);
  // It is opened again, and the next one is closed.
  write(open(1, false), 0, "still here");
  assert.equal(Deno.readTextFileSync(join(temp.path, "1")), "still here");
  assert.throws(() => write(files[2]!, 0, "x"), Deno.errors.BadResource);
  write(files[3]!, 0, "x");
});

Deno.test("WriteHandles writes to 500 files in turn", () => {
  using temp = tempFolder();
  const paths = Array.from({ length: 500 }, (_, i) => join(temp.path, `${i}`));
  {
    using handles = new WriteHandles();
    for (let round = 0; round < 3; round++) {
      for (const path of paths) write(handles.open(path, round === 0), round, `${round}`);
    }
  }
  for (const path of paths) assert.equal(Deno.readTextFileSync(path), "012");
});

Deno.test("WriteHandles closes a file, ignores one that is not open, and closes all at the end", () => {
  using temp = tempFolder();
  const path = join(temp.path, "a");
  const handles = new WriteHandles();
  const file = handles.open(path, true);
  handles.close(path);
  handles.close(path);
  handles.close("never opened");
  assert.throws(() => write(file, 0, "x"), Deno.errors.BadResource);
  const another = handles.open(path, false);
  handles[Symbol.dispose]();
  handles[Symbol.dispose]();
  assert.throws(() => write(another, 0, "x"), Deno.errors.BadResource);
});

function write(file: Deno.FsFile, at: number, text: string): void {
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(text));
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
