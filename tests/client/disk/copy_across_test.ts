import assert from "node:assert/strict";
import { join } from "@std/path";
import { isAcross, moveAcross, removeCopy } from "../../../lib/client/disk/copy_across.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

const TIME = new Date(Date.UTC(2020, 1, 3, 4, 5, 6));
const CONTENT = Uint8Array.from({ length: 2_500_000 }, (_, i) => i * 167 >> 3);

function workFile(root: string): string {
  const from = join(root, "work.data");
  Deno.writeFileSync(from, CONTENT);
  Deno.utimeSync(from, TIME, TIME);
  return from;
}

function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

Deno.test("moveAcross copies content and time over an older file, and leaves nothing else", async () => {
  using temp = tempFolder();
  const root = Deno.realPathSync(temp.path);
  const sub = join(root, "sub");
  Deno.mkdirSync(sub);
  const final = join(sub, "a");
  Deno.writeTextFileSync(final, "older");
  {
    using placed = await moveAcross(workFile(root), final, root);
    assert.equal(placed.statSync().ino, Deno.statSync(final).ino);
  }
  assert.deepEqual(Deno.readFileSync(final), CONTENT);
  assert.deepEqual(Deno.statSync(final).mtime, TIME);
  assert.deepEqual([names(root), names(sub)], [["sub"], ["a"]]);
});

Deno.test("moveAcross leaves the file where it is if it cannot be moved", async () => {
  using temp = tempFolder();
  const root = Deno.realPathSync(temp.path);
  const from = workFile(root);
  Deno.mkdirSync(join(root, "a", "mine"), { recursive: true });
  await assert.rejects(moveAcross(from, join(root, "a"), root));
  await assert.rejects(moveAcross(from, join(root, "absent", "b"), root), Deno.errors.NotFound);
  assert.deepEqual(names(root), ["a", "work.data"]);
});

Deno.test("removeCopy removes the copy of a client that was killed, and nothing else", () => {
  using temp = tempFolder();
  using other = tempFolder();
  const root = Deno.realPathSync(temp.path);
  const note = join(root, "note");
  Deno.mkdirSync(join(root, "sub"));
  Deno.symlinkSync(other.path, join(root, "link"));
  const kept = [join(root, "sub", "mine"), join(other.path, ".sluice-1")];
  for (const path of [...kept, join(root, "sub", ".sluice-1")]) Deno.writeTextFileSync(path, "");
  for (const path of ["sub/mine", "link/.sluice-1", "../.sluice-1", "", "sub/.sluice-1"]) {
    Deno.writeTextFileSync(note, path);
    removeCopy(note, root);
    assert.deepEqual(names(root), ["link", "sub"], "the note is removed");
  }
  for (const path of kept) assert.ok(Deno.statSync(path).isFile);
  assert.deepEqual(names(join(root, "sub")), ["mine"]);
});

Deno.test("isAcross is true for the errors of renames to other file systems", () => {
  assert.ok(isAcross(Object.assign(new Error("Invalid cross-device link"), { code: "EXDEV" })));
  assert.ok(!isAcross(Object.assign(new Error("No space left"), { code: "ENOSPC" })));
});
