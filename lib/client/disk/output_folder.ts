/**
 * The folder that downloads go to: where a file's data grows, and where it ends up.
 *
 * Every name passes `safe_path.ts` before it comes here. This file guards against what stands on
 * the disk already: links and other things in the way. Not guarded against: somebody who swaps
 * them in between two system calls.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, resolve, SEPARATOR } from "@std/path";
import { describeDenial, messageOf, UserError } from "../../errors.ts";
import { quoted } from "../../text/sanitize.ts";
import { OWN_FOLDER } from "../../fs/safe_path.ts";
import { FolderListing } from "./folder_listing.ts";
import { mayBeHeld, replaceFile } from "./replace_file.ts";
import { lstatOrNull, nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";

/** What the names begin with of files that are made to try something, and removed at once. */
const PROBE = "probe-";

/** How long a look at a folder counts, in milliseconds: there may be very many files in it. */
const LOOK_MS = 100;

/** A file cannot be put where it belongs. */
export class OutputError extends Error {
  override name = "OutputError";
}

/** An open folder, for another thread. */
export interface OutputFolderState {
  readonly root: string;
  readonly foldsNames: boolean;
}

/** Where a file is while it grows. */
export interface WorkPath {
  readonly data: string;
  readonly journal: string;
}

/** An output folder that exists and can be written to. */
export class OutputFolder {
  /**
   * Whether the file system takes names for one that differ in nothing but case, or Unicode form.
   * Unknown, and taken for no, of a folder that is only looked at.
   */
  readonly foldsNames: boolean;

  /** What there is in the folders, so that what is new is not looked for one by one. */
  readonly listing = new FolderListing();

  /** Its real path. */
  readonly root: string;
  /** The root with a separator behind it. */
  readonly #prefix: string;
  readonly #work: string;
  /** The disk that it is on; null if it is not there yet. */
  readonly #device: number | null;
  /** Which folders were looked at since when, and whether they were there. */
  #seen = { at: 0, folders: new Map<string, boolean>() };

  private constructor(root: string, foldsNames = false) {
    this.root = root;
    this.#prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
    this.#work = join(root, OWN_FOLDER);
    this.#device = lstatOrNull(root)?.dev ?? null;
    this.foldsNames = foldsNames;
  }

  /**
   * Opens the folder, which is created if it is missing.
   *
   * @throws {UserError} If it cannot be written to.
   */
  static async open(dir: string): Promise<OutputFolder> {
    try {
      await Deno.mkdir(dir, { recursive: true });
      const root = await Deno.realPath(dir);
      const work = join(root, OWN_FOLDER);
      makeFolder(work);
      return new OutputFolder(root, foldsNamesIn(work));
    } catch (error) {
      throw unusable(dir, error);
    }
  }

  /**
   * Opens a folder to look at it only; it may be missing, and nothing is changed.
   *
   * @throws {UserError} If something is in the way that {@linkcode OutputFolder.open} stumbles over.
   * Whether the folder can be written to is not tried.
   */
  static async look(dir: string): Promise<OutputFolder> {
    try {
      const root = await nullIfNotFound(Deno.realPath(dir));
      if (root === null && lstatOrNull(dir)) throw new OutputError("it is a link to nothing");
      if (root === null) return new OutputFolder(resolve(dir));
      if (!(await Deno.stat(root)).isDirectory) throw new Deno.errors.AlreadyExists();
      folderAt(join(root, OWN_FOLDER));
      return new OutputFolder(root);
    } catch (error) {
      throw unusable(dir, error);
    }
  }

  /** The folder as another thread opens it, by `adopt`. */
  get state(): OutputFolderState {
    return { root: this.root, foldsNames: this.foldsNames };
  }

  /** Opens the folder that another thread has opened. */
  static adopt({ root, foldsNames }: OutputFolderState): OutputFolder {
    return new OutputFolder(root, foldsNames);
  }

  /**
   * Where the data of a file grows, and its journal. Names of any length and kind become one short
   * name.
   *
   * @param path The file's path on the server.
   */
  workPath(path: string): WorkPath {
    const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
    const work = `${this.#work}${SEPARATOR}${name}`;
    return { data: `${work}.data`, journal: `${work}.journal` };
  }

