import assert from "node:assert/strict";
import { basename } from "node:path/posix";
import { type PlacedFile, Placements } from "../../../lib/client/disk/placements.ts";
import { OutputError } from "../../../lib/errors.ts";
import { type Random, seededRandom } from "../../support/seeded_random.ts";

const SWAPPED_AT = 2_000;

/** An output folder whose folder `sub` another process may swap for a link to `/away` at each call. */
class FakeDisk {
  /** The numbers of the files, by real path. */
  readonly files = new Map<string, number>();
  readonly removed: string[] = [];
  calls = 0;
  /** Whether a link is at `/out/sub`. */
  isLink = false;
  readonly random: () => number;

  /**
   * @param swap Whether the folder is swapped before a call.
   * @param changedAt When something was last moved in `/out`, in milliseconds.
   */
  constructor(
    readonly swap: (call: number) => boolean = () => false,
    readonly changedAt = 0,
    random: Random = seededRandom(1),
  ) {
    this.random = random.next;
  }

  readonly realPath = (path: string): string => {
    this.#tick();
    return this.#resolve(path);
  };

  readonly lstat = (path: string) => {
    this.#tick();
    const real = this.#resolve(path);
    const ino = this.files.get(real);
    const time = real === "/out" || real === "/" ? this.changedAt : 1_000;
    const isFile = basename(path).includes("file");
    return isFile && ino === undefined ? null : { ino: ino ?? 1, dev: 1, ctime: new Date(time) };
  };

  readonly remove = (path: string): void => {
    this.removed.push(path);
    this.files.delete(path);
  };

  /** A file with its data, which has one name if it is on this disk. */
  placed(name: string, ino: number): PlacedFile {
    const isThere = () => [...this.files.values()].includes(ino);
    const statSync = () => ({ nlink: isThere() ? 1 : 0 }) as Deno.FileInfo;
    const data = { statSync, close: () => {} };
    return { final: `/out/${name}`, data, numbers: { ino, dev: 1 } };
  }

  #tick(): void {
    if (this.swap(this.calls++)) this.isLink = !this.isLink;
  }

  #resolve(path: string): string {
    return this.isLink ? path.replace(/^\/out\/sub/, "/away") : path;
  }
}

Deno.test("Placements proves files with one call each and a few for their folder", () => {
  const disk = new FakeDisk();
  const placements = new Placements("/out", disk);
  const placed = Array.from({ length: 100 }, (_, i) => {
    disk.files.set(`/out/sub/file${i}`, i);
    return disk.placed(`sub/file${i}`, i);
  });
  assert.deepEqual(placements.doubtful(placed), []);
  assert.ok(disk.calls < 125, `${disk.calls} calls`);
  assert.deepEqual(placements.doubtful([]), []);
});

Deno.test("Placements proves a file in a folder whose name has another case on the disk", () => {
  const disk = new FakeDisk();
  disk.files.set("/out/sub/file", 7);
  const realPath = () => "/out/SUB";
  const placements = new Placements("/out", { ...disk, realPath });
  assert.deepEqual(placements.doubtful([disk.placed("sub/file", 7)]), []);
});

Deno.test("Placements doubts a file in place of another, and leaves it", async () => {
  const disk = new FakeDisk();
  disk.files.set("/out/file", 8);
  const placements = new Placements("/out", disk);
  const placed = disk.placed("file", 7);
  assert.deepEqual(placements.doubtful([placed]), [placed]);
  await assert.rejects(placements.settle(placed), (error) => {
    assert.ok(error instanceof OutputError);
    assert.match(error.message, /^another program removed or replaced it/);
    return true;
  });
  assert.deepEqual(disk.removed, []);
});

Deno.test("Placements removes a file from where a link led it", async () => {
  const disk = new FakeDisk();
  disk.isLink = true;
  disk.files.set("/away/file", 7);
  const placements = new Placements("/out", disk);
  const placed = disk.placed("sub/file", 7);
  assert.deepEqual(placements.doubtful([placed]), [placed]);
  await assert.rejects(placements.settle(placed), /a link to "\/away" took the place/);
  assert.deepEqual(disk.removed, ["/away/file"]);
});

/** Ways to swap a folder all the time. */
const LOOPS: Record<string, (random: Random) => (call: number) => boolean> = {
  "at every call": () => () => true,
  "at every other call": () => (call) => call % 2 === 0,
  "at every tenth call": () => (call) => call % 10 === 0,
  "at random": (random) => () => random.next() < 0.5,
};

for (const [when, loop] of Object.entries(LOOPS)) {
  Deno.test(`Placements lets no file outside pass while a folder is swapped ${when}`, async () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = seededRandom(seed);
      const disk = new FakeDisk(loop(random), SWAPPED_AT, random);
      disk.isLink = seed % 2 === 0;
      disk.files.set("/away/file", 7);
      const placements = new Placements("/out", disk);
      placements.alarm();
      const placed = disk.placed("sub/file", 7);
      assert.deepEqual(placements.doubtful([placed]), [placed], `seed ${seed}`);
      await assert.rejects(placements.settle(placed), OutputError, `seed ${seed}`);
      assert.deepEqual([...disk.files], [], `seed ${seed}`);
    }
  });

  // Then no two calls in a row show the folder, so that nothing is proven.
  if (when === "at every call") continue;
  Deno.test(`Placements keeps a file inside while a folder is swapped ${when}`, async () => {
    const random = seededRandom(3);
    const disk = new FakeDisk(loop(random), SWAPPED_AT, random);
    disk.files.set("/out/sub/file", 7);
    disk.files.set("/away/file", 8);
    const placements = new Placements("/out", disk);
    await placements.settle(disk.placed("sub/file", 7));
    assert.deepEqual(disk.removed, []);
  });
}

Deno.test("Placements finds a file outside after the folder is back in its place", async () => {
  const disk = new FakeDisk();
  const placements = new Placements("/out", disk);
  disk.isLink = true;
  disk.files.set("/away/file1", 1);
  const first = disk.placed("sub/file1", 1);
  assert.deepEqual(placements.doubtful([first]), [first]);
  disk.isLink = false;
  disk.files.set("/away/file2", 2);
  const second = disk.placed("sub/file2", 2);
  assert.deepEqual(placements.doubtful([second]), [second]);
  for (const placed of [first, second]) {
    await assert.rejects(placements.settle(placed), /a link to/);
  }
  assert.deepEqual(disk.removed, ["/away/file1", "/away/file2"]);
});
