import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { ipBytes } from "../../../lib/protocol/ip_address.ts";
import { encodeMessage, MessageType } from "../../../lib/protocol/message.ts";
import { encodePayload } from "../../../lib/protocol/payloads.ts";
import { scanFolder } from "../../../lib/server/folder/folder_scan.ts";
import { BufferPool } from "../../../lib/server/read/buffer_pool.ts";
import { SmallFiles } from "../../../lib/server/read/small_files.ts";
import {
  DIGEST_MESSAGE_SIZE,
  framedSize,
  packFiles,
  unpackDigests,
  unpackFiles,
} from "../../../lib/server/read/small_files_batch.ts";
import { tempFolder } from "../../support/catalog_fixture.ts";

const ENDPOINTS = {
  server: { ip: ipBytes("127.0.0.1"), port: 9009 },
  client: { ip: ipBytes("2001:db8::7"), port: 50000 },
};

Deno.test("unpackFiles undoes packFiles", () => {
  const files = [
    {
      ...{ requestId: 2 ** 32 - 1, path: "ä/b c", version: "1-2", size: 65536, device: 2 ** 40 },
      stamp: "3-4",
      ...{ isLink: false, sendsDigest: true, wantsDigest: true, digest: "" },
    },
    {
      ...{ requestId: 1, path: "x", version: "", stamp: "", size: 1, device: 0 },
      ...{ isLink: true, sendsDigest: false, wantsDigest: false, digest: "f".repeat(64) },
    },
  ];
  assert.deepEqual([...unpackFiles(packFiles(files))], files);
  assert.deepEqual([...unpackFiles(packFiles([]))], []);
});

Deno.test("unpackDigests splits digests", () => {
  const digests = ["a".repeat(64), "b".repeat(64)];
  assert.deepEqual([...unpackDigests(digests.join(""))], digests);
  assert.deepEqual([...unpackDigests("")], []);
});

Deno.test("The small files' Worker makes the messages of encodeMessage, to the byte", async () => {
  using temp = tempFolder();
  const contents = new Map(
    [1, 100, 4096, 65536].map((size) => [`${size}`, Buffer.alloc(size, `${size} is its name. `)]),
  );
  for (const [name, content] of contents) Deno.writeFileSync(join(temp.path, name), content);
  const folder = { root: temp.path, hidden: false };
  const files = [...scanFolder(folder, [""])];
  const pool = new BufferPool(1024 * 1024);
  const known = new Map([["100", "0".repeat(64)]]);
  const learned = new Map<string, string>();
  using small = new SmallFiles(folder, pool, {
    known: ({ path }) => known.get(path),
    store: ({ path }, digest) => learned.set(path, digest),
  });
  const pieces = files.map((file, i) => ({
    ...{ requestId: i + 1, file, offset: 0, length: file.size, digest: i % 2 === 0 },
  }));
  const expected = pieces.flatMap(({ requestId, file: { path }, digest }) => {
    const content = contents.get(path)!;
    const header = { requestId, offset: 0, ...ENDPOINTS };
    const chunk = encodeMessage({ type: MessageType.CHUNK, more: false, ...header }, content);
    if (!digest) return [chunk];
    const payload = encodePayload({ digest: known.get(path) ?? digestOf(content) });
    const before = encodeMessage(
      { type: MessageType.DIGEST_RESULT, more: true, ...header },
      payload,
    );
    assert.equal(before.length, DIGEST_MESSAGE_SIZE);
    assert.equal(framedSize(content.length, true), before.length + chunk.length);
    return [before, chunk];
  });
  {
    using framed = await small.read(pieces, ENDPOINTS, false);
    assert.ok(Buffer.concat(framed!.parts).equals(Buffer.concat(expected)));
    assert.deepEqual(framed!.pieces, pieces);
  }
  for (const [path, digest] of learned) assert.equal(digest, digestOf(contents.get(path)!));
  assert.ok(!learned.has("100"), "what is known is computed again");
  assert.equal(pool.lent, 0);
});

function digestOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
