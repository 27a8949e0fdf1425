import assert from "node:assert/strict";
import { dirname, join } from "@std/path";
import { WireError } from "../../lib/errors.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import { Catalog, type CatalogChange } from "../../lib/server/catalog.ts";
import type { FileLease } from "../../lib/server/open_files.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** A test that hangs fails instead. */
const DEADLINE_MS = 20_000;

/** What happens to a shared folder, and what is to be told of it; all at once, for all of it waits. */
const BEHAVIOURS: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  "tells a new file": async (place) => {
    place.write("new.txt", "new");
    const [file] = await place.isTold(({ files }) => files.filter(({ size }) => size === 3));
    assert.equal(file!.path, "new.txt");
    assert.equal(await place.read("new.txt"), "new");
  },

  "tells new files in new folders": async (place) => {
    place.write("x/y/z/new.txt", "new");
    place.write("x/other.txt", "other");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "x/other.txt", "x/y/z/new.txt");
  },

  "tells a changed file, with another version": async (place) => {
    const before = place.find("a.txt");
    place.write("a.txt", "changed");
    await place.isTold(({ files }) => files.filter(({ size }) => size === 7));
    const after = place.find("a.txt");
    assert.notEqual(after.version, before.version);
    assert.equal(await place.read("a.txt"), "changed");
  },

  "tells a file of the same size and time, put in the place of another": async (place) => {
    const before = place.find("a.txt");
    const { mtime } = Deno.statSync(place.at("a.txt"));
    place.write(".new", "A");
    Deno.utimeSync(place.at(".new"), mtime!, mtime!);
    Deno.renameSync(place.at(".new"), place.at("a.txt"));
    await place.isTold(({ files }) => files.filter(({ path }) => path === "a.txt"));
    const after = place.find("a.txt");
    assert.deepEqual([after.size, after.modified], [before.size, before.modified]);
    assert.notEqual(after.version, before.version);
  },

  "tells a deleted file": async (place) => {
    Deno.removeSync(place.at("a.txt"));
    assert.deepEqual(await place.isTold(({ removed }) => removed), ["a.txt"]);
    assert.throws(() => place.catalog.find("a.txt", "any"), isWireError("not-found"));
  },

  "tells the files of a deleted folder": async (place) => {
    Deno.removeSync(place.at("folder"), { recursive: true });
    await place.isListed("a.txt");
  },

  "tells the files of a folder with a new name": async (place) => {
    Deno.renameSync(place.at("folder"), place.at("renamed"));
    await place.isListed("a.txt", "renamed/b.txt", "renamed/c.txt");
  },

  "tells a folder that moves in with its files, and one that moves out": async (place) => {
    Deno.renameSync(place.at("folder"), `${place.root}.moved`);
    await place.isListed("a.txt");
    Deno.renameSync(`${place.root}.moved`, place.at("back"));
    await place.isListed("a.txt", "back/b.txt", "back/c.txt");
  },

  "tells a file that becomes a folder, and the other way round": async (place) => {
    Deno.removeSync(place.at("a.txt"));
    place.write("a.txt/inside.txt", "x");
    Deno.removeSync(place.at("folder"), { recursive: true });
    place.write("folder", "x");
    await place.isListed("a.txt/inside.txt", "folder");
  },

  "tells a link that appears, and what it leads to when that changes": async (place) => {
    Deno.symlinkSync("folder/b.txt", place.at("link.txt"));
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "link.txt");
    place.write("folder/b.txt", "through the link");
    await place.isTold(({ files }) =>
      files.filter(({ path, size }) => path === "link.txt" && size === 16)
    );
    assert.equal(await place.read("link.txt"), "through the link");
  },

  "tells nothing of hidden files, and of what is written outside": async (place) => {
    using outside = tempFolder();
    Deno.symlinkSync(outside.path, place.at("outside"));
    place.write(".hidden", "x");
    place.write(".folder/x.txt", "x");
    Deno.writeTextFileSync(join(outside.path, "secret.txt"), "x");
    await pass(1000);
    Deno.writeTextFileSync(join(outside.path, "secret.txt"), "y");
    place.write("last.txt", "x");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "last.txt");
    const told = place.changes.flatMap(({ files, removed }) => [
      ...files.map(({ path }) => path),
      ...removed,
    ]);
    assert.deepEqual(told, ["last.txt"]);
  },

  "tells the last state of many files that change many times": async (place) => {
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

  "leaves a snapshot as it was": async (place) => {
    const snapshot = place.catalog.snapshot();
    const copy = structuredClone(snapshot);
    place.write("new.txt", "new");
    place.write("a.txt", "changed");
    Deno.removeSync(place.at("folder/b.txt"));
    await place.isListed("a.txt", "folder/c.txt", "new.txt");
    assert.deepEqual(snapshot, copy);
  },

  "tells nobody who has unsubscribed, and everybody else": async (place) => {
    const told: string[] = [];
    const one = place.catalog.subscribe(() => told.push("one"));
    using _two = place.catalog.subscribe(() => told.push("two"));
    one[Symbol.dispose]();
    place.write("new.txt", "new");
    await place.isListed("a.txt", "folder/b.txt", "folder/c.txt", "new.txt");
    assert.ok(told.includes("two") && !told.includes("one"));
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

Deno.test("Catalog", async (test) => {
  const steps = Object.entries(BEHAVIOURS).map(([name, fn]) =>
    test.step({
      name: `Catalog ${name}`,
      // Side by side they cannot be told apart; the test around them is checked.
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      fn: async () => {
        await using place = await makePlace();
        await fn(place);
        place.assertTellsAll();
      },
    })
  );
  await Promise.all(steps);
});

Deno.test("Catalog lists what is in its folder", async () => {
  await using place = await makePlace();
  assert.equal(place.catalog.size, 3);
  assert.equal(place.catalog.revision, 1);
  const { size, modified } = place.find("a.txt");
  assert.equal(size, 1);
  assert.equal(modified, Deno.statSync(place.at("a.txt")).mtime?.getTime());
});

Deno.test("Catalog opens only a folder that can be read", async () => {
  using temp = tempFolder();
  Deno.writeTextFileSync(join(temp.path, "file"), "");
  const open = (name: string) =>
    Catalog.open(join(temp.path, name), false, { changed() {}, onlyPolling() {} });
  await assert.rejects(open("missing"), Deno.errors.NotFound);
  await assert.rejects(open("file"), Deno.errors.NotADirectory);
});

Deno.test("Catalog.find knows a file by its path and its present version", async () => {
  await using place = await makePlace();
  const { version } = place.find("folder/b.txt");
  assert.equal(place.catalog.find("folder/b.txt", version).path, "folder/b.txt");
  for (
    const path of ["folder", "folder/", "b.txt", "", "folder//b.txt", "folder/../folder/b.txt"]
  ) {
    assert.throws(() => place.catalog.find(path, version), isWireError("not-found"), path);
  }
  for (const other of ["", version + "0", place.find("a.txt").version]) {
    assert.throws(() => place.catalog.find("folder/b.txt", other), isWireError("changed"));
  }
});

Deno.test("Catalog.lease opens a file for many readers", async () => {
  await using place = await makePlace();
  const file = place.shared("folder/b.txt");
  const leases = await Promise.all([1, 2, 3].map(() => place.catalog.lease(file)));
  for (const lease of leases) assert.equal(await textOf(lease), "b");
  for (const lease of leases) {
    await place.catalog.assertUnchanged(file, lease);
    lease.release();
  }
});

// What happens to a file between its listing and its request, before the folder is looked at again.
for (
  const [what, happen, code] of [
    ["was replaced", ({ at, write }: Place) => {
      write(".new", "b");
      Deno.renameSync(at(".new"), at("folder/b.txt"));
    }, "changed"],
    ["was written to", ({ at }: Place) => {
      Deno.writeTextFileSync(at("folder/b.txt"), "b and more");
    }, "changed"],
    ["was cut off", ({ at }: Place) => Deno.truncateSync(at("folder/b.txt"), 0), "changed"],
    ["was deleted", ({ at }: Place) => Deno.removeSync(at("folder/b.txt")), "not-found"],
    ["became a folder", ({ at }: Place) => {
      Deno.removeSync(at("folder/b.txt"));
      Deno.mkdirSync(at("folder/b.txt"));
    }, "changed"],
    ["became a link to a file outside", ({ at, outside }: Place) => {
      Deno.removeSync(at("folder/b.txt"));
      Deno.symlinkSync(join(outside, "b.txt"), at("folder/b.txt"));
    }, "changed"],
    ["became a link to another file of the folder", ({ at }: Place) => {
      Deno.removeSync(at("folder/b.txt"));
      Deno.symlinkSync(at("folder/c.txt"), at("folder/b.txt"));
    }, "changed"],
    ["is in a folder that became a link to one outside", ({ at, outside }: Place) => {
      Deno.removeSync(at("folder"), { recursive: true });
      Deno.symlinkSync(outside, at("folder"));
    }, "changed"],
    ["is in a folder that moved outside and left a link", ({ at, outside }: Place) => {
      Deno.renameSync(at("folder"), join(outside, "moved"));
      Deno.symlinkSync(join(outside, "moved"), at("folder"));
    }, "changed"],
    ["is in a folder that is gone", ({ at }: Place) => {
      Deno.removeSync(at("folder"), { recursive: true });
    }, "not-found"],
  ] as const
) {
  Deno.test(`Catalog.lease refuses a file that ${what} as ${code}`, async () => {
    await using place = await makePlace();
    const file = place.shared("folder/b.txt");
    // Times on disk are coarser than tests are quick.
    await pass(20);
    happen(place);
    await assert.rejects(place.catalog.lease(file), isWireError(code));
    // Again, for nothing of it is kept.
    await assert.rejects(place.catalog.lease(file), isWireError(code));
    await assert.rejects(place.catalog.realPath(file), isWireError(code));
  });
}

Deno.test("Catalog.realPath is where a file or a link's file is", async () => {
  await using place = await makePlace();
  const real = await place.catalog.realPath(place.shared("folder/b.txt"));
  assert.equal(real, place.at("folder/b.txt"));
  Deno.symlinkSync("folder/b.txt", place.at("link.txt"));
  await place.until(() => place.find("link.txt") !== undefined);
  assert.equal(await place.catalog.realPath(place.shared("link.txt")), real);
});

Deno.test("Catalog.assertUnchanged tells a reader that its file was written to", async () => {
  await using place = await makePlace();
  const file = place.shared("a.txt");
  const lease = await place.catalog.lease(file);
  await place.catalog.assertUnchanged(file, lease);
  await pass(20);
  Deno.writeTextFileSync(place.at("a.txt"), "b");
  await assert.rejects(place.catalog.assertUnchanged(file, lease), isWireError("changed"));
  lease.release();
});

Deno.test("Catalog tells nothing more once it is disposed", async () => {
  const place = await makePlace();
  await place.catalog[Symbol.asyncDispose]();
  place.write("new.txt", "new");
  await pass(700);
  assert.deepEqual(place.changes, []);
  await place[Symbol.asyncDispose]();
});

function isWireError(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof WireError, `${error}`);
    assert.equal(error.code, code);
    return true;
  };
}

