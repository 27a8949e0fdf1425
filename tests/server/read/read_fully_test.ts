import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { join } from "@std/path";
import { identityOf } from "../../../lib/fs/file_identity.ts";
import { DiskLane } from "../../../lib/server/read/disk_gate.ts";
import { OpenFiles } from "../../../lib/server/read/open_files.ts";
import { readUntouched } from "../../../lib/server/read/read_fully.ts";
import { tempFolder } from "../../support/catalog_fixture.ts";

/** Reads a file whose proofs find it touched that often; returns the text and the proofs. */
async function readTouched(touches: number, length = 7): Promise<[text: string, proofs: number]> {
  using temp = tempFolder();
  await using files = new OpenFiles();
  const path = join(temp.path, "a");
  Deno.writeTextFileSync(path, "content");
  using lease = await files.lease("a", async () => {
    const handle = await open(path);
    const identity = identityOf(await handle.stat());
    return { handle, isLocal: true, identity, disk: new DiskLane() };
  }).then((lease) => ({ ...lease, [Symbol.dispose]: () => lease.release() }));
  const target = new Uint8Array(length);
  let proofs = 0;
  await readUntouched(lease, target, 0, () => {
    if (proofs++ < touches) lease.proof.identity = { ...lease.proof.identity };
    return Promise.resolve();
  });
  return [new TextDecoder().decode(target), proofs];
}

Deno.test("readUntouched reads again as long as something touches the file, four times at most", async () => {
  assert.deepEqual(await readTouched(0), ["content", 1]);
  assert.deepEqual(await readTouched(2), ["content", 3]);
  assert.deepEqual(await readTouched(1_000), ["content", 4]);
});

Deno.test("readUntouched throws if the file is shorter", async () => {
  await assert.rejects(readTouched(0, 8), /shorter/);
});
