import assert from "node:assert/strict";
import { join } from "@std/path";
import { FolderListing } from "../../../lib/client/disk/folder_listing.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

Deno.test("FolderListing has the names of a folder, and those that are added", () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(join(temp.path, "there"), "");
  const listing = new FolderListing();
  assert.equal(listing.has(join(temp.path, "there")), true);
  assert.equal(listing.has(join(temp.path, "missing")), false);
  listing.add(join(temp.path, "missing"));
  assert.equal(listing.has(join(temp.path, "missing")), true);
});

Deno.test("FolderListing has no names of a missing folder", () => {
  using temp = tempFolder();
  assert.equal(new FolderListing().has(join(temp.path, "no", "file")), false);
});

Deno.test("FolderListing has every name of an unreadable folder", () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(join(temp.path, "file"), "");
  assert.equal(new FolderListing().has(join(temp.path, "file", "below a file")), true);
});

Deno.test("FolderListing reads a folder again after a second", async () => {
  using temp = tempFolder();
  const path = join(temp.path, "later");
  const listing = new FolderListing();
  assert.equal(listing.has(path), false);
  Deno.writeTextFileSync(path, "");
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  assert.equal(listing.has(path), true);
});