  /** The file that says that a client is at work here. */
  get lockPath(): string {
    return join(this.#work, "lock");
  }

  /** The paths of all files that there are in the work folder. */
  async workFiles(): Promise<string[]> {
    const work = this.#work;
    const entries = lstatOrNull(work) ? await Array.fromAsync(Deno.readDir(work)) : [];
    return entries.filter((entry) => entry.isFile).map((entry) => join(work, entry.name)).sort();
  }

  /** Removes what clients left that were killed as they opened the folder. Needs the lock. */
  async removeProbes(): Promise<void> {
    for (const file of await this.workFiles()) {
      if (basename(file).startsWith(PROBE)) removeIfExists(file);
    }
  }

  /** Where a file ends up. Nothing is created, nothing checked. */
  finalPath(path: string): string {
    // A path of the server is in normal form already, and there may be very many.
    return this.#prefix + path.replaceAll("/", SEPARATOR);
  }

  /** The folders below the output folder that a file is in, the outermost first. */
  *#foldersOf(path: string): Iterable<string> {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      yield this.finalPath(path.slice(0, at));
    }
  }

  /**
   * What is there under a file's name: its metadata, or null if it is no regular file. Makes sure
   * that a file can be placed there later, as far as that can be known now.
   *
   * @throws {OutputError} If something stands in the way.
   */
  statFinal(path: string): Deno.FileInfo | null {
    for (const folder of this.#foldersOf(path)) {
      if (!this.#isThere(folder)) return null;
    }
    const final = this.finalPath(path);
    // Mostly nothing is there, and an error would take longer. A link to nothing is nothing.
    const mayBeThere = this.foldsNames || this.listing.has(final);
    const info = mayBeThere && existsSync(final) ? lstatOrNull(final) : null;
    if (info?.isDirectory) throw folderInTheWay(path);
    return info?.isFile ? info : null;
  }

  /** Whether a folder is there, as far as a look a moment ago tells: `place` looks again. */
  #isThere(folder: string): boolean {
    const now = performance.now();
    if (now - this.#seen.at > LOOK_MS) this.#seen = { at: now, folders: new Map() };
    let isThere = this.#seen.folders.get(folder);
    if (isThere === undefined) {
      const info = folderAt(folder);
      if (info && info.dev !== this.#device) {
        throw new OutputError(
          `${quoted(folder)} is on another disk than the output folder; name it with --output`,
        );
      }
      isThere = info !== null;
      this.#seen.folders.set(folder, isThere);
    }
    return isThere;
  }

  /**
   * Moves a complete file to its name like `publish`, if nothing is in the way.
   *
   * @returns Whether it did.
   */
  publishSync(from: string, path: string): boolean {
    try {
      for (const folder of this.#foldersOf(path)) makeFolder(folder);
      const final = this.finalPath(path);
      Deno.renameSync(from, final);
      this.listing.add(final);
      return true;
    } catch {
      // The careful way tries again, or says what is wrong.
      return false;
    }
  }

  /**
   * Moves a complete file to its name, over an older copy if there is one.
   *
   * @param from Where it is, on the same file system.
   * @param path Its path on the server.
   * @throws {OutputError} If something stands in the way.
   */
  async publish(from: string, path: string): Promise<void> {
    for (const folder of this.#foldersOf(path)) makeFolder(folder);
    const final = this.finalPath(path);
    try {
      await replaceFile(from, final);
      this.listing.add(final);
    } catch (error) {
      if (lstatOrNull(final)?.isDirectory) throw folderInTheWay(path);
      const reason = mayBeHeld(error, Deno.build.os)
        ? `another program may have ${quoted(path)} open; close it`
        : why(error);
      throw new OutputError(`it cannot be moved to its name: ${reason}`, { cause: error });
    }
  }
}

function folderInTheWay(path: string): OutputError {
  return new OutputError(`a folder stands where ${quoted(path)} belongs; move it away`);
}

/**
 * Makes a folder if it is missing.
 *
 * @throws {OutputError} If something else is there, such as a link to one.
 */
function makeFolder(folder: string): void {
  if (!folderAt(folder)) Deno.mkdirSync(folder, { recursive: true });
}

/**
 * The folder at a path, or null if nothing is there.
 *
 * @throws {OutputError} If something else is.
 */
export function folderAt(path: string): Deno.FileInfo | null {
  const there = lstatOrNull(path);
  if (there?.isSymlink) throw new OutputError(`${quoted(path)} is a link; remove it`);
  if (there && !there.isDirectory) {
    throw new OutputError(`${quoted(path)} is not a folder; move it away`);
  }
  return there;
}

/**
 * Tries whether a folder's file system takes names for one that differ in case or Unicode form.
 *
 * @throws {Error} If the folder cannot be written to.
 */
function foldsNamesIn(folder: string): boolean {
  const name = `${PROBE}A\u00e9-${Deno.pid}`;
  const probe = join(folder, name);
  removeIfExists(probe);
  Deno.openSync(probe, { write: true, createNew: true }).close();
  const others = [name.replace("A", "a"), name.normalize("NFD")];
  const folds = others.some((other) => existsSync(join(folder, other)));
  removeIfExists(probe);
  return folds;
}

function unusable(dir: string, error: unknown): UserError {
  const message = `Cannot write to the output folder "${dir}": ${why(error)}`;
  return new UserError(`${message}; name another with --output`, 2, { cause: error });
}

function why(error: unknown): string {
  if (error instanceof Deno.errors.AlreadyExists) return "a file of that name is in the way";
  return describeDenial(error) ?? messageOf(error);
}
