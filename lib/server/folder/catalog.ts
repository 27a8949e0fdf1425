/**
 * The shared folder as a list with revisions, kept up to date, and the only access to its files.
 *
 * This room follows the shared folder: `folder_scan.ts` (which files there are), `folder_watch.ts`
 * (when to scan), `catalog.ts` (this: the list, its changes, opening its files), `list_cache.ts`
 * (the list as payloads, shared by all clients). It imports `read`, `shared_file.ts`, `protocol`,
 * `fs` and the ground; `respond`, `session.ts` and `server.ts` may import it.
 *
 * @module
 */
import { fstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { identityOf, identityOfInfo, isSameIdentity } from "../../fs/file_identity.ts";
import { messageOf, WireError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { type FileLease, OpenFiles } from "../read/open_files.ts";
import { scanFolder } from "./folder_scan.ts";
import {
  diskPath,
  isInside,
  OPEN_FLAGS,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "../shared_file.ts";
import { type SmallFile, SmallFiles } from "../read/small_files.ts";
import { type FolderWatch, watchFolder, type WatchPace } from "./folder_watch.ts";

/** The difference between one revision of the list and the next. */
export interface CatalogChange {
  /** New files, and files whose version is new. */
  readonly files: readonly ListedFile[];
  /** Paths of files that do not exist any more. */
  readonly removed: readonly string[];
}

/** Is called with every change. */
export type CatalogListener = (change: CatalogChange) => void;

/** The callbacks of a catalog's owner. */
export interface CatalogReports {
  readonly onChanged: (change: CatalogChange) => void;
  readonly onWatchLost: (reason: string) => void;
  /** Is called when the folder cannot be scanned; the list stays as it is until it can. */
  readonly onScanFailed: (reason: string) => void;
}

/** The shared files. */
export class Catalog implements AsyncDisposable {
  readonly #folder: SharedFolder;
  readonly #listeners = new Set<CatalogListener>();
  readonly #openFiles = new OpenFiles();
  readonly #smallFiles: SmallFiles;
  #files: Map<string, SharedFile>;
  #revision = 1;
  #watching: FolderWatch | undefined;
  #hasScanFailed = false;
  #refreshing: Promise<boolean> | undefined;

  private constructor(folder: SharedFolder, files: readonly SharedFile[]) {
    this.#folder = folder;
    this.#smallFiles = new SmallFiles(folder);
    this.#files = new Map(files.map((file) => [file.path, file]));
  }

  /**
   * Scans a folder and starts to watch it.
   *
   * @param dir The folder.
   * @param hidden Whether names that begin with a dot are shared.
   * @param pace How the watching is paced.
   * @throws {Deno.errors.NotFound | Deno.errors.PermissionDenied | Deno.errors.NotADirectory} If
   * the folder cannot be read.
   */
  static async open(
    dir: string,
    hidden: boolean,
    reports: CatalogReports,
    pace?: WatchPace,
  ): Promise<Catalog> {
    const folder = { root: await Deno.realPath(dir), hidden };
    for await (const _ of Deno.readDir(folder.root)) break;
    const catalog = new Catalog(folder, await scanFolder(folder, [""]));
    catalog.subscribe(reports.onChanged);
    catalog.#watching = watchFolder(
      folder.root,
      (paths) => catalog.#refreshing = catalog.#tryRefresh(paths, reports.onScanFailed),
      reports.onWatchLost,
      pace,
    );
    return catalog;
  }

  /** The number of the present list; it grows with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** The number of files. */
  get size(): number {
    return this.#files.size;
  }

  /** A copy of the present list. */
  snapshot(): readonly ListedFile[] {
    return [...this.#files.values()];
  }

  /** Calls `listener` with every change from now on, until disposed. */
  subscribe(listener: CatalogListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /**
   * Returns a file's entry in the list.
   *
   * @throws {WireError} `not-found`, or `changed` if its present version is another one.
   */
  find(path: string, version: string): SharedFile {
    const file = this.#files.get(path);
    if (!file) throw new WireError("not-found", "There is no such file");
    if (file.version !== version) throw changed();
    return file;
  }

  /**
   * Returns the whole content of a small file, with the same checks as `lease`.
   *
   * @returns Null if the file is not small, or cannot be read in this way; `lease` throws why.
   */
  readSmall(file: SharedFile): Promise<SmallFile | null> {
    return this.#smallFiles.read(file);
  }

  /**
   * Opens a file, or reuses an open one. When opened, the file is checked to have the listed
   * content and to be inside the folder; `assertUnchanged` checks the content later. Not guarded
   * against: a local user who moves the listed file out of the folder and back between two system
   * calls.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    try {
      const key = `${file.path}\0${file.version}`;
      return await this.#openFiles.lease(key, file.size, () => this.#open(file));
    } catch (error) {
      throw this.#rescanIfOutdated(file, error);
    }
  }

  /**
   * Checks that an open file still has the listed content. Synchronous, because the system has the
   * metadata of open files in memory.
   *
   * @throws {WireError} `changed` if not.
   */
  assertUnchanged(file: SharedFile, lease: FileLease): void {
    if (!isSameIdentity(identityOf(fstatSync(lease.handle.fd)), file)) {
      lease.discard();
      throw this.#rescanIfOutdated(file, changed());
    }
  }

  /**
   * Returns the real path of a file, checked to be inside the folder, for callers that open the
   * file and check its version themselves.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   */
  async realPath(file: SharedFile): Promise<string> {
    try {
      return await this.#listedPath(file);
    } catch (error) {
      throw this.#rescanIfOutdated(file, error);
    }
  }

  /** Schedules a rescan of a file that differs from its entry: its change may cause no event. */
  #rescanIfOutdated({ path }: SharedFile, error: unknown): unknown {
    const isOutdated = error instanceof WireError && error.code !== "read-failed";
    if (isOutdated) this.#watching?.rescan(diskPath(this.#folder.root, path));
    return error;
  }

  async #listedPath(file: SharedFile): Promise<string> {
    const real = await this.#pathInside(file);
    try {
      if (isSameIdentity(identityOfInfo(await Deno.lstat(real)), file)) return real;
    } catch (error) {
      throw openFailure(error);
    }
    throw changed();
  }

  /** The real path that a file's name leads to now, if it is inside the folder. */
  async #pathInside(file: SharedFile): Promise<string> {
    let real: string;
    try {
      real = await Deno.realPath(diskPath(this.#folder.root, file.path));
    } catch (error) {
      throw openFailure(error);
    }
    if (!isInside(this.#folder, real)) throw changed();
    return real;
  }

  async #open(file: SharedFile): Promise<FileHandle> {
    // Check before the open: Deno 2.4 uses the flag values of macOS, so OPEN_FLAGS has no effect.
    const real = await this.#listedPath(file);
    let handle: FileHandle;
    try {
      handle = await open(real, OPEN_FLAGS);
    } catch (error) {
      throw openFailure(error);
    }
    try {
      if (isSameIdentity(identityOf(fstatSync(handle.fd)), file)) return handle;
      throw changed();
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Stops watching and closes all files; after that no listener is called. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    await this.#refreshing;
    this.#smallFiles[Symbol.dispose]();
    await this.#openFiles[Symbol.asyncDispose]();
  }

  /** Refreshes the list; a scan that fails is made up for by the next scan of the whole folder. */
  async #tryRefresh(
    paths: ReadonlySet<string>,
    onScanFailed: (reason: string) => void,
  ): Promise<boolean> {
    try {
      const found = await this.#refresh(paths);
      this.#hasScanFailed = false;
      return found;
    } catch (error) {
      if (!this.#hasScanFailed) onScanFailed(messageOf(error));
      this.#hasScanFailed = true;
      return false;
    }
  }

  /**
   * Rescans paths that may have changed, and calls the listeners if anything has.
   *
   * @returns Whether there was a change that the system should have reported.
   */
  async #refresh(pathsOnDisk: ReadonlySet<string>): Promise<boolean> {
    const wirePaths = [...pathsOnDisk].map((path) => wirePathOf(this.#folder.root, path));
    const paths = outermost(wirePaths.filter((path) => path !== null));
    for (const { path, linkTo } of this.#links) {
      if (isAtOrUnder(linkTo!, paths) && !isAtOrUnder(path, paths)) paths.add(path);
    }
    const scanned = await scanFolder(this.#folder, paths);
    const found = new Set(scanned.map(({ path }) => path));
    const removed = [...this.#files.keys()]
      .filter((path) => isAtOrUnder(path, paths) && !found.has(path));
    const files = scanned.filter((file) => {
      const known = this.#files.get(file.path);
      return !known || !isSameIdentity(known, file);
    });
    if (files.length === 0 && removed.length === 0) return false;
    // The system reports no changes of a link's target.
    const isReported = [...files, ...removed.map((path) => this.#files.get(path)!)]
      .some(({ linkTo }) => linkTo === null);
    for (const path of removed) this.#files.delete(path);
    for (const file of files) this.#files.set(file.path, file);
    this.#revision++;
    for (const listener of this.#listeners) listener({ files, removed });
    return isReported;
  }

  get #links(): SharedFile[] {
    return [...this.#files.values()].filter(({ linkTo }) => linkTo !== null);
  }
}

/** The error for the client when the system does not open a file. */
function openFailure(error: unknown): WireError {
  const { code } = error as NodeJS.ErrnoException;
  // ELOOP: a link has replaced the file.
  const isGone = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory || ["ENOENT", "ENOTDIR", "ELOOP"].includes(code!);
  return isGone
    ? new WireError("not-found", "There is no such file")
    : new WireError("read-failed", "The file cannot be opened", { cause: error });
}

function changed(): WireError {
  return new WireError("changed", "The file has changed");
}

/** Drops the paths that are under another one of them. */
function outermost(paths: readonly string[]): Set<string> {
  const tops = new Set<string>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    if (!isAtOrUnder(path, tops)) tops.add(path);
  }
  return tops;
}

/** Whether a path is one of `tops` or under one; the empty path is above all others. */
function isAtOrUnder(path: string, tops: ReadonlySet<string>): boolean {
  if (tops.has(path) || tops.has("")) return true;
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (tops.has(path.slice(0, end))) return true;
  }
  return false;
}
