import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { join } from "@std/path";
import { KEPT_REASON } from "../../../lib/client/disk/final_file.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { Storage } from "../../../lib/client/disk/storage.ts";
import type { DiskAction, DiskResult } from "../../../lib/client/engine/actions.ts";
import { type FileRecord, newRecord } from "../../../lib/client/engine/file_record.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

/** A storage in a temporary folder, and its results in order. */
async function storageFixture(minWorkerFile?: number) {
  const temp = tempFolder();
  const storage = new Storage<FileRecord>(await OutputFolder.open(temp.path), minWorkerFile);
  const results: DiskResult[] = [];
  let wake = () => {};
  const take = (found: readonly DiskResult[]) => {
    results.push(...found);
    wake();
  };
  storage.onResults = take;
  return {
    path: temp.path,
    storage,
    perform: (...actions: DiskAction[]) => take(storage.perform(actions)),
    /** The next result of a type. */
    async next<T extends DiskResult["type"]>(type: T): Promise<DiskResult & { type: T }> {
      for (;;) {
        const result = results.shift();
        if (result) {
          assert.equal(result.type, type, JSON.stringify(result.type === "failed" && result.error));
          return result as DiskResult & { type: T };
        }
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    results,
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

function recordOf(path: string, size: number, version = "v"): FileRecord {
  const file = { path, size, modified: Date.UTC(2020, 1, 2), version };
  return newRecord({ file, priority: "NORMAL", sha256: null, line: 1 });
}

function writeOf(record: FileRecord, offset: number, bytes: Uint8Array, isHashed = true) {
  const checksum = crc32(bytes);
  return { type: "write", record, offset, bytes, checksum, hash: isHashed } as const;
}

/** Files that are there are replaced. */
const REPLACING = { placed: null, keepExisting: false };

const SMALL = crypto.getRandomValues(new Uint8Array(4_096));
const CHUNK = crypto.getRandomValues(new Uint8Array(60_000));
const LARGE = Uint8Array.from({ length: 1_200_000 }, (_, i) => CHUNK[i % CHUNK.length]!);

/** Where large files are written: in the main thread, and in the Worker. */
const PLACES = [["in the main thread", Infinity], ["in the Worker", 0]] as const;

Deno.test("Storage publishes a small file, whose digest is the result of the write", async () => {
  await using fixture = await storageFixture();
  const record = recordOf("folder/small", SMALL.length);
  fixture.perform({ type: "inspect", record, hash: true });
  const { local } = await fixture.next("inspected");
  assert.deepEqual([local.present, local.hasJournal, local.obstacle], ["nothing", false, null]);
  fixture.perform(writeOf(record, 0, SMALL));
  assert.equal((await fixture.next("sealed")).digest, hash("sha256", SMALL, "hex"));
  fixture.perform({ type: "commit", record, keeping: REPLACING });
  await fixture.next("committed");
  const path = join(fixture.path, "folder", "small");
  assert.deepEqual(Deno.readFileSync(path), SMALL);
  assert.equal(Deno.statSync(path).mtime!.getTime(), record.file.modified);
});

for (const [where, minWorkerFile] of PLACES) {
  Deno.test(`Storage hashes a large file as it is written, also out of order ${where}`, async () => {
    await using fixture = await storageFixture(minWorkerFile);
    const record = recordOf("large", LARGE.length);
    fixture.perform({ type: "inspect", record, hash: true });
    await fixture.next("inspected");
    for (const start of [0, 800_000, 400_000]) {
      const bytes = LARGE.slice(start, start + 400_000);
      fixture.perform(writeOf(record, start, bytes));
      // The caller reuses its buffer at once, unless it was transferred.
      if (bytes.length > 0) bytes.fill(0);
    }
    fixture.perform({ type: "seal", record, hash: true });
    assert.equal((await fixture.next("sealed")).digest, hash("sha256", LARGE, "hex"));
    fixture.perform({ type: "commit", record, keeping: REPLACING });
    await fixture.next("committed");
    assert.deepEqual(Deno.readFileSync(join(fixture.path, "large")), LARGE);
    assert.deepEqual([...Deno.readDirSync(join(fixture.path, ".sluice"))], []);
  });
}

for (const [where, minWorkerFile] of PLACES) {
  Deno.test(`Storage keeps the data of a released file, and resumes it ${where}`, async () => {
    await using fixture = await storageFixture(minWorkerFile);
    const first = recordOf("a", LARGE.length);
    fixture.perform({ type: "inspect", record: first, hash: true });
    await fixture.next("inspected");
    fixture.perform(writeOf(first, 0, LARGE.slice(0, 500_000)), { type: "release", record: first });
    // The same path again, before the first record is closed.
    const second = recordOf("a", LARGE.length);
    fixture.perform({ type: "inspect", record: second, hash: true });
    assert.equal((await fixture.next("released")).resumable, 500_000);
    const { local } = await fixture.next("inspected");
    assert.deepEqual([local.hasJournal, local.resumableBytes], [true, 500_000]);
    fixture.perform({ type: "open", record: second });
    const { lacking, damaged } = await fixture.next("opened");
    assert.deepEqual([lacking, damaged], [[{ start: 500_000, end: LARGE.length }], 0]);
    fixture.perform(writeOf(second, 500_000, LARGE.slice(500_000)));
    fixture.perform({ type: "seal", record: second, hash: true });
    assert.equal((await fixture.next("sealed")).digest, hash("sha256", LARGE, "hex"));
  });
}

Deno.test("Storage computes the digest of the file under the final name, null if there is none", async () => {
  await using fixture = await storageFixture();
  Deno.writeFileSync(join(fixture.path, "there"), SMALL);
  fixture.perform({ type: "hash", record: recordOf("there", SMALL.length) });
  assert.equal((await fixture.next("hashed")).digest, hash("sha256", SMALL, "hex"));
  fixture.perform({ type: "hash", record: recordOf("missing", SMALL.length) });
  assert.equal((await fixture.next("hashed")).digest, null);
});

for (const size of [SMALL.length, LARGE.length]) {
  Deno.test(`Storage reports the obstacle to a file of ${size} bytes`, async () => {
    await using fixture = await storageFixture(0);
    const record = recordOf("taken", size);
    fixture.perform({ type: "inspect", record, hash: true });
    await fixture.next("inspected");
    Deno.mkdirSync(join(fixture.path, "taken"));
    const bytes = LARGE.slice(0, size);
    fixture.perform(writeOf(record, 0, bytes));
    await fixture.next("sealed");
    fixture.perform({ type: "commit", record, keeping: REPLACING });
    const { error } = await fixture.next("failed");
    assert.equal((error as Error).name, "OutputError");
    assert.match((error as Error).message, /a folder stands where "taken" belongs/);
  });
}

Deno.test("Storage gives back the buffers of large chunks that went to the Worker", async () => {
  await using fixture = await storageFixture(0);
  const freed: ArrayBuffer[] = [];
  fixture.storage.onFreed = (buffer) => freed.push(buffer);
  const record = recordOf("large", LARGE.length);
  fixture.perform({ type: "inspect", record, hash: true });
  await fixture.next("inspected");
  const chunks = [0, 400_000, 800_000].map((start) => LARGE.slice(start, start + 400_000));
  for (const [at, bytes] of chunks.entries()) fixture.perform(writeOf(record, at * 400_000, bytes));
  assert.deepEqual(chunks.map(({ length }) => length), [0, 0, 0], "the chunks were transferred");
  fixture.perform({ type: "seal", record, hash: true });
  assert.equal((await fixture.next("sealed")).digest, hash("sha256", LARGE, "hex"));
  assert.deepEqual(freed.map(({ byteLength }) => byteLength), [400_000, 400_000, 400_000]);
});

Deno.test("Storage.drained waits while much is on its way to the disk", async () => {
  await using fixture = await storageFixture(0);
  const size = 40 * LARGE.length;
  const record = recordOf("huge", size);
  fixture.perform({ type: "inspect", record, hash: true });
  await fixture.next("inspected");
  assert.equal(fixture.storage.drained, undefined);
  for (let i = 0; i < 20; i++) {
    fixture.perform(writeOf(record, i * LARGE.length, LARGE.slice()));
  }
  const { drained } = fixture.storage;
  assert.ok(drained);
  await drained;
  assert.equal(fixture.storage.drained, undefined);
});

for (const [where, minWorkerFile] of PLACES) {
  for (const [size, bytes] of [["small", SMALL], ["large", LARGE]] as const) {
    Deno.test(`Storage reports or keeps another file under the name of a ${size} one ${where}`, async () => {
      await using fixture = await storageFixture(minWorkerFile);
      for (const keepExisting of [false, true]) {
        const name = `kept-${keepExisting}`;
        await Deno.writeTextFile(join(fixture.path, name), "mine");
        const record = recordOf(name, bytes.length);
        const half = bytes.length / 2;
        const isSmall = size === "small";
        if (isSmall) fixture.perform(writeOf(record, 0, bytes));
        else {
          fixture.perform(writeOf(record, 0, bytes.subarray(0, half)));
          fixture.perform(writeOf(record, half, bytes.subarray(half)));
          fixture.perform({ type: "seal", record, hash: true });
        }
        await fixture.next("sealed");
        fixture.perform({ type: "commit", record, keeping: { placed: null, keepExisting } });
        if (keepExisting) {
          const { error } = await fixture.next("failed");
          assert.equal((error as Error).message, KEPT_REASON);
          assert.equal(await Deno.readTextFile(join(fixture.path, name)), "mine");
          fixture.perform({ type: "release", record });
          await fixture.next("released");
        } else {
          assert.equal((await fixture.next("committed")).replaced?.size, 4);
          assert.equal((await Deno.stat(join(fixture.path, name))).size, bytes.length);
        }
      }
    });
  }
}
