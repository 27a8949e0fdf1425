import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { WireError } from "../../lib/errors.ts";
import { Digests } from "../../lib/server/digests.ts";
import { scanFolder, type SharedFile } from "../../lib/server/folder_scan.ts";

Deno.test.sanitizer({ ops: true, resources: true });

Deno.test("Digests computes the SHA-256 of a shared file", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  for (const content of ["", "hello", "x".repeat(3_000_000)]) {
    const file = await folder.share("a.txt", content);
    assert.equal(await digests.of(file, folder.at("a.txt"), 1), sha256(content));
  }
});

Deno.test("Digests computes a version's digest once, for all who ask", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  const file = await folder.share("a.txt", "hello");
  const path = folder.at("a.txt");
  const first = await Promise.all([1, 2, 3].map(() => digests.of(file, path, 1)));
  // Not there any more: it can only be remembered.
  Deno.removeSync(path);
  assert.deepEqual([...first, await digests.of(file, path, 1)], new Array(4).fill(sha256("hello")));
  digests.forget("a.txt");
  await assert.rejects(digests.of(file, path, 1), isWireError("read-failed"));
});

Deno.test("Digests computes a new version's digest anew, and refuses the one before", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  const path = folder.at("a.txt");
  const old = await folder.share("a.txt", "old");
  assert.equal(await digests.of(old, path), sha256("old"));
  const present = await folder.share("a.txt", "new");
  assert.equal(await digests.of(present, path), sha256("new"));
  await assert.rejects(digests.of(old, path), isWireError("changed"));
  assert.equal(await digests.of(present, path), sha256("new"));
});

Deno.test("Digests refuses a file that has changed since it was listed", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  const file = await folder.share("a.txt", "old");
  await folder.share("a.txt", "new");
  await assert.rejects(digests.of(file, folder.at("a.txt"), 1), isWireError("changed"));
});

Deno.test("Digests remembers no failure", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  const path = folder.at("a.txt");
  const file = await folder.share("a.txt", "hello");
  Deno.renameSync(path, folder.at("away"));
  const failures = await Promise.allSettled([1, 2].map(() => digests.of(file, path, 1)));
  for (const failure of failures) {
    assert.ok(failure.status === "rejected" && isWireError("read-failed")(failure.reason));
  }
  Deno.renameSync(folder.at("away"), path);
  // A new name is a change of its own.
  const [present] = await scanFolder({ root: folder.path, hidden: false }, "a.txt");
  assert.equal(await digests.of(present!, path), sha256("hello"));
});

Deno.test("Digests computes those of many files, a few at a time", async () => {
  using folder = tempFolder();
  using digests = new Digests();
  const texts = Array.from({ length: 60 }, (_, i) => "x".repeat(i * 1000));
  const files = await Promise.all(texts.map((text, i) => folder.share(`${i}`, text)));
  // One in the middle fails, which holds nobody up.
  Deno.removeSync(folder.at("30"));
  const results = await Promise.allSettled(
    files.map((file) => digests.of(file, folder.at(file.path))),
  );
  for (const [i, result] of results.entries()) {
    if (i === 30) assert.equal(result.status, "rejected");
    else assert.deepEqual(result, { status: "fulfilled", value: sha256(texts[i]!) });
  }
});

Deno.test("Digests that is disposed rejects all who wait, and all who come", async () => {
  using folder = tempFolder();
  const digests = new Digests();
  const files = await Promise.all([1, 2, 3, 4, 5].map((i) => folder.share(`${i}`, "x".repeat(i))));
  const asked = files.map((file) => digests.of(file, folder.at(file.path)));
  digests[Symbol.dispose]();
  for (const { status } of await Promise.allSettled(asked)) assert.equal(status, "rejected");
  await assert.rejects(digests.of(files[0]!, folder.at("1")));
  digests[Symbol.dispose]();
});

/** Also checks that no path of this machine is told. */
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
  readonly path: string;
  at(name: string): string;
  /** Writes a file; what the list says of it. */
  share(name: string, content: string): Promise<SharedFile>;
}

function tempFolder(): TempFolder {
  const path = Deno.realPathSync(Deno.makeTempDirSync());
  const at = (name: string) => join(path, name);
  return {
    path,
    at,
    async share(name, content) {
      // Times on disk are coarser than tests are quick.
      await new Promise((resolve) => setTimeout(resolve, 20));
      Deno.writeTextFileSync(at(name), content);
      const [file] = await scanFolder({ root: path, hidden: false }, name);
      return file!;
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
