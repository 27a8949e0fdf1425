/**
 * The proof that a file moved to its name is the one that was written, and lies in the output folder.
 *
 * A rename names paths, and Deno has no call that names an open folder. So another process can put a
 * file in place of the data just before the rename, or a link in place of a folder. Therefore the
 * data stays open until the rename is done, which keeps its number from being used again, and
 * afterwards the place is compared with it.
 *
 * A folder can be swapped for a link and back between any two calls, but not without changing the
 * folder above it: if none of those has changed since the rename, one look proves the place. Else
 * only many looks at the place and its folder, in turns, make a mistake improbable. They cost as much
 * as writing a small file, so they begin with the first sign of such a swap, and a folder that is
 * swapped in a loop shows one as soon as it is looked at a few times.
 *
 * @module
 */
import { basename, dirname, join, SEPARATOR } from "@std/path";
import { sleep } from "../../async/sleep.ts";
import { OutputError } from "../../errors.ts";
import { type Inode, isSameInode } from "../../fs/file_identity.ts";
import { lstatOrNull } from "../../fs/not_found.ts";
import { quoted } from "../../text/sanitize.ts";

/** How often a folder is looked at for the first sign of swaps, and how often again, in milliseconds. */
const FIRST_LOOKS = 8;
const LOOK_AGAIN_MS = 1_000;
/** The most folders of which it is remembered when they were looked at. */
const MAX_LOOKED_AT = 1_000;
/** After such a sign: how often each place is looked at, and all places of a folder, at least. */
const ROUNDS = 3;
const LOOKS = 16;
/** How often a doubtful file is seen in its place before it counts as there. */
const SIGHTINGS = 16;
/** The most tries to find a doubtful file. */
const MAX_TRIES = 64;
/** The pause after a try that does not find it in its place, in milliseconds. */
const PAUSE_MS = 5;
/** The most folders outside that are remembered. */
const MAX_OUTSIDE = 64;

/** A file that was moved to its name. */
export interface PlacedFile {
  /** Its final path. */
  readonly final: string;
  /** Its open data. */
  readonly data: Pick<Deno.FsFile, "statSync" | "close">;
  /** The numbers of the data. */
  readonly numbers: Inode;
}

/** The calls on the disk; tests have their own. */
export interface PlacementDisk {
  readonly realPath: (path: string) => string;
  readonly lstat: (path: string) => Inode & Pick<Deno.FileInfo, "ctime"> | null;
  readonly remove: (path: string) => void;
  /** A random number from 0 to 1. */
  readonly random: () => number;
}

const SYSTEM: PlacementDisk = {
  realPath: Deno.realPathSync,
  lstat: lstatOrNull,
  remove: Deno.removeSync,
  random: Math.random,
};

/** Proves the places of the files of one output folder. */
export class Placements {
  readonly #root: string;
  readonly #prefix: string;
  readonly #disk: PlacementDisk;
  /** Folders outside that links have led to. */
  readonly #outside = new Set<string>();
  /** Until when a folder needs few looks, as of `performance.now()`. */
  readonly #calmUntil = new Map<string, number>();
  #isAlarmed = false;

  /** @param root The real path of the output folder. */
  constructor(root: string, disk: PlacementDisk = SYSTEM) {
    this.#root = root;
    this.#prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
    this.#disk = disk;
  }

  /**
   * The files that are not surely in their places. One call for each file, and a few for each folder,
   * unless folders have just changed.
   */
  doubtful<P extends PlacedFile>(placed: readonly P[]): P[] {
    if (placed.length === 0) return [];
    const folders = Map.groupBy(placed, ({ final }) => dirname(final));
    const doubtful = [...folders].flatMap(([folder, files]) =>
      this.#isProven(folder, files) ? [] : files
    );
    if (doubtful.length > 0) this.alarm();
    return doubtful;
  }

  /** Looks more often from now on: something in the output folder is not as it should be. */
  alarm(): void {
    this.#isAlarmed = true;
  }

