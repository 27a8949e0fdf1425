import assert from "node:assert/strict";
import { join } from "@std/path";
import type { ListedFile } from "../../../lib/protocol/payloads.ts";
import { Catalog, type CatalogChange } from "../../../lib/server/folder/catalog.ts";
import {
  type CatalogFixture,
  catalogFixture,
  isWireError,
  NO_REPORTS,
  pass,
  tempFolder,
} from "../../support/catalog_fixture.ts";

/** Changes of a shared folder and their reports; run concurrently, since all of them wait. */
const BEHAVIOURS: Readonly<Record<string, (place: CatalogFixture) => Promise<void>>> = {
  "reports a new file": async (place) => {
    place.write("new.txt", "new");
    const [file] = await place.notified(({ files }) => files.filter(({ size }) => size === 3));
    assert.equal(file!.path, "new.txt");
    assert.equal(await place.read("new.txt"), "new");
  },

  "reports new files in new folders": async (place) => {
    place.write("x/y/z/new.txt", "new");
    place.write("x/other.txt", "other");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "x/other.txt", "x/y/z/new.txt");
  },

  "reports a changed file, with another version": async (place) => {
    const before = place.find("a.txt");
    place.write("a.txt", "changed");
    await place.notified(({ files }) => files.filter(({ size }) => size === 7));
    const after = place.find("a.txt");
    assert.notEqual(after.version, before.version);
    assert.equal(await place.read("a.txt"), "changed");
  },

  "takes on a file whose metadata is touched, and reports no change": async (place) => {
    const find = () => place.shared("a.txt");
    const { version } = find();
    const { mtime } = Deno.statSync(place.at("a.txt"));
    const touches: (() => void)[] = [
      () => Deno.chmodSync(place.at("a.txt"), 0o640),
      () => Deno.utimeSync(place.at("a.txt"), 0, mtime!),
      // A copy with the same time.
      () => {
        place.write(".new", "a");
        Deno.utimeSync(place.at(".new"), mtime!, mtime!);
        Deno.renameSync(place.at(".new"), place.at("a.txt"));
      },
    ];
    for (const touch of touches) {
      const { stamp } = find();
      // Deno gives change times in seconds.
      await pass(1_100);
      touch();
      await place.until(() => find().stamp !== stamp);
      assert.equal(find().version, version);
    }
    assert.deepEqual(place.changes, []);
  },

  "reports a deleted file": async (place) => {
    Deno.removeSync(place.at("a.txt"));
    assert.deepEqual(await place.notified(({ removed }) => removed), ["a.txt"]);
    assert.throws(() => place.catalog.find("a.txt", "any"), isWireError("not-found"));
  },

  "reports the files of a deleted folder": async (place) => {
    Deno.removeSync(place.at("folder"), { recursive: true });
    await place.isListed("a.txt");
  },

  "reports the files of a renamed folder": async (place) => {
    Deno.renameSync(place.at("folder"), place.at("renamed"));
    await place.isListed("a.txt", "renamed/b.txt", "renamed/c.txt");
  },

  "reports a folder that is moved in with its files, and one that is moved out": async (place) => {
    Deno.renameSync(place.at("folder"), `${place.root}.moved`);
    await place.isListed("a.txt");
    Deno.renameSync(`${place.root}.moved`, place.at("back"));
    await place.isListed("a.txt", "back/b.txt", "back/c.txt");
  },

  "reports a file that becomes a folder, and the reverse": async (place) => {
    Deno.removeSync(place.at("a.txt"));
    place.write("a.txt/inside.txt", "x");
    Deno.removeSync(place.at("folder"), { recursive: true });
    place.write("folder", "x");
    await place.isListed("a.txt/inside.txt", "folder");
  },

  "reports a new link, and a change of its target": async (place) => {
    Deno.symlinkSync("folder/b.txt", place.at("link.txt"));
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "link.txt");
    place.write("folder/b.txt", "through the link");
    await place.notified(({ files }) =>
      files.filter(({ path, size }) => path === "link.txt" && size === 16)
    );
    assert.equal(await place.read("link.txt"), "through the link");
  },

  "does not report hidden files, nor writes outside the folder": async (place) => {
    using outside = tempFolder();
    Deno.symlinkSync(outside.path, place.at("outside"));
    place.write(".hidden", "x");
    place.write(".folder/x.txt", "x");
    Deno.writeTextFileSync(join(outside.path, "secret.txt"), "x");
    await pass(1000);
    Deno.writeTextFileSync(join(outside.path, "secret.txt"), "y");
    place.write("last.txt", "x");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "last.txt");
    const notified = place.changes.flatMap(({ files, removed }) => [
      ...files.map(({ path }) => path),
      ...removed,
    ]);
    assert.deepEqual(notified, ["last.txt"]);
  },

  "watches no link to a folder, and everything else beside it": async (place) => {
    using outside = tempFolder();
    Deno.mkdirSync(join(outside.path, "deep"));
    place.write("releases/v2/app", "2");
    Deno.symlinkSync("releases/v2", place.at("current"));
    Deno.symlinkSync(outside.path, place.at("folder/outside"));
    Deno.mkdirSync(`${place.root}.new/x`, { recursive: true });
    Deno.symlinkSync(outside.path, `${place.root}.new/out`);
    Deno.renameSync(`${place.root}.new`, place.at("new"));
    const before = ["a.txt", "folder/b.txt", "folder/c.txt", "releases/v2/app"];
    await place.isListed(...before);
    place.write("new/x/y.txt", "y");
    await place.isListed(...before, "new/x/y.txt");
    if (Deno.build.os !== "linux") return;
    await place.until(() => watchedInodes().includes(inodeOf(place.at("new/x"))));
    for (const path of [outside.path, join(outside.path, "deep")]) {
      assert.ok(!watchedInodes().includes(inodeOf(path)), path);
    }
  },

  "goes on beside names that are not UTF-8": async (place) => {
    const make = (name: string) => {
      const { success } = new Deno.Command("sh", {
        args: ["-c", `printf x > "$(printf '${name}')"; mkdir "$(printf '${name}d')"`],
        cwd: place.root,
      }).outputSync();
      assert.ok(success);
    };
    make("n\\351");
    make("n\\352");
    await pass(500);
    place.write("new.txt", "new");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new.txt");
  },

  "reports the last state of many files that change many times": async (place) => {
    const names = Array.from({ length: 100 }, (_, i) => `burst/${i % 10}/${i}.txt`);
    for (let round = 1; round <= 5; round++) {
      for (const name of names) place.write(name, "x".repeat(round));
      await pass(20);
    }
    for (const name of names.slice(90)) Deno.removeSync(place.at(name));
    const kept = names.slice(0, 90);
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", ...kept);
    const sizes = () => kept.map((path) => place.find(path).size);
    await place.until(() => sizes().every((size) => size === 5));
    // Not one change for each write.
    assert.ok(place.changes.length < 100, `${place.changes.length} changes`);
  },

  "does not change a snapshot": async (place) => {
    const snapshot = place.catalog.snapshot();
    const copy = structuredClone(snapshot);
    place.write("new.txt", "new");
    place.write("a.txt", "changed");
    Deno.removeSync(place.at("folder/b.txt"));
    await place.isListed("a.txt", "folder/c.txt", "new.txt");
    assert.deepEqual(snapshot, copy);
  },

  "calls no listener that has unsubscribed, and all others": async (place) => {
    const notified: string[] = [];
    const one = place.catalog.subscribe(() => notified.push("one"));
    using _two = place.catalog.subscribe(() => notified.push("two"));
    one[Symbol.dispose]();
    place.write("new.txt", "new");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new.txt");
    assert.ok(notified.includes("two") && !notified.includes("one"));
  },

  "gives each change a higher revision": async (place) => {
    assert.equal(place.catalog.revision, 1);
    const revisions: number[] = [];
    using _subscription = place.catalog.subscribe(() => revisions.push(place.catalog.revision));
    for (const name of ["x.txt", "y.txt"]) {
      place.write(name, "x");
      await place.until(() => place.catalog.snapshot().some(({ path }) => path === name));
    }
    assert.deepEqual(revisions, [...revisions].sort((a, b) => a - b));
    assert.equal(new Set([1, ...revisions]).size, revisions.length + 1);
  },
};

