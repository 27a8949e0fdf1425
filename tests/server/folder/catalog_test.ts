import assert from "node:assert/strict";
import { join } from "@std/path";
import { Catalog } from "../../../lib/server/folder/catalog.ts";
import {
  type CatalogFixture,
  catalogFixture,
  isWireError,
  NO_REPORTS,
  pass,
  tempFolder,
  textOf,
} from "../../support/catalog_fixture.ts";

Deno.test("Catalog lists the files of its folder", async () => {
  await using place = await catalogFixture();
  assert.equal(place.catalog.size, 3);
  assert.equal(place.catalog.revision, 1);
  const { size, modified } = place.find("a.txt");
  assert.equal(size, 1);
  assert.equal(modified, Deno.statSync(place.at("a.txt")).mtime?.getTime());
});

Deno.test("Catalog.open refuses a folder that cannot be read", async () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(join(temp.path, "file"), "");
  const open = (name: string) => Catalog.open(join(temp.path, name), false, NO_REPORTS);
  await assert.rejects(open("missing"), Deno.errors.NotFound);
  await assert.rejects(open("file"), Deno.errors.NotADirectory);
});

Deno.test("Catalog.find finds a file by its path and its present version", async () => {
  await using place = await catalogFixture();
  const { version } = place.find("folder/b.txt");
  assert.equal(place.catalog.find("folder/b.txt", version).path, "folder/b.txt");
  for (
    const path of ["folder", "folder/", "b.txt", "", "folder//b.txt", "folder/../folder/b.txt"]
  ) {
    assert.throws(() => place.catalog.find(path, version), isWireError("not-found"), path);
  }
  for (const other of ["", version + "0", version.slice(0, -1)]) {
    assert.throws(() => place.catalog.find("folder/b.txt", other), isWireError("changed"));
  }
});

Deno.test("Catalog.lease opens a file for many readers", async () => {
  await using place = await catalogFixture();
  const file = place.shared("folder/b.txt");
  const leases = await Promise.all([1, 2, 3].map(() => place.catalog.opener.lease(file)));
  for (const lease of leases) assert.equal(await textOf(lease), "b");
  for (const lease of leases) {
    await place.catalog.opener.proveUnchanged(file, lease);
    lease.release();
  }
});

// Changes of a file between its listing and its request, before the next scan of the folder.
for (
  const [what, happen, code] of [
    ["was replaced", ({ at, write }: CatalogFixture) => {
      write(".new", "b");
      Deno.renameSync(at(".new"), at("folder/b.txt"));
    }, "changed"],
    ["was written to", ({ at }: CatalogFixture) => {
      Deno.writeTextFileSync(at("folder/b.txt"), "b and more");
    }, "changed"],
    [
      "was cut off",
      ({ at }: CatalogFixture) => Deno.truncateSync(at("folder/b.txt"), 0),
      "changed",
    ],
    ["was deleted", ({ at }: CatalogFixture) => Deno.removeSync(at("folder/b.txt")), "not-found"],
    ["became a folder", ({ at }: CatalogFixture) => {
      Deno.removeSync(at("folder/b.txt"));
      Deno.mkdirSync(at("folder/b.txt"));
    }, "changed"],
    ["became a link to a file outside", ({ at, outside }: CatalogFixture) => {
      Deno.removeSync(at("folder/b.txt"));
      Deno.symlinkSync(join(outside, "b.txt"), at("folder/b.txt"));
    }, "changed"],
    ["became a link to another file of the folder", ({ at }: CatalogFixture) => {
      Deno.utimeSync(at("folder/c.txt"), 1, 1);
      Deno.removeSync(at("folder/b.txt"));
      Deno.symlinkSync(at("folder/c.txt"), at("folder/b.txt"));
    }, "changed"],
    ["is in a folder that became a link to one outside", ({ at, outside }: CatalogFixture) => {
      Deno.removeSync(at("folder"), { recursive: true });
      Deno.symlinkSync(outside, at("folder"));
    }, "changed"],
    ["is in a folder that moved outside and left a link", ({ at, outside }: CatalogFixture) => {
      Deno.renameSync(at("folder"), join(outside, "moved"));
      Deno.symlinkSync(join(outside, "moved"), at("folder"));
    }, "changed"],
    ["is in a folder that is gone", ({ at }: CatalogFixture) => {
      Deno.removeSync(at("folder"), { recursive: true });
    }, "not-found"],
  ] as const
) {
  Deno.test(`Catalog.lease refuses a file that ${what} as ${code}`, async () => {
    await using place = await catalogFixture();
    const file = place.shared("folder/b.txt");
    // File times are coarse: wait until the next write gets a new one.
    await pass(20);
    happen(place);
    await assert.rejects(place.catalog.opener.lease(file), isWireError(code));
    // Again, for nothing of it is kept.
    await assert.rejects(place.catalog.opener.lease(file), isWireError(code));
    await assert.rejects(place.catalog.opener.realFile(file), isWireError(code));
  });
}

Deno.test("Catalog.realFile returns the path of a file or of a link's target", async () => {
  await using place = await catalogFixture();
  const real = await place.catalog.opener.realFile(place.shared("folder/b.txt"));
  assert.equal(real.path, place.at("folder/b.txt"));
  Deno.symlinkSync("folder/b.txt", place.at("link.txt"));
  await place.until(() => place.find("link.txt") !== undefined);
  assert.deepEqual(await place.catalog.opener.realFile(place.shared("link.txt")), real);
});

Deno.test("Catalog.proveUnchanged throws after a write to the file", async () => {
  await using place = await catalogFixture();
  const file = place.shared("a.txt");
  const lease = await place.catalog.opener.lease(file);
  await place.catalog.opener.proveUnchanged(file, lease);
  await pass(20);
  Deno.writeTextFileSync(place.at("a.txt"), "b");
  await assert.rejects(
    place.catalog.opener.proveUnchanged(file, lease),
    isWireError("changed"),
  );
  lease.release();
});

// Changes of nothing but metadata, before the next scan of the folder.
for (
  const [what, touch] of [
    ["whose mode changes", ({ at }: CatalogFixture) => Deno.chmodSync(at("a.txt"), 0o640)],
    ["that gets a second name", ({ at, outside }: CatalogFixture) => {
      Deno.linkSync(at("a.txt"), join(outside, "a.txt"));
    }],
    ["that is replaced by a copy with its time", ({ at, write }: CatalogFixture) => {
      const { mtime } = Deno.statSync(at("a.txt"));
      write(".new", "a");
      Deno.utimeSync(at(".new"), mtime!, mtime!);
      Deno.renameSync(at(".new"), at("a.txt"));
    }],
  ] as const
) {
  Deno.test(`Catalog.lease takes on a file ${what}`, async () => {
    await using place = await catalogFixture();
    const file = place.shared("a.txt");
    const before = await place.catalog.opener.lease(file);
    const { identity } = before.proof;
    // Deno gives change times in seconds.
    await pass(1_100);
    touch(place);
    await place.catalog.opener.proveUnchanged(file, before);
    assert.equal(before.proof.identity.version, identity.version);
    assert.notEqual(before.proof.identity.stamp, identity.stamp);
    before.release();
    assert.notEqual((await place.catalog.opener.realFile(file)).identity.stamp, file.stamp);
    assert.equal(await place.read("a.txt"), "a");
  });
}
