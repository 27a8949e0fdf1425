import assert from "node:assert/strict";
import type { Inode } from "../../lib/fs/file_identity.ts";
import { FolderSwappedError, type ProofOptions, RealFolders } from "../../lib/fs/real_folders.ts";
import type { Lookups } from "../../lib/fs/lookups.ts";
import { freshSeed, seededRandom } from "../support/seeded_random.ts";

/** The time of day in these tests, in milliseconds; no whole second. */
const NOW = 1_700_000_000_500;
/** A change time that counts, and one that does not yet. */
const [LONG_AGO, JUST_NOW] = [NOW - 60_001, NOW - 10];
/** The files and folders outside. */
const [SECRET, OUTER] = [900, 901];

/** A file system with the folders `/`, `/a` and `/a/b`, and the files `/a/b/f` and `/a/b/g`. */
class FakeDisk {
  /** The inode and the change time of each folder. */
  readonly folders = new Map([["/", [1, LONG_AGO]], ["/a", [2, LONG_AGO]], ["/a/b", [
    3,
    LONG_AGO,
  ]]]);
  readonly files = new Map([["/a/b/f", 4], ["/a/b/g", 5]]);
  /** A folder that is a link to one outside now, which has the same files and folders. */
  linked: string | null = null;
  lookups = 0;

  info(path: string): Deno.FileInfo | null {
    this.lookups++;
    const [folder, file] = [this.folders.get(path), this.files.get(path)];
    const isOutside = this.linked !== null && path.startsWith(this.linked + "/");
    const isLink = path === this.linked;
    const ino = isOutside ? (folder ? OUTER : SECRET) : folder?.[0] ?? file;
    if (ino === undefined) return null;
    const ctime = new Date(folder?.[1] ?? LONG_AGO);
    return { dev: 1, ino, isDirectory: !!folder && !isLink, ctime } as unknown as Deno.FileInfo;
  }

  run<T>(lookups: Lookups<T>, before: (path: string) => void = () => {}): T {
    let step = lookups.next();
    while (!step.done) {
      before(step.value);
      step = lookups.next(this.info(step.value));
    }
    return step.value;
  }
}

function foldersOf(options: ProofOptions = {}): RealFolders {
  return new RealFolders("/", { now: () => NOW, ...options });
}

function inodes(entries: Readonly<Record<string, number>>): Map<string, Inode> {
  return new Map(Object.entries(entries).map(([name, ino]) => [name, { dev: 1, ino }]));
}

const POSIX = { ignore: Deno.build.os === "windows" };

Deno.test(
  "RealFolders proves files below calm folders with one look before and one after",
  POSIX,
  () => {
    const disk = new FakeDisk();
    const folders = foldersOf();
    const way = disk.run(folders.enter("a/b"))!;
    assert.equal(disk.lookups, 3);
    const proven = disk.run(folders.prove(way, inodes({ f: 4, g: 5 })));
    assert.deepEqual([...proven], ["f", "g"]);
    assert.equal(disk.lookups, 5);
    // The next look knows the folders that are calm.
    assert.ok(disk.run(folders.enter("a")));
    assert.equal(disk.lookups, 5);
  },
);

Deno.test("RealFolders needs no proof for the files of the root", POSIX, () => {
  const disk = new FakeDisk();
  disk.folders.set("/", [1, JUST_NOW]);
  const folders = foldersOf();
  const way = disk.run(folders.enter(""))!;
  assert.deepEqual([...disk.run(folders.prove(way, inodes({ x: 7 })))], ["x"]);
});

Deno.test("RealFolders enters no folder that is absent, a link, or a file", POSIX, () => {
  const disk = new FakeDisk();
  assert.equal(disk.run(foldersOf().enter("a/c")), null);
  assert.equal(disk.run(foldersOf().enter("a/b/f")), null);
  for (const linked of ["/a", "/a/b"]) {
    disk.linked = linked;
    assert.equal(disk.run(foldersOf().enter("a/b")), null, linked);
  }
});

Deno.test("RealFolders proves files in folders that are always changing", POSIX, () => {
  for (const busy of ["/", "/a"]) {
    const disk = new FakeDisk();
    const change = () => disk.folders.set(busy, [disk.folders.get(busy)![0]!, JUST_NOW]);
    change();
    const folders = foldersOf();
    const way = disk.run(folders.enter("a/b"))!;
    assert.deepEqual([...disk.run(folders.prove(way, inodes({ f: 4 })), change)], ["f"]);
  }
});

Deno.test("RealFolders drops a file that was replaced, and keeps the others", POSIX, () => {
  const disk = new FakeDisk();
  disk.folders.set("/a", [2, JUST_NOW]);
  const folders = foldersOf();
  const way = disk.run(folders.enter("a/b"))!;
  assert.deepEqual([...disk.run(folders.prove(way, inodes({ f: 4, g: 6 })))], ["f"]);
});

Deno.test("RealFolders throws for a folder that is another one after the look", POSIX, () => {
  for (const swapped of ["/", "/a"]) {
    const disk = new FakeDisk();
    const folders = foldersOf();
    const way = disk.run(folders.enter("a/b"))!;
    disk.folders.set(swapped, [77, LONG_AGO]);
    assert.throws(() => disk.run(folders.prove(way, inodes({ f: 4 }))), FolderSwappedError);
  }
});

Deno.test("RealFolders does not trust a time that may stand for a later moment", POSIX, () => {
  // The step of a coarse file system that has not ended is as if the folder had just changed.
  for (const changed of [JUST_NOW, NOW - 500, NOW + 5_000]) {
    const disk = new FakeDisk();
    disk.folders.set("/", [1, changed]);
    const folders = foldersOf();
    const way = disk.run(folders.enter("a"))!;
    assert.equal(way[0]!.isSettled, false, `${changed - NOW}`);
  }
});

Deno.test(
  "RealFolders sees through a folder that was swapped only for the look at its files",
  POSIX,
  () => {
    const disk = new FakeDisk();
    const folders = foldersOf();
    const way = disk.run(folders.enter("a/b"))!;
    // The rename, and the one back, leave their time in the folder in which they happen.
    disk.folders.set("/", [1, JUST_NOW]);
    assert.deepEqual([...disk.run(folders.prove(way, inodes({ f: SECRET })))], []);
  },
);

Deno.test("RealFolders proves nothing for one who swaps at any speed", POSIX, () => {
  const seed = freshSeed();
  const random = seededRandom(seed);
  for (let round = 0; round < 2_000; round++) {
    const disk = new FakeDisk();
    disk.folders.set("/", [1, JUST_NOW]);
    disk.folders.set("/a", [2, JUST_NOW]);
    const linked = round % 2 === 0 ? "/a" : "/a/b";
    const chance = random.next();
    const folders = foldersOf({ random: () => random.next() });
    const way = disk.run(folders.enter("a/b"))!;
    const swap = () => disk.linked = random.next() < chance ? linked : null;
    try {
      const proven = disk.run(folders.prove(way, inodes({ f: SECRET, g: 5 })), swap);
      assert.ok(!proven.has("f"), `seed ${seed}, round ${round}`);
    } catch (error) {
      assert.ok(error instanceof FolderSwappedError);
    }
  }
});

Deno.test("RealFolders finds what is in place, and nothing else", POSIX, () => {
  const disk = new FakeDisk();
  assert.equal(disk.run(foldersOf().find("a/b/f"))?.ino, 4);
  assert.equal(disk.run(foldersOf().find("a/b/x")), null);
  disk.linked = "/a";
  assert.equal(disk.run(foldersOf().find("a/b/f")), null);
});