/** The inode numbers that this process has asked Linux to watch, in hexadecimal. */
function watchedInodes(): string[] {
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", `grep -ho '^inotify.* ino:[0-9a-f]*' /proc/${Deno.pid}/fdinfo/*`],
  }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").map((line) => line.split(" ino:")[1] ?? "");
}

function inodeOf(path: string): string {
  return Deno.statSync(path).ino!.toString(16);
}

Deno.test("Catalog watches a folder again that was moved away and back", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using place = await catalogFixture({ replaceMs: 100 });
  place.write("new/x/y.txt", "y");
  const isWatched = () => watchedInodes().includes(inodeOf(place.at("new/x")));
  await place.until(isWatched);
  for (let round = 0; round < 2; round++) {
    Deno.renameSync(place.at("new"), join(place.outside, "new"));
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt");
    Deno.renameSync(join(place.outside, "new"), place.at("new"));
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new/x/y.txt");
    await place.until(isWatched);
  }
});

Deno.test("Catalog", async (test) => {
  const steps = Object.entries(BEHAVIOURS).map(([name, fn]) =>
    test.step({
      name: `Catalog ${name}`,
      // Concurrent steps cannot be notified apart by the sanitizers; the enclosing test is checked.
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      fn: async () => {
        await using place = await catalogFixture();
        await fn(place);
        place.assertChangesAddUp();
      },
    })
  );
  await Promise.all(steps);
});

Deno.test("Catalog reports nothing once it is disposed", async () => {
  const place = await catalogFixture();
  await place.catalog[Symbol.asyncDispose]();
  place.write("new.txt", "new");
  await pass(700);
  assert.deepEqual(place.changes, []);
  await place[Symbol.asyncDispose]();
});

Deno.test("Catalog rescans a file that it finds to differ from its entry", async () => {
  using temp = tempFolder();
  Deno.mkdirSync(join(temp.path, "shared"));
  const [inside, outside] = [join(temp.path, "shared", "a.txt"), join(temp.path, "a.txt")];
  Deno.writeTextFileSync(outside, "a");
  Deno.linkSync(outside, inside);
  const { promise: isTold, resolve } = Promise.withResolvers<CatalogChange>();
  const reports = { ...NO_REPORTS, onChanged: resolve };
  const never = 3_600_000;
  await using catalog = await Catalog.open(join(temp.path, "shared"), false, reports, {
    pace: { pollMs: never },
  });
  const [{ version }] = catalog.snapshot() as [ListedFile];
  const file = catalog.find("a.txt", version);
  // The system reports no writes through a name outside the folder.
  await pass(20);
  Deno.writeTextFileSync(outside, "another");
  await assert.rejects(catalog.opener.lease(file), isWireError("changed"));
  const { files } = await isTold;
  assert.deepEqual(files.map(({ path, size }) => [path, size]), [["a.txt", 7]]);
});
