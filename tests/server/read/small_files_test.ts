import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { scanFolder } from "../../../lib/server/folder/folder_scan.ts";
import type { SharedFile } from "../../../lib/server/shared_file.ts";
import {
  MAX_SMALL_FILE,
  type SmallFile,
  SmallFiles,
} from "../../../lib/server/read/small_files.ts";
import { makePipe, pass, tempFolder } from "../../support/catalog_fixture.ts";

/** A folder with files whose content is their name, and a `SmallFiles` for it. */
async function makeFolder(...names: readonly string[]) {
  const temp = tempFolder();
  const at = (name: string) => join(temp.path, name);
  for (const name of names) Deno.writeTextFileSync(at(name), name);
  const folder = { root: temp.path, hidden: false };
  const files = new Map((await scanFolder(folder, [""])).map((file) => [file.path, file]));
  const small = new SmallFiles(folder);
  return {
    at,
    small,
    /** A file's entry in the list. */
    listed: (name: string): SharedFile => files.get(name)!,
    read: (name: string) => small.read(files.get(name)!),
    [Symbol.dispose]() {
      small[Symbol.dispose]();
      temp[Symbol.dispose]();
    },
  };
}

function textOf(file: SmallFile | null): string | null {
  return file && new TextDecoder().decode(file.bytes);
}

Deno.test("SmallFiles reads more files than it gives the Worker at once", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `file ${i}`);
  using folder = await makeFolder(...names);
  const found = await Promise.all(names.map((name) => folder.read(name)));
  // On a busy machine some may be refused as slow, which is not wrong.
  assert.ok(found.some((file) => file !== null));
  for (const [i, file] of found.entries()) {
    if (!file) continue;
    assert.equal(textOf(file), names[i]);
    assert.equal(file.digest, createHash("sha256").update(names[i]!).digest("hex"));
  }
});

Deno.test("SmallFiles refuses a file that is empty, large, or differs from its entry", async () => {
  using folder = await makeFolder("a", "b", "c", "d");
  const { listed, small } = folder;
  assert.equal(await small.read({ ...listed("a"), size: 0 }), null);
  assert.equal(await small.read({ ...listed("a"), size: MAX_SMALL_FILE + 1 }), null);
  await pass(20);
  Deno.writeTextFileSync(folder.at("a"), "x");
  Deno.removeSync(folder.at("b"));
  Deno.removeSync(folder.at("c"));
  Deno.symlinkSync(folder.at("d"), folder.at("c"));
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(folder.read)), [null, null, null]);
  assert.equal(textOf(await folder.read("d")), "d");
});

Deno.test("SmallFiles does not block on a named pipe in a file's place", {
  ignore: Deno.build.os === "windows",
}, async () => {
  using folder = await makeFolder("pipe", "b");
  Deno.removeSync(folder.at("pipe"));
  makePipe(folder.at("pipe"));
  assert.equal(await folder.read("pipe"), null);
  assert.equal(textOf(await folder.read("b")), "b");
});

Deno.test("SmallFiles refuses all files once it is disposed of", async () => {
  using folder = await makeFolder("a", "b");
  const before = folder.read("a");
  folder.small[Symbol.dispose]();
  assert.equal(await before, null);
  assert.equal(await folder.read("b"), null);
});