  /**
   * Finds out where a doubtful file is. If it lies outside the output folder, it is removed there.
   *
   * @throws {OutputError} If it is not in its place.
   */
  async settle(file: PlacedFile): Promise<void> {
    const { signal } = new AbortController();
    let sightings = 0;
    for (let tries = 0; tries < MAX_TRIES && sightings < SIGHTINGS; tries++) {
      if (this.#isSteadilyInside(dirname(file.final)) && this.#isAt(file.final, file)) {
        sightings++;
        continue;
      }
      this.#removeOutside(file);
      if (file.data.statSync().nlink === 0) break;
      await sleep(PAUSE_MS, signal);
    }
    if (sightings > 0) return;
    throw new OutputError("another program removed or replaced it while it was moved to its name");
  }

  #isProven(folder: string, files: readonly PlacedFile[]): boolean {
    let movedAt = Infinity;
    for (const { final, numbers } of files) {
      const there = this.#lstat(final);
      if (!there || !isSameInode(there, numbers)) return false;
      movedAt = Math.min(movedAt, there.ctime?.getTime() ?? 0);
    }
    if (!this.#isCalm(folder)) return false;
    if (!this.#isAlarmed || this.#isUnchanged(folder, movedAt)) return true;
    for (let round = 0; round < Math.max(ROUNDS, LOOKS / files.length); round++) {
      for (const file of files) {
        if (!this.#isAt(file.final, file) || !this.#isSteadilyInside(folder)) return false;
      }
    }
    return true;
  }

  /** Whether a folder is inside the output folder, and shows no sign of being swapped. */
  #isCalm(folder: string): boolean {
    const now = performance.now();
    if (now < (this.#calmUntil.get(folder) ?? 0)) return this.#isSteadilyInside(folder);
    for (let looks = 0; looks < FIRST_LOOKS; looks++) {
      if (!this.#isInside(folder)) return false;
    }
    if (this.#calmUntil.size === MAX_LOOKED_AT) this.#calmUntil.clear();
    this.#calmUntil.set(folder, now + LOOK_AGAIN_MS);
    return true;
  }

  /**
   * Whether a folder is inside the output folder, as often as it is looked at. The number of looks is
   * random: calls take turns with swaps in the kernel, so that every other one shows the same.
   */
  #isSteadilyInside(folder: string): boolean {
    do if (!this.#isInside(folder)) return false; while (this.#disk.random() < 0.5);
    return true;
  }

  /**
   * Whether no folder on the way to a folder has been replaced since a file got its present time of
   * change, which is that of its rename or earlier. No clock is read: that of a file system may lag.
   */
  #isUnchanged(folder: string, since: number): boolean {
    for (let at = folder;; at = dirname(at)) {
      const above = this.#lstat(dirname(at));
      if (!above?.ctime || above.ctime.getTime() >= since) return false;
      if (at.length <= this.#root.length) return true;
    }
  }

  /** Whether a folder is inside the output folder, all links followed. */
  #isInside(folder: string): boolean {
    let real: string;
    try {
      real = this.#disk.realPath(folder);
    } catch {
      return false;
    }
    // Not compared with the folder: the disk may ignore case.
    if (real === this.#root || real.startsWith(this.#prefix)) return true;
    if (this.#outside.size < MAX_OUTSIDE) this.#outside.add(real);
    return false;
  }

  #isAt(path: string, { numbers }: PlacedFile): boolean {
    return isSameInode(this.#lstat(path), numbers);
  }

  /** @throws {OutputError} If the file was outside. */
  #removeOutside(file: PlacedFile): void {
    for (const folder of this.#outside) {
      const path = join(folder, basename(file.final));
      if (!this.#isAt(path, file)) continue;
      this.#disk.remove(path);
      throw new OutputError(
        `a link to ${quoted(folder)} took the place of its folder; it was removed from there`,
      );
    }
  }

  #lstat(path: string): ReturnType<PlacementDisk["lstat"]> {
    try {
      return this.#disk.lstat(path);
    } catch {
      // A file took the place of a folder on the way, or the path may not be read.
      return null;
    }
  }
}
