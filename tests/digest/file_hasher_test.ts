import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { FileHasher } from "../../lib/digest/file_hasher.ts";
import { WireError } from "../../lib/errors.ts";
import { identityKey, identityOfInfo } from "../../lib/fs/file_identity.ts";

const MIB = 1024 * 1024;

Deno.test("FileHasher computes the SHA-256 of files of any size", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  for (
    const size of [0, 1, 63, 64, 100_000, MIB - 1, MIB, MIB + 1, 4 * MIB, 4 * MIB + 1, 9 * MIB]
  ) {
    const content = bytesOf(size);
    const path = temp.write(`${size}`, content);
    assert.equal(await hasher.start(path, null).finish(size), sha256(content), `${size}`);
  }
});

Deno.test("FileHasher computes the SHA-256 of a file's first bytes only", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(3 * MIB);
  const path = temp.write("a", content);
  const size = MIB + 7;
  assert.equal(await hasher.start(path, null).finish(size), sha256(content.subarray(0, size)));
});

Deno.test("FileHasher follows a growing file that does not exist at first", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(6 * MIB + 123);
  const path = temp.at("growing");
  const job = hasher.start(path, null);
  job.advance(0);
  await pass(10);
  // Bytes that are not final yet differ, as between chunks that arrived out of order.
  using file = Deno.openSync(path, { createNew: true, write: true });
  file.writeSync(new Uint8Array(content.length));
  for (let at = 0; at < content.length; at += 300_000) {
    file.seekSync(at, Deno.SeekMode.Start);
    file.writeSync(content.subarray(at, at + 300_000));
    job.advance(Math.min(at + 300_000, content.length));
    await pass(1);
  }
  assert.equal(await job.finish(content.length), sha256(content));
});

Deno.test("FileHasher needs no advance before finish", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const job = hasher.start(temp.at("late"), null);
  const content = bytesOf(1000);
  temp.write("late", content);
  assert.equal(await job.finish(1000), sha256(content));
});

Deno.test("FileHasher rejects a file that cannot be read, without its path", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  Deno.mkdirSync(temp.at("folder"));
  for (const [name, code] of [["missing", "not-found"], ["folder", "read-failed"]] as const) {
    await assert.rejects(hasher.start(temp.at(name), null).finish(10), isWireError(code));
  }
});

Deno.test("FileHasher does not block on a named pipe", {
  ignore: Deno.build.os === "windows",
}, async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const { success } = new Deno.Command("mkfifo", { args: [temp.at("pipe")] }).outputSync();
  assert.ok(success);
  const failing = hasher.start(temp.at("pipe"), null).finish(10);
  await assert.rejects(failing, isWireError("read-failed"));
  const content = bytesOf(10);
  assert.equal(await hasher.start(temp.write("other", content), null).finish(10), sha256(content));
});

Deno.test("FileHasher rejects finish after an earlier failure", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const job = hasher.start(temp.at("missing"), null);
  job.advance(5 * MIB);
  // The first job fails before this later one ends.
  await hasher.start(temp.write("other", bytesOf(10)), null).finish(10);
  await assert.rejects(job.finish(5 * MIB), isWireError("not-found"));
});

Deno.test("FileHasher rejects a file that is shorter than it should be", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  for (const size of [0, 10, 2 * MIB]) {
    const path = temp.write("short", bytesOf(size));
    await assert.rejects(hasher.start(path, null).finish(size + 1), isWireError("read-failed"));
    assert.equal(await hasher.start(path, null).finish(size), sha256(bytesOf(size)));
  }
});

Deno.test("FileHasher computes the digest of a part of a file", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(9 * MIB);
  const path = temp.write("a", content);
  for (const [start, end] of [[0, 1], [1, 9 * MIB], [5 * MIB + 7, 5 * MIB + 8]] as const) {
    const digest = await hasher.start(path, null, start).finish(end);
    assert.equal(digest, sha256(content.subarray(start, end)));
  }
});

Deno.test("FileHasher computes the digest of the given identity, and of no other", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(100_000);
  const path = temp.write("a", content);
  const identity = identityKey(identityOfInfo(Deno.statSync(path)));
  assert.equal(await hasher.start(path, identity).finish(content.length), sha256(content));
  await assert.rejects(
    hasher.start(path, identity + "0").finish(content.length),
    isWireError("changed"),
  );
  await pass(20);
  temp.write("a", content.toReversed());
  await assert.rejects(hasher.start(path, identity).finish(content.length), isWireError("changed"));
});

