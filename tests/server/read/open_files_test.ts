import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { join } from "@std/path";
import { identityOf } from "../../../lib/fs/file_identity.ts";
import { DiskLane } from "../../../lib/server/read/disk_gate.ts";
import { type FileLease, type OpenedFile, OpenFiles } from "../../../lib/server/read/open_files.ts";

Deno.test("OpenFiles opens a file once for all its readers", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = temp.make("a", "hello");
  const leases = await Promise.all([1, 2, 3].map(() => files.lease("a", () => opened(path))));
  const [first] = leases;
  for (const lease of leases) assert.equal(lease.handle, first!.handle);
  assert.deepEqual(await Promise.all(leases.map(textOf)), ["hello", "hello", "hello"]);
  for (const lease of leases) lease.release();
});

Deno.test("OpenFiles keeps an idle file open for a moment", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = temp.make("a", "hello");
  const first = await files.lease("a", () => opened(path));
  first.release();
  Deno.removeSync(path);
  const second = await files.lease("a", () => opened(path));
  assert.equal(second.handle, first.handle);
  assert.equal(await textOf(second), "hello");
  second.release();
});

Deno.test("OpenFiles keeps files of different keys apart", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = temp.make("a", "old");
  const old = await files.lease("a 1", () => opened(path));
  temp.make("new", "new");
  Deno.renameSync(join(temp.path, "new"), path);
  const present = await files.lease("a 2", () => opened(path));
  assert.deepEqual([await textOf(old), await textOf(present)], ["old", "new"]);
  old.release();
  present.release();
});

Deno.test("OpenFiles counts a release once, however often it is called", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = temp.make("a", "hello");
  const [first, second] = await Promise.all([
    files.lease("a", () => opened(path)),
    files.lease("a", () => opened(path)),
  ]);
  for (let i = 0; i < 5; i++) first.release();
  // Lease other files until the idle ones are closed.
  await leaseMany(files, temp, 200);
  assert.equal(await textOf(second), "hello", "it was closed while it was leased");
  second.release();
});

Deno.test("OpenFiles closes the files that are idle longest, and keeps 64", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const leases = await leaseMany(files, temp, 100);
  for (const lease of leases.slice(0, 36)) await isClosed(lease);
  for (const lease of leases.slice(36)) assert.equal(await textOf(lease), "x");
});

Deno.test("OpenFiles gives a discarded file to no new reader, and closes it after its last one", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = temp.make("a", "old");
  const [first, second] = await Promise.all([
    files.lease("a", () => opened(path)),
    files.lease("a", () => opened(path)),
  ]);
  first.discard();
  const third = await files.lease("a", () => opened(path));
  assert.notEqual(third.handle, first.handle);
  first.release();
  assert.equal(await textOf(second), "old");
  second.discard();
  second.release();
  await isClosed(second);
  assert.equal(await textOf(third), "old", "a release of the discarded file closed the new one");
  third.release();
});

Deno.test("OpenFiles.lease throws why a file cannot be opened", async () => {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const loop = join(temp.path, "loop");
  Deno.symlinkSync(loop, loop);
  for (
    const [path, code] of [
      [join(temp.path, "missing"), "ENOENT"],
      [join(temp.path, "no folder", "missing"), "ENOENT"],
      [loop, "ELOOP"],
      [join(temp.make("file", ""), "inside"), "ENOTDIR"],
    ] as const
  ) {
    // Concurrent readers share the failure, and the next one tries again.
    const leases = await Promise.allSettled(
      [1, 2].map(() => files.lease(path, () => opened(path))),
    );
    for (const lease of leases) {
      assert.ok(lease.status === "rejected");
      assert.equal(lease.reason.code, code);
    }
  }
  const path = temp.make("missing", "here now");
  const lease = await files.lease(path, () => opened(path));
  assert.equal(await textOf(lease), "here now");
  lease.release();
});

Deno.test("OpenFiles closes all files when it is disposed, including those being read", async () => {
  using temp = tempFolder();
  const files = new OpenFiles();
  const path = temp.make("a", "hello");
  const idle = await files.lease("idle", () => opened(path));
  idle.release();
  const read = await files.lease("read", () => opened(path));
  await files[Symbol.asyncDispose]();
  await assert.rejects(textOf(idle));
  await assert.rejects(textOf(read));
  read.release();
  await files[Symbol.asyncDispose]();
});

/** Leases and releases many files, one after the other. */
async function leaseMany(files: OpenFiles, temp: TempFolder, count: number): Promise<FileLease[]> {
  const leases: FileLease[] = [];
  for (let i = 0; i < count; i++) {
    const lease = await files.lease(`many ${i}`, () => opened(temp.make(`many ${i}`, "x")));
    lease.release();
    leases.push(lease);
  }
  return leases;
}

/** Waits until a file is closed, which takes a moment. */
async function isClosed(lease: FileLease): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (performance.now() < deadline) {
    try {
      await textOf(lease);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail("it stays open");
}

async function textOf({ handle }: FileLease): Promise<string> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(100), 0, 100, 0);
  return new TextDecoder().decode(buffer.subarray(0, bytesRead));
}

async function opened(path: string): Promise<OpenedFile> {
  const handle = await open(path, "r");
  const identity = identityOf(await handle.stat());
  return { handle, isLocal: true, identity, disk: new DiskLane() };
}

interface TempFolder extends Disposable {
  readonly path: string;
  /** Writes a file and returns its path. */
  make(name: string, content: string): string;
}

function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync();
  return {
    path,
    make(name, content) {
      Deno.writeTextFileSync(join(path, name), content);
      return join(path, name);
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
