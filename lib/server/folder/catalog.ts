/**
 * The shared folder as a list with revisions, kept up to date.
 *
 * This room follows the shared folder: `folder_scan.ts` (which files there are), `packed_files.ts`,
 * `folder_scan_worker.ts` and `folder_scanner.ts` (the scan in a Worker), `folder_watch.ts` (when to
 * scan), `catalog.ts` (this: the list and its changes), `list_cache.ts` (the list as payloads, shared
 * by all clients). It imports `read`, `shared_file.ts`, `protocol`, `fs` and the
 * ground; `respond`, `list_sender.ts`, `session.ts` and `server.ts` may import it.
 *
 * @module
 */
import { isSameIdentity } from "../../fs/file_identity.ts";
import { messageOf, WireError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { FileOpener } from "../read/file_opener.ts";
import { FolderScanner } from "./folder_scanner.ts";
import { type SharedFile, type SharedFolder, wirePathOf } from "../shared_file.ts";
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
  /** Where the files are. */
  readonly folder: SharedFolder;
  readonly #scanner: FolderScanner;
  readonly #listeners = new Set<CatalogListener>();
  /** The way to what the files hold. */
  readonly opener: FileOpener;
  #files: Map<string, SharedFile>;
  #revision = 1;
  #watching: FolderWatch | undefined;
  #hasScanFailed = false;
  #refreshing: Promise<boolean> | undefined;

  private constructor(folder: SharedFolder, scanner: FolderScanner, files: readonly SharedFile[]) {
    this.folder = folder;
    this.#scanner = scanner;
    // The system may not have told of what is not as it is listed.
    this.opener = new FileOpener(folder, (path) => this.#watching?.rescan(path));
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
    const scanner = new FolderScanner(folder);
    let files: readonly SharedFile[];
    try {
      files = await scanner.scan([""]);
    } catch (error) {
      scanner[Symbol.dispose]();
      throw error;
    }
    const catalog = new Catalog(folder, scanner, files);
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
    if (file.version !== version) throw new WireError("changed", "The file has changed");
    return file;
  }

  /** Stops watching and closes all files; after that no listener is called. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    await this.#refreshing;
    this.#scanner[Symbol.dispose]();
    await this.opener[Symbol.asyncDispose]();
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
    const told = [...pathsOnDisk].map((path) => wirePathOf(this.folder.root, path));
    const paths = outermost(told.filter((path) => path !== null));
    for (const { path, linkTo } of this.#links) {
      if (isAtOrUnder(linkTo!, paths) && !isAtOrUnder(path, paths)) paths.add(path);
    }
    const scanned = await this.#scanner.scan(paths);
    const found = new Set(scanned.map(({ path }) => path));
    const removed = [...this.#files.keys()]
      .filter((path) => isAtOrUnder(path, paths) && !found.has(path));
    const touched = scanned.filter((file) => {
      const known = this.#files.get(file.path);
      return !known || !isSameIdentity(known, file);
    });
    // A file whose metadata was touched has the same version: clients learn nothing of it.
    const files = touched.filter(({ path, version }) => this.#files.get(path)?.version !== version);
    // The system reports no changes of a link's target.
    const isReported = [...files, ...removed.map((path) => this.#files.get(path)!)]
      .some(({ linkTo }) => linkTo === null);
    for (const path of removed) this.#files.delete(path);
    for (const file of touched) this.#files.set(file.path, file);
    if (files.length === 0 && removed.length === 0) return false;
    this.#revision++;
    for (const listener of this.#listeners) listener({ files, removed });
    return isReported;
  }

  get #links(): SharedFile[] {
    return [...this.#files.values()].filter(({ linkTo }) => linkTo !== null);
  }
}

/** Without the paths that are under another one of them. */
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
