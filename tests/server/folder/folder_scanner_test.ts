import assert from "node:assert/strict";
import { join } from "@std/path";
import { scanFolder } from "../../../lib/server/folder/folder_scan.ts";
import { FolderScanner } from "../../../lib/server/folder/folder_scanner.ts";
import { packFiles, unpackFiles } from "../../../lib/server/folder/packed_files.ts";
import { tempFolder } from "../../support/catalog_fixture.ts";

Deno.test("unpackFiles undoes packFiles, also for links and odd names", () => {
  const files = ["a", "ä b/\n", "link"].map((path, i) => ({
    ...{ path, size: 2 ** 52 + i, modified: -i, device: 2 ** 40 + i, version: `${i}-x` },
    stamp: `${i}-y`,
    linkTo: path === "link" ? "a" : null,
  }));
  assert.deepEqual(unpackFiles(packFiles(files)), files);
  assert.deepEqual(unpackFiles(packFiles([])), []);
});

Deno.test("FolderScanner finds what scanFolder finds, in any number", async () => {
  using temp = tempFolder();
  for (let i = 0; i < 5_000; i++) Deno.writeTextFileSync(join(temp.path, `${i}`), "");
  Deno.symlinkSync("7", join(temp.path, "link"));
  const folder = { root: temp.path, hidden: false };
  using scanner = new FolderScanner(temp.path, false);
  const whole = await scanner.scan([""]);
  assert.deepEqual(whole.files, [...scanFolder(folder, [""])]);
  assert.deepEqual(whole.folders, [""]);
  const part = await scanner.scan(["link", "missing"]);
  assert.deepEqual(part.files, [...scanFolder(folder, ["link"])]);
});

Deno.test("FolderScanner rejects a pending scan when it is disposed", async () => {
  using temp = tempFolder();
  const scanner = new FolderScanner(temp.path, false);
  const scanning = scanner.scan([""]);
  scanner[Symbol.dispose]();
  await assert.rejects(scanning, /given up/);
});
