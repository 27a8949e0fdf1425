import assert from "node:assert/strict";
import { join } from "@std/path";
import { lackOfSpace } from "../../../lib/client/disk/free_space.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

/** More than any disk has, in bytes. */
const HUGE = 2 ** 52;

function file(path: string, size: number) {
  return { path, size, modified: 0, version: "v" };
}

Deno.test("lackOfSpace is null where the disk has room", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  assert.equal(lackOfSpace(() => [], output), null);
  assert.equal(lackOfSpace(() => [file("a", 1), file("b", 4096)], output), null);
});

Deno.test("lackOfSpace says what is needed, without what is on disk already", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  Deno.writeFileSync(join(temp.path, "done"), new Uint8Array(100));
  Deno.writeFileSync(join(temp.path, "other"), new Uint8Array(50));
  Deno.writeFileSync(output.workPath("partial").data, new Uint8Array(70));
  const files = [file("done", 100), file("other", 200), file("partial", 1_000), file("huge", HUGE)];
  const lack = lackOfSpace(() => files, output);
  assert.equal(lack?.needed, 200 + 930 + HUGE);
  assert.ok(lack.free > 0 && lack.free < HUGE);
});
