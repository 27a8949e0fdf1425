import assert from "node:assert/strict";
import { join } from "@std/path";
import type { UnfinishedFile } from "../../../lib/client/events.ts";
import { journalHead, journalLine } from "../../../lib/client/disk/journal.ts";
import { withResumableBytes } from "../../../lib/client/disk/leftovers.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { tempFolder } from "../../support/files.ts";

function unfinished(path: string, resumableBytes = 0): UnfinishedFile {
  return { path, priority: "NORMAL", size: 1000, resumableBytes };
}

Deno.test("withResumableBytes reads the journals of files with 0 resumable bytes, and of no others", async () => {
  await using folder = await tempFolder();
  const output = await OutputFolder.open(join(folder.path, "Output"));
  const write = (path: string, size: number) => {
    const lines = [[0, 100], [50, 100], [500, 10]].map(([offset, length]) =>
      journalLine({ offset: offset!, length: length!, checksum: 1 })
    );
    const text = journalHead({ path, size, version: "v" }) + lines.join("");
    return Deno.writeTextFile(output.workPath(path).journal, text);
  };
  for (const path of ["a", "b"]) await write(path, 1000);
  await write("other size", 999);
  await Deno.writeTextFile(output.workPath("torn").journal, "no journal");
  const files = [unfinished("a"), unfinished("b", 7), unfinished("none"), unfinished("other size")];
  const found = await withResumableBytes(output, [...files, unfinished("torn")]);
  assert.deepEqual(found.map(({ path, resumableBytes }) => [path, resumableBytes]), [
    ["a", 160],
    ["b", 7],
    ["none", 0],
    ["other size", 0],
    ["torn", 0],
  ]);
});
