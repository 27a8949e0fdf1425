import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { WireError } from "../../../lib/errors.ts";
import { DigestCache } from "../../../lib/server/read/digest_cache.ts";
import { scanFolder } from "../../../lib/server/folder/folder_scan.ts";
import type { RealFile, SharedFile } from "../../../lib/server/shared_file.ts";

Deno.test("DigestCache computes the SHA-256 of a shared file", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  for (const content of ["", "hello", "x".repeat(3_000_000)]) {
    const file = await folder.share("a.txt", content);
    assert.equal(await folder.ask(digests, file), sha256(content));
  }
});

Deno.test("DigestCache computes a version's digest once for all clients", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "hello");
  const first = await Promise.all([1, 2, 3].map((client) => folder.ask(digests, file, client)));
  // The file is removed, so the digest can only come from the cache.
  Deno.removeSync(folder.at("a.txt"));
  assert.deepEqual(
    [...first, await folder.ask(digests, file)],
    new Array(4).fill(sha256("hello")),
  );
  digests.forget("a.txt");
  await assert.rejects(folder.ask(digests, file), isWireError("not-found"));
});

Deno.test("DigestCache computes a new version's digest, and refuses the old version", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const old = await folder.share("a.txt", "old");
  assert.equal(await folder.ask(digests, old), sha256("old"));
  const present = await folder.share("a.txt", "new");
  assert.equal(await folder.ask(digests, present), sha256("new"));
  await assert.rejects(folder.ask(digests, old), isWireError("changed"));
  assert.equal(await folder.ask(digests, present), sha256("new"));
});

Deno.test("DigestCache refuses a file that has changed since it was listed", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "old");
  await folder.share("a.txt", "new");
  await assert.rejects(folder.ask(digests, file), isWireError("changed"));
});

Deno.test("DigestCache passes on the code of a failed path, and no path of this machine", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "hello");
  for (const code of ["not-found", "changed", "read-failed"] as const) {
    const fails = () => Promise.reject(new WireError(code, "There is no such file"));
    await assert.rejects(digests.of(file, fails, 1), isWireError(code));
  }
  const fails = () => Promise.reject(new Error(`No such file: ${folder.at("a.txt")}`));
  await assert.rejects(digests.of(file, fails, 1), isWireError("read-failed"));
});

Deno.test("DigestCache computes the digest of a part, and of the whole as if it were one", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "0123456789");
  const of = (offset: number, length: number) =>
    digests.of(file, () => folder.found(file), "a client", { part: { offset, length } });
  const parts = await Promise.all([of(0, 4), of(4, 6), of(0, 4), of(0, 10)]);
  assert.deepEqual(parts, ["0123", "456789", "0123", "0123456789"].map(sha256));
  // Only that of the whole file is remembered.
  Deno.removeSync(folder.at("a.txt"));
  assert.equal(await of(0, 10), sha256("0123456789"));
  await assert.rejects(of(0, 4), isWireError("not-found"));
});

Deno.test("DigestCache hashes a file again for a fresh request, once for many clients", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "old");
  assert.equal(await folder.ask(digests, file), sha256("old"));
  // As a write through a memory map does it, which touches the file later, or never.
  const { mtime } = Deno.statSync(folder.at("a.txt"));
  Deno.writeTextFileSync(folder.at("a.txt"), "new");
  Deno.utimeSync(folder.at("a.txt"), mtime!, mtime!);
  const identity = folder.list("a.txt");
  let finds = 0;
  const find = () => {
    finds++;
    return Promise.resolve({ path: folder.at("a.txt"), identity });
  };
  const of = (fresh: boolean, client: number) => digests.of(file, find, client, { fresh });
  assert.equal(await of(false, 1), sha256("old"));
  assert.deepEqual(await Promise.all([of(true, 1), of(true, 2)]), [sha256("new"), sha256("new")]);
  assert.equal(finds, 1);
});

Deno.test("DigestCache hashes a file seldom, however often a client requests that", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  await folder.share("a", "");
  Deno.truncateSync(folder.at("a"), 50_000_000);
  const file = folder.list("a");
  let finds = 0;
  const find = () => {
    finds++;
    return folder.found(file);
  };
  for (let i = 0; i < 20; i++) await digests.of(file, find, "greedy", { fresh: true });
  assert.equal(finds, 1);
});

Deno.test("DigestCache hashes a file again that is touched meanwhile, and not without end", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const listed = await folder.share("a.txt", "hello");
  // Deno gives change times in seconds.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  Deno.chmodSync(folder.at("a.txt"), 0o640);
  const found = [listed, folder.list("a.txt")];
  const find = () => Promise.resolve({ path: folder.at("a.txt"), identity: found.shift()! });
  assert.equal(await digests.of(listed, find, 1), sha256("hello"));
  // It is remembered for the file as it was hashed.
  const present = folder.list("a.txt");
  assert.equal(digests.known(present), sha256("hello"));
  assert.equal(digests.known(listed), undefined);
  let finds = 0;
  const touched = () => {
    finds++;
    return Promise.resolve({ path: folder.at("a.txt"), identity: listed });
  };
  await assert.rejects(digests.of(listed, touched, 1), isWireError("changed"));
  assert.equal(finds, 3);
});

Deno.test("DigestCache stores no failure", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const path = folder.at("a.txt");
  const file = await folder.share("a.txt", "hello");
  Deno.renameSync(path, folder.at("away"));
  const failures = await Promise.allSettled([1, 2].map((i) => folder.ask(digests, file, i)));
  for (const failure of failures) {
    assert.ok(failure.status === "rejected" && isWireError("not-found")(failure.reason));
  }
  Deno.renameSync(folder.at("away"), path);
  // Renaming touches the file.
  const present = await folder.list("a.txt");
  assert.equal(await folder.ask(digests, present), sha256("hello"));
});

