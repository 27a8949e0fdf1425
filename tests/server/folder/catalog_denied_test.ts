import assert from "node:assert/strict";
import { catalogFixture, isWireError } from "../../support/catalog_fixture.ts";

Deno.test("Catalog drops a file that may not be read any more, and lists it again", {
  ignore: Deno.build.os === "windows" || mayReadEverything(),
}, async () => {
  await using place = await catalogFixture();
  const file = place.shared("a.txt");
  Deno.chmodSync(place.at("a.txt"), 0o000);
  await assert.rejects(place.catalog.opener.lease(file));
  await place.isListed("folder/b.txt", "folder/c.txt");
  assert.throws(() => place.catalog.find("a.txt", file.version), isWireError("not-found"));
  Deno.chmodSync(place.at("a.txt"), 0o600);
  await place.isListed("a.txt", "folder/b.txt", "folder/c.txt");
});

Deno.test("Catalog drops the files of a folder that may not be read, and lists them again", {
  ignore: Deno.build.os === "windows" || mayReadEverything(),
}, async () => {
  await using place = await catalogFixture();
  Deno.chmodSync(place.at("folder"), 0o000);
  await place.isListed("a.txt");
  place.write("new.txt", "x");
  await place.isListed("a.txt", "new.txt");
  Deno.chmodSync(place.at("folder"), 0o700);
  await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new.txt");
  place.write("folder/d.txt", "x");
  await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "folder/d.txt", "new.txt");
});

Deno.test("Catalog keeps its list while the folder may not be read", {
  ignore: Deno.build.os === "windows" || mayReadEverything(),
}, async () => {
  await using place = await catalogFixture();
  const file = place.shared("folder/b.txt");
  Deno.chmodSync(place.root, 0o000);
  await assert.rejects(place.catalog.opener.lease(file), isWireError("not-found"));
  await place.scanFails();
  await place.isListed("a.txt", "folder/b.txt", "folder/c.txt");
  Deno.chmodSync(place.root, 0o700);
  place.write("new.txt", "x");
  await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new.txt");
  assert.equal(await place.read("folder/b.txt"), "b");
});

/** Whether this user may read every file, as root usually may. */
function mayReadEverything(): boolean {
  const path = Deno.makeTempFileSync();
  try {
    Deno.chmodSync(path, 0o000);
    Deno.readTextFileSync(path);
    return true;
  } catch {
    return false;
  } finally {
    Deno.removeSync(path);
  }
}
