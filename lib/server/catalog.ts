/**
 * The server's folder as a list with revisions, kept up to date, and the only way to its files.
 *
 * @module
 */
import { type FileIdentity, identityOf } from "../file_identity.ts";
import { WireError } from "../errors.ts";
import type { ListedFile } from "../protocol/payloads.ts";
import { type FileLease, OpenFiles } from "./open_files.ts";
import {
  diskPath,
  scanFolder,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "./folder_scan.ts";
import { watchFolder } from "./folder_watch.ts";

/** How the folder changed from one revision to the next. */
export interface CatalogChange {
  /** New files, and files whose version is new. */
  readonly files: readonly ListedFile[];
  /** Paths that have vanished. */
  readonly removed: readonly string[];
}

/** Hears of every change. */
export type CatalogListener = (change: CatalogChange) => void;

/** What a catalog tells its owner. */
export interface CatalogReports {
  readonly changed: (change: CatalogChange) => void;
  readonly onlyPolling: (reason: string) => void;
}

/** The files that are shared. */
export class Catalog implements AsyncDisposable {
  readonly #folder: SharedFolder;
  readonly #listeners = new Set<CatalogListener>();
  readonly #openFiles = new OpenFiles();
  #files: Map<string, SharedFile>;
  #revision = 1;
  #watching: Disposable | undefined;

  private constructor(folder: SharedFolder, files: readonly SharedFile[]) {
    this.#folder = folder;
    this.#files = new Map(files.map((file) => [file.path, file]));
  }

  /**
   * Scans a folder, and keeps watching it.
   *
   * @param dir The folder.
   * @param hidden Whether names that begin with a dot are shared.
   * @throws {Deno.errors.NotFound | Deno.errors.PermissionDenied | Deno.errors.NotADirectory} If
   * the folder cannot be read.
   */
  static async open(dir: string, hidden: boolean, reports: CatalogReports): Promise<Catalog> {
    const folder = { root: await Deno.realPath(dir), hidden };
    for await (const _ of Deno.readDir(folder.root)) break;
    const catalog = new Catalog(folder, await scanFolder(folder, ""));
    catalog.subscribe(reports.changed);
    catalog.#watching = watchFolder(
      folder.root,
      (paths) => catalog.#refresh(paths),
      reports.onlyPolling,
    );
    return catalog;
  }

  /** The number of the present list; higher with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** How many files there are. */
  get size(): number {
    return this.#files.size;
  }

  /** The present list, safe from later changes. */
  snapshot(): readonly ListedFile[] {
    return [...this.#files.values()];
  }

  /** Calls `listener` with every change from now on, until disposed. */
  subscribe(listener: CatalogListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /**
   * What the list says of a file.
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
   * Opens a file, or takes an open one. What is open then is proven to be the listed content, so
   * a path that was made to point elsewhere since the scan leads nowhere.
   *
   * @throws {WireError} `not-found`, `changed`, or `read-failed`.
   */
  async lease(file: SharedFile): Promise<FileLease> {
    const lease = await this.#openFiles.lease(
      `${file.path}\0${file.version}`,
      this.pathOnDisk(file),
    );
    try {
      await this.assertUnchanged(file, lease);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /**
   * Makes sure that an open file still has the listed content.
   *
   * @throws {WireError} `changed` if not.
   */
  async assertUnchanged(file: SharedFile, lease: FileLease): Promise<void> {
    const now = identityOf(await lease.handle.stat());
    if (!isSame(now, file)) {
      lease.discard();
      throw changed();
    }
  }

  /** Where a shared file is, for those who read it by themselves and check its identity. */
  pathOnDisk(file: SharedFile): string {
    return diskPath(this.#folder.root, file.path);
  }

  /** Stops watching, and closes all files. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching?.[Symbol.dispose]();
    await this.#openFiles[Symbol.asyncDispose]();
  }

  /** Scans again what may have changed, and tells everybody what has, if anything. */
  async #refresh(pathsOnDisk: ReadonlySet<string>): Promise<boolean> {
    const paths = outermost(
      [...pathsOnDisk].map((path) => wirePathOf(this.#folder.root, path))
        .filter((path) => path !== null),
    );
    const files: SharedFile[] = [];
    const removed: string[] = [];
    for (const path of paths) {
      const found = new Map(
        (await scanFolder(this.#folder, path)).map((file) => [file.path, file]),
      );
      for (const known of this.#under(path)) {
        if (!found.has(known)) removed.push(known);
      }
      for (const file of found.values()) {
        const known = this.#files.get(file.path);
        if (!known || !isSame(known, file)) files.push(file);
      }
    }
    if (files.length === 0 && removed.length === 0) return false;
    for (const path of removed) this.#files.delete(path);
    for (const file of files) this.#files.set(file.path, file);
    this.#revision++;
    for (const listener of this.#listeners) listener({ files, removed });
    return true;
  }

  /** The known paths at or under a path. */
  #under(path: string): string[] {
    if (path === "") return [...this.#files.keys()];
    if (this.#files.has(path)) return [path];
    return [...this.#files.keys()].filter((known) => known.startsWith(`${path}/`));
  }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.version === b.version && a.device === b.device;
}

function changed(): WireError {
  return new WireError("changed", "The file has changed");
}

/** Without the paths that are under another one of them. */
function outermost(paths: readonly string[]): string[] {
  const kept = new Set<string>();
  for (const path of [...paths].sort((a, b) => a.length - b.length)) {
    const segments = path.split("/");
    const isUnder = kept.has("") ||
      segments.some((_, i) => i > 0 && kept.has(segments.slice(0, i).join("/")));
    if (!isUnder) kept.add(path);
  }
  return [...kept];
}
