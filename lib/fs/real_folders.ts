/**
 * Proof that files are in a folder, although a local user may swap the folders on the way for links.
 *
 * Every call resolves its path by itself, so a look at the folders on the way says nothing about the
 * call before it or after it. Two proofs are possible nevertheless:
 *
 * - A rename changes the change time of the folder in which it happens. If the folders that contain
 *   a folder on the way have the same time before and after a call, and it lies further back than a
 *   file system's clock is coarse, then the call took the way that was looked at.
 * - In busy folders, such as one that receives an upload, that may never be so. There, the files and
 *   the folders on the way are looked up many times in an order that nobody can foresee, and each
 *   has to be the same every time. With a link in the folder's place the look at the folder fails,
 *   without it the look at the file outside fails; so the one who swaps them would have to guess
 *   which lookup comes next, each time.
 *
 * Not guarded against: a file system that does not record renames, or one of another machine whose
 * clock differs, if the swaps also fall into one step of its clock.
 *
 * @module
 */
import { join } from "@std/path";
import { type Inode, isSameInode } from "./file_identity.ts";
import type { Lookups } from "./lookups.ts";
import { nameOf, parentOf } from "./wire_path.ts";

/** How long a folder has to be unchanged before its change time counts, in milliseconds. */
const SETTLED_MS = 50;
/** The step of file systems that record whole seconds, in milliseconds. */
const COARSE_STEP_MS = 1_000;
/** Guesses succeed with a probability of 2 to the power of minus this. */
const PROOF_BITS = 40;
/** The most often that a folder is looked up in one pass. */
const MAX_REPEATS = 64;

/** A folder on the way is another one than a moment ago. */
export class FolderSwappedError extends Error {
  override readonly name = "FolderSwappedError";
}

/** A folder on the way, as it was looked at. */
interface SeenFolder extends Inode {
  readonly path: string;
  /** When something was last created, removed or renamed in it, in milliseconds; null if unknown. */
  readonly changed: number | null;
  /** Whether that was long enough before the look. */
  readonly isSettled: boolean;
}

/** The folders on the way to some files, from the root on. */
export type Way = readonly SeenFolder[];

/** The sources of chance and time. */
export interface ProofOptions {
  /** Returns the time of day in milliseconds. @default {Date.now} */
  readonly now?: () => number;
  /** Returns a number from 0 to below 1. @default {Math.random} */
  readonly random?: () => number;
}

/** The folders below one root, for one scan, one batch of files, or one file. */
export class RealFolders {
  readonly #root: string;
  readonly #now: () => number;
  readonly #random: () => number;
  /** The settled ones of those that were looked at, by path. */
  readonly #settled = new Map<string, SeenFolder>();

  /** @param root A real path on disk; the folder there is taken for granted. */
  constructor(root: string, { now = Date.now, random = Math.random }: ProofOptions = {}) {
    this.#root = root;
    this.#now = now;
    this.#random = random;
  }

  /**
   * Looks at the way to a folder, before anything in the folder is looked at.
   *
   * @param folder The folder's path below the root, with `/` between segments; empty for the root.
   * @returns The way; null if something on it is not there, or is no folder but a link.
   */
  *enter(folder: string): Lookups<Way | null> {
    const way: SeenFolder[] = [];
    for (const path of pathsTo(folder)) {
      const seen = this.#settled.get(path) ?? this.#seen(path, yield this.#onDisk(path));
      if (!seen) return null;
      if (seen.isSettled) this.#settled.set(path, seen);
      way.push(seen);
    }
    return way;
  }

  /**
   * Proves files that were looked at since `enter`.
   *
   * @param way The way to the folder that holds them.
   * @param files The files, by their names in the folder.
   * @returns The names of those that were really in it; another one may have been replaced.
   * @throws {FolderSwappedError} If a folder on the way is another one than a moment ago.
   */
  *prove(way: Way, files: ReadonlyMap<string, Inode>): Lookups<ReadonlySet<string>> {
    let isSettled = true;
    // Renames in the last folder concern only the files, not the way.
    for (const seen of way.slice(0, -1)) {
      const info = yield this.#onDisk(seen.path);
      this.#assertSame(seen, info);
      if (seen.isSettled && changeTime(info!) === seen.changed) continue;
      this.#settled.delete(seen.path);
      isSettled = false;
    }
    return isSettled ? new Set(files.keys()) : yield* this.#lookAgain(way, files);
  }

  /**
   * Finds the file or link at a path.
   *
   * @returns Its metadata; null if it is not there, or not really inside the root.
   * @throws {FolderSwappedError} If a folder on the way is another one than a moment ago.
   */
  *find(path: string): Lookups<Deno.FileInfo | null> {
    const way = yield* this.enter(parentOf(path));
    const info = way && (yield this.#onDisk(path));
    if (!info) return null;
    const name = nameOf(path);
    const proven = yield* this.prove(way, new Map([[name, info]]));
    return proven.has(name) ? info : null;
  }

  /** Looks everything up again and again, in an order that nobody can foresee. */
  *#lookAgain(way: Way, files: ReadonlyMap<string, Inode>): Lookups<ReadonlySet<string>> {
    const repeats = Math.min(MAX_REPEATS, files.size);
    // A guess survives one pass with a probability of at most 1 / (repeats + 1).
    const passes = Math.ceil(PROOF_BITS / Math.log2(repeats + 1));
    const folders = Array.from({ length: repeats }, () => way.slice(1)).flat();
    const parent = this.#onDisk(way.at(-1)!.path);
    const left = new Map(files);
    for (let pass = 0; pass < passes && left.size > 0; pass++) {
      for (const lookup of this.#shuffled([...left.keys(), ...folders])) {
        if (typeof lookup === "string") {
          if (!isSameInode(yield join(parent, lookup), left.get(lookup)!)) left.delete(lookup);
        } else {
          this.#assertSame(lookup, yield this.#onDisk(lookup.path));
        }
      }
    }
    return new Set(left.keys());
  }

  #seen(path: string, info: Deno.FileInfo | null): SeenFolder | null {
    if (!info?.isDirectory) return null;
    const { dev, ino } = info;
    const changed = changeTime(info);
    const isSettled = changed === null || this.#now() - latest(changed) > SETTLED_MS;
    return { path, dev, ino, changed, isSettled };
  }

  #assertSame(seen: SeenFolder, info: Deno.FileInfo | null): void {
    if (info?.isDirectory && isSameInode(info, seen)) return;
    this.#settled.clear();
    throw new FolderSwappedError(`The folder "${seen.path}" is being replaced`);
  }

  #shuffled<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  #onDisk(path: string): string {
    return join(this.#root, ...path.split("/"));
  }
}

/** The latest moment that a recorded time may stand for, in milliseconds. */
function latest(recorded: number): number {
  return recorded % COARSE_STEP_MS === 0 ? recorded + COARSE_STEP_MS : recorded;
}

function changeTime({ ctime }: Deno.FileInfo): number | null {
  return ctime?.getTime() ?? null;
}

/** The root, and all folders below it down to one: "", "a" and "a/b" for "a/b". */
function pathsTo(folder: string): string[] {
  return folder === "" ? [""] : [...pathsTo(parentOf(folder)), folder];
}