Deno.test("DigestCache computes the digests of many files for many clients", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const texts = Array.from({ length: 60 }, (_, i) => "x".repeat(i * 1000));
  const files = await Promise.all(texts.map((text, i) => folder.share(`${i}`, text)));
  // One in the middle fails, which does not delay the others.
  Deno.removeSync(folder.at("30"));
  const results = await Promise.allSettled(
    files.map((file, i) => folder.ask(digests, file, i % 7)),
  );
  for (const [i, result] of results.entries()) {
    if (i === 30) assert.equal(result.status, "rejected");
    else assert.deepEqual(result, { status: "fulfilled", value: sha256(texts[i]!) });
  }
});

Deno.test("DigestCache hashes a client's smallest file first, and no client waits for another", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const order: string[] = [];
  const ask = async (client: string, file: SharedFile) => {
    await folder.ask(digests, file, client);
    order.push(file.path);
  };
  // Two large files, and three small ones.
  const sizes = { long: 60_000_000, longer: 61_000_000, first: 1_000_000, more: 200_000, least: 1 };
  const files: SharedFile[] = [];
  for (const [name, size] of Object.entries(sizes)) {
    await folder.share(name, "");
    Deno.truncateSync(folder.at(name), size);
    files.push(await folder.list(name));
  }
  const other = await folder.share("other", "x");
  await Promise.all([...files.map((file) => ask("greedy", file)), ask("modest", other)]);
  const among = (...names: string[]) => order.filter((name) => names.includes(name));
  assert.deepEqual(among("first", "more", "least"), ["first", "least", "more"]);
  assert.deepEqual(among("long", "longer"), ["long", "longer"]);
  assert.deepEqual(among("first", "long"), ["first", "long"]);
  assert.deepEqual(among("other", "long"), ["other", "long"]);
});

Deno.test("DigestCache.cancelFor ends the computations that only this client waits for", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const files = await Promise.all(
    ["running", "waiting", "shared"].map(async (name) => {
      await folder.share(name, "");
      Deno.truncateSync(folder.at(name), 50_000_000);
      return await folder.list(name);
    }),
  );
  const [running, waiting, shared] = files.map((file) => folder.ask(digests, file, "gone"));
  const ends = Promise.allSettled([running, waiting]);
  const staying = folder.ask(digests, files[2]!, "staying");
  // Wait a moment, so that the first one is being read.
  await new Promise((resolve) => setTimeout(resolve, 5));
  digests.cancelFor("gone");
  digests.cancelFor("never came");
  for (const end of await ends) assert.equal(end.status, "rejected");
  const zeros = createHash("sha256").update(new Uint8Array(50_000_000)).digest("hex");
  assert.deepEqual(await Promise.all([shared, staying]), [zeros, zeros]);
  // A later client gets a digest that was cancelled.
  assert.equal(await folder.ask(digests, files[1]!, "late"), zeros);
});

Deno.test("DigestCache.cancelFor keeps a computation that another client waits for", async () => {
  using folder = tempFolder();
  using digests = new DigestCache();
  const file = await folder.share("a.txt", "hello");
  const asked = ["one", "two"].map((client) => folder.ask(digests, file, client));
  digests.cancelFor("one");
  assert.deepEqual(await Promise.all(asked), [sha256("hello"), sha256("hello")]);
  digests.cancelFor("two");
  Deno.removeSync(folder.at("a.txt"));
  assert.equal(await folder.ask(digests, file, "three"), sha256("hello"), "it was not stored");
});

Deno.test("DigestCache rejects all pending requests when disposed, and reads nothing any more", async () => {
  using folder = tempFolder();
  const digests = new DigestCache();
  const files = await Promise.all([1, 2, 3, 4].map((i) => folder.share(`${i}`, "x".repeat(i))));
  const lookup = Promise.withResolvers<RealFile>();
  const asked = [
    ...files.slice(0, 3).map((file) => folder.ask(digests, file, "one")),
    digests.of(files[3]!, () => lookup.promise, "two"),
  ];
  digests[Symbol.dispose]();
  for (const { status } of await Promise.allSettled(asked)) assert.equal(status, "rejected");
  lookup.resolve({ path: folder.at("4"), identity: files[3]! });
  digests[Symbol.dispose]();
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

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

interface TempFolder extends Disposable {
  at(name: string): string;
  /** Writes a file; returns its entry in the list. */
  share(name: string, content: string): Promise<SharedFile>;
  /** What the list says of a file. */
  list(name: string): SharedFile;
  /** The file behind an entry. */
  found(file: SharedFile): Promise<RealFile>;
  /** Asks for a file's digest. */
  ask(digests: DigestCache, file: SharedFile, client?: unknown): Promise<string>;
}

function tempFolder(): TempFolder {
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const at = (name: string) => join(root, name);
  const list = (name: string) => {
    const [file] = scanFolder({ root, hidden: false }, [name]);
    return file!;
  };
  return {
    at,
    list,
    async share(name, content) {
      // File times are coarse: wait until this write gets a new one.
      await new Promise((resolve) => setTimeout(resolve, 20));
      Deno.writeTextFileSync(at(name), content);
      return list(name);
    },
    found: (file) => Promise.resolve({ path: at(file.path), identity: file }),
    ask: (digests, file, client = "a client") =>
      digests.of(file, () => Promise.resolve({ path: at(file.path), identity: file }), client),
    [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }),
  };
}