async function textOf({ handle }: FileLease): Promise<string> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(100), 0, 100, 0);
  return new TextDecoder().decode(buffer.subarray(0, bytesRead));
}

/** A shared folder with the files `a.txt`, `folder/b.txt` and `folder/c.txt`. */
interface Place extends AsyncDisposable {
  readonly root: string;
  /** A folder beside it with a file `b.txt`. */
  readonly outside: string;
  readonly catalog: Catalog;
  readonly changes: readonly CatalogChange[];
  at(path: string): string;
  write(path: string, content: string): void;
  /** A file as the list names it. */
  find(path: string): ListedFile;
  shared(path: string): ReturnType<Catalog["find"]>;
  read(path: string): Promise<string>;
  until(holds: () => boolean): Promise<void>;
  /** Waits until a change says something; what it says. */
  isTold<T>(what: (change: CatalogChange) => readonly T[]): Promise<readonly T[]>;
  /** Waits until the list has these files and no others. */
  isListed(...paths: string[]): Promise<void>;
  /** The changes that were told make the present list of the first one. */
  assertTellsAll(): void;
}

async function makePlace(): Promise<Place> {
  const temp = tempFolder();
  const root = join(temp.path, "shared");
  const outside = join(temp.path, "outside");
  const at = (path: string) => join(root, path);
  const write = (path: string, content: string) => {
    Deno.mkdirSync(dirname(at(path)), { recursive: true });
    Deno.writeTextFileSync(at(path), content);
  };
  write("a.txt", "a");
  write("folder/b.txt", "b");
  write("folder/c.txt", "c");
  Deno.mkdirSync(outside);
  Deno.writeTextFileSync(join(outside, "b.txt"), "b");

  const changes: CatalogChange[] = [];
  const catalog = await Catalog.open(root, false, {
    changed: (change) => changes.push(change),
    onlyPolling() {},
  });
  const first = catalog.snapshot();
  const byPath = () => new Map(catalog.snapshot().map((file) => [file.path, file]));
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds()) {
      const paths = [...byPath().keys()];
      assert.ok(performance.now() < deadline, `It does not come about: ${paths.join(", ")}`);
      await pass(10);
    }
  };
  const find = (path: string) => byPath().get(path)!;
  const shared = (path: string) => catalog.find(path, find(path).version);
  return {
    root,
    outside,
    catalog,
    changes,
    at,
    write,
    find,
    shared,
    until,
    async read(path) {
      const lease = await catalog.lease(shared(path));
      const text = await textOf(lease);
      lease.release();
      return text;
    },
    async isTold(what) {
      await until(() => changes.some((change) => what(change).length > 0));
      return changes.flatMap(what);
    },
    async isListed(...paths) {
      const expected = paths.sort().join();
      await until(() => [...byPath().keys()].sort().join() === expected);
    },
    assertTellsAll() {
      const files = new Map(first.map((file) => [file.path, file]));
      for (const { files: changed, removed } of changes) {
        for (const path of removed) assert.ok(files.delete(path), `${path} was not there`);
        for (const file of changed) files.set(file.path, file);
      }
      assert.deepEqual(files, byPath());
      assert.equal(catalog.revision, 1 + changes.length);
      assert.equal(catalog.size, files.size);
    },
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

async function pass(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.realPathSync(Deno.makeTempDirSync());
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
