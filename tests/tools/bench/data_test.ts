import assert from "node:assert/strict";
import { join } from "@std/path";
import { inputList, makeFiles } from "../../../tools/bench/data.ts";
import { assertSameFiles } from "../../../tools/bench/same_files.ts";
import { tempFolder } from "../../support/files.ts";

const GROUPS = [{ count: 1, size: 70_000, priority: "CRITICAL" }, { count: 3, size: 10 }] as const;
const signal = new AbortController().signal;

Deno.test("makeFiles makes equal files from equal seeds, and others from another seed", async () => {
  await using folder = await tempFolder();
  const [one, same, other] = await Promise.all(
    [["one", 7], ["same", 7], ["other", 8]].map(([name, seed]) =>
      makeFiles(join(folder.path, String(name)), GROUPS, Number(seed), signal)
    ),
  );
  assert.equal(one!.bytes, 70_030);
  assert.equal(one!.names.length, 4);
  await assertSameFiles(one!, same!.dir);
  await assert.rejects(assertSameFiles(one!, other!.dir), /differs from its source/);
});

Deno.test("assertSameFiles finds a missing file, an extra byte, and a byte that differs", async () => {
  await using folder = await tempFolder();
  const files = await makeFiles(join(folder.path, "files"), GROUPS, 1, signal);
  const copy = await makeFiles(join(folder.path, "copy"), GROUPS, 1, signal);
  const path = join(copy.dir, copy.names[0]!);
  const bytes = await Deno.readFile(path);
  for (const changed of [new Uint8Array([...bytes, 0]), bytes.with(69_999, bytes[69_999]! ^ 1)]) {
    await Deno.writeFile(path, changed);
    await assert.rejects(assertSameFiles(files, copy.dir), /critical-70000-0.bin/);
  }
  await Deno.remove(path);
  await assert.rejects(assertSameFiles(files, copy.dir), /critical-70000-0.bin/);
});

Deno.test("inputList lists every file with its priority", () => {
  assert.equal(
    inputList(GROUPS),
    "critical-70000-0.bin CRITICAL\n" +
      [0, 1, 2].map((i) => `normal-10-${i}.bin NORMAL\n`).join(""),
  );
});
