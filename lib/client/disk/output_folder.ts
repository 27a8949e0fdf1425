/**
 * The output folder: where a file's data grows, and where it is published.
 *
 * The disk room stores files, and their state between runs. Its parts: this file,
 * `folder_listing.ts` and `real_folder.ts` (names and places), `output_lock.ts` and `lock_file.ts`
 * (one client per folder), `byte_ranges.ts` (sets of bytes), `journal.ts`, `journal_blocks.ts` and
 * `crc32_combine.ts` (the chunks on disk), `journal_writer.ts`, `read_journal.ts` and
 * `prove_journal.ts` (their file), `partial_file.ts` (one file in progress), `kept_bytes.ts` (what is
 * left of another version), `write_handles.ts`, `open_limit.ts`, `flusher.ts`, `synced_data.ts` and
 * `flush_folder.ts` (writing), `replace_file.ts`, `copy_across.ts` and `placements.ts` (moving, and
 * proving the place), `possible_names.ts` and `name_folding.ts` (which names the disk can hold, and
 * which are one), `stream_digest.ts`, `final_file.ts`, `local_state.ts` and `leftovers.ts` (what is
 * there already), `disk_actions.ts` (the engine's actions), `file_store.ts` (performs them),
 * `worker_store.ts`, `worker_messages.ts` and `disk_worker.ts` (perform them in a Worker),
 * `storage.ts` (chooses). The engine, the driver, `explain` and the command line import it; it
 * imports only `events.ts` and the rooms that both sides share.
 *
 * Every name passes `safe_path.ts` first. This file guards against links and other obstacles that
 * are on the disk already, and `placements.ts` against those that another process swaps in meanwhile.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { basename, join, resolve, SEPARATOR } from "@std/path";
import { describeDenial, messageOf, OutputError, UserError } from "../../errors.ts";
import { quoted } from "../../text/sanitize.ts";
import { OWN_FOLDER } from "../../fs/safe_path.ts";
import { COPYING, isAcross, moveAcross, removeCopy } from "./copy_across.ts";
import type { FinalFile } from "./final_file.ts";
import { FolderListing } from "./folder_listing.ts";
import { foldsNamesIn, PROBE } from "./name_folding.ts";
import { Placements } from "./placements.ts";
import { PossibleNames, removeTrials } from "./possible_names.ts";
import { deviceAt, folderAt, makeFolder } from "./real_folder.ts";
import { mayBeHeld, replaceFile } from "./replace_file.ts";
import { lstatOrNull, nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";

/** The ending of journals that are not complete, and are removed by the next run. */
const NEW = ".new";

/** How long a folder's check is valid, in milliseconds: it may hold very many files. */
const CHECK_VALID_MS = 100;

/** An open folder, for another thread. */
export interface OutputFolderState {
  readonly root: string;
  readonly foldsNames: boolean;
}

/** The places of a file while it is downloaded. */
export interface WorkPath {
  readonly data: string;
  readonly journal: string;
  /** The place of a journal that will replace the other one. */
  readonly newJournal: string;
}

/** An output folder that exists and can be written to. */
export class OutputFolder {
  /**
   * Whether the file system ignores case or Unicode form in names. False, since unknown, for a
   * folder that was opened read-only.
   */
  readonly foldsNames: boolean;

  /** The names in the folders: one listing serves for all new files. */
  readonly listing = new FolderListing();

  /** Proves that files moved to their names are there. */
  readonly placements: Placements;

  /** Its real path. */
  readonly root: string;
  /** The root with a separator behind it. */
  readonly #prefix: string;
  readonly #work: string;
  /** The device of the root; null if the root does not exist yet. */
  readonly #device: number | null;
  /** Folders checked since `at`, with their devices; null if they do not exist. */
  #checked = { at: 0, folders: new Map<string, number | null>() };
  /** The names that were tried; undefined for a folder that was opened read-only. */
  readonly #names: PossibleNames | undefined;

  private constructor(root: string, foldsNames = false, isReadOnly = false) {
    this.root = root;
    this.placements = new Placements(root);
    this.#names = isReadOnly ? undefined : new PossibleNames();
    this.#prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
    this.#work = join(root, OWN_FOLDER);
    this.#device = lstatOrNull(root)?.dev ?? null;
    this.foldsNames = foldsNames;
  }

