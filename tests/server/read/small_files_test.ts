import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { ipBytes } from "../../../lib/protocol/ip_address.ts";
import { checkFooter, decodeHeader, HEADER_SIZE } from "../../../lib/protocol/message.ts";
import { scanFolder } from "../../../lib/server/folder/folder_scan.ts";
import type { SharedFile } from "../../../lib/server/shared_file.ts";
import { BufferPool } from "../../../lib/server/read/buffer_pool.ts";
import { SMALL_FILE, SmallFiles } from "../../../lib/server/read/small_files.ts";
import { makePipe, pass, tempFolder } from "../../support/catalog_fixture.ts";

const ENDPOINT = { ip: ipBytes("127.0.0.1"), port: 9009 };

/** A small file's content, and its digest. */
interface SmallFile {
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** A folder with files whose content is their name, and a reader of them. */
function makeFolder(...names: readonly string[]) {
  const temp = tempFolder();
  const at = (name: string) => join(temp.path, name);
  for (const name of names) Deno.writeTextFileSync(at(name), name);
  const folder = { root: temp.path, hidden: false };
  const files = new Map([...scanFolder(folder, [""])].map((file) => [file.path, file]));
  const digests = new Map<string, string>();
  const pool = new BufferPool(1024 * 1024);
  const small = new SmallFiles(folder, pool, {
    known: () => undefined,
    store: ({ path }, digest) => digests.set(path, digest),
  });
  const read = async (file: SharedFile): Promise<SmallFile | null> => {
    if (!SmallFiles.takes(file)) return null;
    const piece = { requestId: 1, file, offset: 0, length: file.size, digest: false };
    const endpoints = { server: ENDPOINT, client: ENDPOINT };
    using framed = await small.read([piece], endpoints, true);
    if (!framed) return null;
    const [bytes] = framed.parts as [Uint8Array];
    const { length } = decodeHeader(bytes, "server", SMALL_FILE);
    const body = bytes.slice(HEADER_SIZE);
    checkFooter(body);
    return { bytes: body.subarray(0, length), digest: digests.get(file.path)! };
  };
  return {
    at,
    /** Shares another folder instead, which has the same files. */
    moveTo(root: string) {
      Deno.renameSync(temp.path, root);
      Deno.mkdirSync(temp.path);
      folder.root = root;
    },
    small: { read, [Symbol.dispose]: () => small[Symbol.dispose]() },
    /** The list's entry of a file. */
    listed: (name: string): SharedFile => files.get(name)!,
    read: (name: string) => read(files.get(name)!),
    [Symbol.dispose]() {
      small[Symbol.dispose]();
      temp[Symbol.dispose]();
      assert.equal(pool.lent, 0);
    },
  };
}

function textOf(file: SmallFile | null): string | null {
  return file && new TextDecoder().decode(file.bytes);
}

Deno.test("SmallFiles reads more files than it sends to the Worker at once", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `file ${i}`);
  using folder = makeFolder(...names);
  const found = await Promise.all(names.map((name) => folder.read(name)));
  // On a busy machine it may give up some of them, which is not wrong.
  assert.ok(found.some((file) => file !== null));
  for (const [i, file] of found.entries()) {
    if (!file) continue;
    assert.equal(textOf(file), names[i]);
    assert.equal(file.digest, createHash("sha256").update(names[i]!).digest("hex"));
  }
});

Deno.test("SmallFiles leaves out files that are empty, large, or differ from the list", async () => {
  using folder = makeFolder("a", "b", "c", "d");
  const { listed, small } = folder;
  assert.equal(await small.read({ ...listed("a"), size: 0 }), null);
  assert.equal(await small.read({ ...listed("a"), size: SMALL_FILE + 1 }), null);
  await pass(20);
  Deno.writeTextFileSync(folder.at("a"), "x");
  Deno.removeSync(folder.at("b"));
  Deno.removeSync(folder.at("c"));
  Deno.symlinkSync(folder.at("d"), folder.at("c"));
  assert.deepEqual(await Promise.all(["a", "b", "c"].map(folder.read)), [null, null, null]);
  assert.equal(textOf(await folder.read("d")), "d");
});

Deno.test("SmallFiles reads from another folder once that is the shared one", async () => {
  using elsewhere = tempFolder();
  using folder = makeFolder("a", "b");
  await folder.read("a");
  folder.moveTo(join(elsewhere.path, "moved"));
  let found = await folder.read("b");
  // On a busy machine it may give up at first.
  for (let tries = 0; !found && tries < 20; tries++) {
    await pass(500);
    found = await folder.read("b");
  }
  assert.equal(textOf(found), "b");
});

Deno.test("SmallFiles does not block on a named pipe in a file's place", {
  ignore: Deno.build.os === "windows",
}, async () => {
  using folder = makeFolder("pipe", "b");
  Deno.removeSync(folder.at("pipe"));
  makePipe(folder.at("pipe"));
  assert.equal(await folder.read("pipe"), null);
  assert.equal(textOf(await folder.read("b")), "b");
});

Deno.test("SmallFiles reads nothing once it is disposed", async () => {
  using folder = makeFolder("a", "b");
  const before = folder.read("a");
  folder.small[Symbol.dispose]();
  assert.equal(await before, null);
  assert.equal(await folder.read("b"), null);
});