Deno.test("FileHasher rejects a file that changes while it is read", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const path = temp.write("a", bytesOf(3 * MIB));
  const identity = identityKey(identityOfInfo(Deno.statSync(path)));
  const job = hasher.start(path, identity);
  job.advance(2 * MIB);
  // This job is hashed after the first slice of the other one.
  await hasher.start(path, null).finish(10);
  await pass(20);
  Deno.writeFileSync(path, new Uint8Array(1), { append: true });
  await assert.rejects(job.finish(3 * MIB), isWireError("changed"));
});

Deno.test("FileHasher computes many digests at once", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const jobs = Array.from({ length: 150 }, async (_, i) => {
    const content = bytesOf(i * 997);
    const digest = await hasher.start(temp.write(`${i}`, content), null).finish(content.length);
    assert.equal(digest, sha256(content));
  });
  await Promise.all(jobs);
});

Deno.test("FileHasher does not delay a small file by a large one", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const size = 100 * MIB;
  const large = temp.write("large", new Uint8Array());
  Deno.truncateSync(large, size);
  const small = temp.write("small", bytesOf(10));
  const order: string[] = [];
  const digest = async (name: string, path: string, size: number) => {
    await hasher.start(path, null).finish(size);
    order.push(name);
  };
  await Promise.all([
    digest("large", large, size),
    ...[1, 2, 3].map(() => digest("small", small, 10)),
  ]);
  assert.deepEqual(order, ["small", "small", "small", "large"]);
});

Deno.test("FileHasher rejects a cancelled digest, and goes on", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(8 * MIB);
  const path = temp.write("a", content);
  const dropped = hasher.start(path, null);
  const digest = dropped.finish(content.length);
  dropped.cancel();
  dropped.cancel();
  await assert.rejects(digest, /was cancelled/);
  const unasked = hasher.start(temp.at("missing"), null);
  unasked.advance(5 * MIB);
  unasked.cancel();
  const done = hasher.start(path, null);
  assert.equal(await done.finish(content.length), sha256(content));
  done.cancel();
});

Deno.test("FileHasher rejects all pending digests when disposed", async () => {
  using temp = tempFolder();
  const hasher = new FileHasher();
  const path = temp.write("a", new Uint8Array());
  Deno.truncateSync(path, 50 * MIB);
  const digests = [1, 2, 3].map(() => hasher.start(path, null).finish(50 * MIB));
  const ends = Promise.allSettled(digests);
  hasher[Symbol.dispose]();
  for (const end of await ends) {
    assert.ok(end.status === "rejected");
    assert.match(String(end.reason), /was stopped/);
  }
  hasher[Symbol.dispose]();
});

Deno.test("FileHasher rejects every job once disposed", async () => {
  const hasher = new FileHasher();
  const job = hasher.start("earlier", null);
  hasher[Symbol.dispose]();
  job.advance(5 * MIB);
  await assert.rejects(job.finish(5 * MIB), /was stopped/);
  await assert.rejects(hasher.start("later", null).finish(10), /was stopped/);
});

Deno.test("FileHasher computes hundreds of digests of files that grow side by side", async () => {
  using temp = tempFolder();
  using hasher = new FileHasher();
  const content = bytesOf(2 * MIB);
  const path = temp.write("a", content);
  // More started jobs than there may be open files.
  const jobs = Array.from({ length: 300 }, () => hasher.start(path, null));
  for (const job of jobs) job.advance(MIB);
  for (const job of jobs.slice(3)) job.cancel();
  for (const job of jobs.slice(0, 3)) {
    assert.equal(await job.finish(content.length), sha256(content));
  }
});

Deno.test("FileHasher can be disposed of without a job", () => {
  using _hasher = new FileHasher();
});

/** Also checks that the message has no path of this machine. */
function isWireError(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof WireError, `${error}`);
    assert.equal(error.code, code);
    assert.ok(!/[/\\]/.test(error.message), error.message);
    return true;
  };
}

/** Bytes that differ by position. */
function bytesOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 167 ^ i >> 8 ^ i >> 16;
  return bytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function pass(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

interface TempFolder extends Disposable {
  at(name: string): string;
  /** Writes a file and returns its path. */
  write(name: string, content: Uint8Array): string;
}

function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync();
  const at = (name: string) => join(path, name);
  return {
    at,
    write(name, content) {
      Deno.writeFileSync(at(name), content);
      return at(name);
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