  /**
   * Opens the folder, and creates it if it is missing.
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
   * Opens a folder without changing anything; it may be missing.
   *
   * @throws {UserError} If an obstacle would make {@linkcode OutputFolder.open} fail. Whether the
   * folder can be written to is not tried.
   */
  static async openReadOnly(dir: string): Promise<OutputFolder> {
    try {
      const root = await nullIfNotFound(Deno.realPath(dir));
      if (root === null && lstatOrNull(dir)) throw new OutputError("it is a link to nothing");
      if (root === null) return new OutputFolder(resolve(dir), false, true);
      if (!(await Deno.stat(root)).isDirectory) throw new Deno.errors.AlreadyExists();
      folderAt(join(root, OWN_FOLDER));
      return new OutputFolder(root, false, true);
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
   * The paths of a file's data while it is downloaded, and of its journal. Names of any length and
   * kind become one short name.
   *
   * @param path The file's path on the server.
   */
  workPath(path: string): WorkPath {
    const name = createHash("sha256").update(path).digest("hex").slice(0, 32);
    const work = `${this.#work}${SEPARATOR}${name}`;
    const journal = `${work}.journal`;
    return { data: `${work}.data`, journal, newJournal: journal + NEW };
  }

  /** The path of the lock's file. */
  get lockPath(): string {
    return join(this.#work, "lock");
  }

  /** The paths of all files in the work folder. */
  async workFiles(): Promise<string[]> {
    const work = this.#work;
    const entries = lstatOrNull(work) ? await Array.fromAsync(Deno.readDir(work)) : [];
    return entries.filter((entry) => entry.isFile).map((entry) => join(work, entry.name)).sort();
  }

  /** Removes probes, new journals and copies left by clients that were killed. Needs the lock. */
  async removeProbes(): Promise<void> {
    await removeTrials(this.#work);
    for (const file of await this.workFiles()) {
      if (file.endsWith(COPYING)) removeCopy(file, this.root);
      if (basename(file).startsWith(PROBE) || file.endsWith(NEW)) removeIfExists(file);
    }
  }

  /** The final path of a file. Nothing is created or checked. */
  finalPath(path: string): string {
    // Not `join`: a path of the server is normalized already, and there may be very many.
    return this.#prefix + path.replaceAll("/", SEPARATOR);
  }

  /** The folders of a file below the output folder, the outermost first. */
  *#foldersOf(path: string): Iterable<string> {
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
      yield this.finalPath(path.slice(0, at));
    }
  }

  /**
   * The metadata of the regular file under a file's final name, or null if there is none. Checks
   * that a file can be published there later, as far as that can be known now.
   *
   * @throws {OutputError} If an obstacle is in the way.
   */
  statFinal(path: string): Deno.FileInfo | null {
    let exists = true;
    let place = this.#work;
    for (const folder of this.#foldersOf(path)) {
      const device = this.#deviceOf(folder);
      exists = device !== null;
      if (!exists) break;
      if (device !== this.#device) place = folder;
    }
    this.#names?.assertPossible(path, place);
    if (!exists) return null;
    const final = this.finalPath(path);
    // Mostly nothing is there, and an error would take longer. A dangling link counts as nothing.
    const mayBeThere = this.foldsNames || this.listing.has(final);
    const info = mayBeThere && existsSync(final) ? lstatOrNull(final) : null;
    if (info?.isDirectory) throw folderInTheWay(path);
    return info?.isFile ? info : null;
  }

  /**
   * The regular file under a file's final name, or null if there is none, as of a moment ago.
   *
   * @throws {OutputError} If an obstacle is in the way.
   */
  finalFile(path: string): FinalFile | null {
    return finalFileOf(this.statFinal(path));
  }

  /** The same as of now, which takes longer. Obstacles count as nothing: `publish` finds them. */
  finalFileNow(path: string): FinalFile | null {
    const info = lstatOrNull(this.finalPath(path));
    return finalFileOf(info?.isFile ? info : null);
  }

  /** The device of a folder as of a moment ago, null if it does not exist: `publish` checks again. */
  #deviceOf(folder: string): number | null {
    const now = performance.now();
    if (now - this.#checked.at > CHECK_VALID_MS) this.#checked = { at: now, folders: new Map() };
    let device = this.#checked.folders.get(folder);
    if (device === undefined) {
      device = deviceAt(folder);
      this.#checked.folders.set(folder, device);
    }
    return device;
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
      this.placements.alarm();
      return false;
    }
  }

  /**
   * Moves a complete file to its name, over an older copy if there is one.
   *
   * @param from The file's present path. If its name is on another file system, it is copied there.
   * @param path The file's path on the server.
   * @returns The open copy if it was copied, which the caller closes; else null.
   * @throws {OutputError} If an obstacle is in the way.
   */
  async publish(from: string, path: string): Promise<Deno.FsFile | null> {
    for (const folder of this.#foldersOf(path)) makeFolder(folder);
    const final = this.finalPath(path);
    try {
      const copy = await this.#move(from, final);
      this.listing.add(final);
      return copy;
    } catch (error) {
      if (lstatOrNull(final)?.isDirectory) throw folderInTheWay(path);
      const reason = mayBeHeld(error, Deno.build.os)
        ? `another program may have ${quoted(path)} open; close it`
        : why(error);
      throw new OutputError(`it cannot be moved to its name: ${reason}`, { cause: error });
    }
  }

  async #move(from: string, final: string): Promise<Deno.FsFile | null> {
    try {
      await replaceFile(from, final);
      return null;
    } catch (error) {
      if (!isAcross(error)) throw error;
      return await moveAcross(from, final, this.root);
    }
  }
}

function finalFileOf(info: Deno.FileInfo | null): FinalFile | null {
  return info && { size: info.size, modified: info.mtime?.getTime() ?? 0 };
}

function folderInTheWay(path: string): OutputError {
  return new OutputError(`a folder stands where ${quoted(path)} belongs; move it away`);
}

function unusable(dir: string, error: unknown): UserError {
  const message = `Cannot write to the output folder "${dir}": ${why(error)}`;
  return new UserError(`${message}; name another with --output`, 2, { cause: error });
}

function why(error: unknown): string {
  if (error instanceof Deno.errors.AlreadyExists) return "a file of that name is in the way";
  return describeDenial(error) ?? messageOf(error);
}
