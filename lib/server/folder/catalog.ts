/**
 * The shared folder as a list with revisions, kept up to date.
 *
 * This room follows the shared folder: `folder_scan.ts` (which files there are) with `left_out.ts`
 * and `read_probe.ts` (what is not shared), `shared_root.ts` (the folder behind `--dir`),
 * `packed_files.ts`, `folder_scan_worker.ts` and `folder_scanner.ts` (the scan in a Worker),
 * `watched_folders.ts`, `folder_watcher_worker.ts` and `folder_watcher.ts` (the system's reports),
 * `restart_delay.ts` and `folder_watch.ts` (when to scan), `path_set.ts`, `catalog.ts` (this: the
 * list and its changes), `list_cache.ts` (the list as payloads, shared by all clients). It imports
 * `read`, `shared_file.ts`, `protocol`, `fs` and the ground; `respond`, `list_sender.ts`,
 * `session.ts` and `server.ts` may import it.
 *
 * @module
 */
import { dirname } from "@std/path";
import { isSameIdentity } from "../../fs/file_identity.ts";
import { parentOf } from "../../fs/wire_path.ts";
import { messageOf, WireError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import { FileOpener } from "../read/file_opener.ts";
import { diskPath, type SharedFile, type SharedFolder, wirePathOf } from "../shared_file.ts";
import { FolderScanner, type ScanResult } from "./folder_scanner.ts";
import {
  FolderWatch,
  type PossibleChanges,
  type ScanOutcome,
  type WatchPace,
} from "./folder_watch.ts";
import type { WatchFailure } from "./folder_watcher.ts";
import { LeftOutPlaces, type LeftOutReport } from "./left_out.ts";
import { isAtOrUnder, outermost } from "./path_set.ts";

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
  /** Is called when the folder can be scanned again. */
  readonly onScanRecovered: () => void;
  /** Is called with the places that are left out, at first and when they change. */
  readonly onLeftOut: (report: LeftOutReport) => void;
  /** Is called when folders cannot be watched, with the number of listed files in them. */
  readonly onUnwatched: (failures: readonly WatchFailure[], files: number) => void;
}

/** The options of a catalog. */
export interface CatalogOptions {
  /** How the watching is paced. */
  readonly pace?: WatchPace;
  /** Gives up the first scan. */
  readonly signal?: AbortSignal;
  /** Is called ten times a second with the number of files that the first scan has found. */
  readonly onProgress?: (files: number) => void;
}

const PROGRESS_MS = 100;

/** The shared files. */
export class Catalog implements AsyncDisposable {
  /** The way to what the files hold. */
  readonly opener: FileOpener;
  readonly #folder: { root: string; readonly hidden: boolean };
  readonly #scanner: FolderScanner;
  readonly #reports: CatalogReports;
  readonly #listeners = new Set<CatalogListener>();
  readonly #leftOut = new LeftOutPlaces();
  readonly #watch: FolderWatch;
  #files: Map<string, SharedFile>;
  #revision = 1;
  #hasScanFailed = false;
  #isClosed = false;
  #refreshing: Promise<unknown> | undefined;

  private constructor(
    dir: string,
    hidden: boolean,
    scanner: FolderScanner,
    first: ScanResult,
    reports: CatalogReports,
    pace: WatchPace | undefined,
  ) {
    this.#folder = { root: first.root.path, hidden };
    this.#scanner = scanner;
    this.#reports = reports;
    this.subscribe(reports.onChanged);
    this.#files = new Map(first.files.map((file) => [file.path, file]));
    for (const report of this.#leftOut.begin(first.leftOut)) reports.onLeftOut(report);
    this.#watch = new FolderWatch(dir, outcomeOf(first, []), {
      scan: (changes) => {
        const scan = this.#tryRefresh(changes);
        this.#refreshing = scan;
        return scan;
      },
      onWatchLost: reports.onWatchLost,
      onUnwatched: (failures) => reports.onUnwatched(failures, this.#filesIn(failures)),
    }, pace);
    // The system may not have told of what is not as it is listed.
    this.opener = new FileOpener(this.#folder, (path) => this.#watch.rescan(path));
  }

  /**
   * Scans a folder and starts to watch it.
   *
   * @param dir The folder; a link is resolved at every scan.
   * @param hidden Whether names that begin with a dot are shared.
   * @throws {Deno.errors.NotFound | Deno.errors.PermissionDenied | Deno.errors.NotADirectory} If
   * the folder cannot be read.
   * @throws The signal's reason, once it aborts.
   */
  static async open(
    dir: string,
    hidden: boolean,
    reports: CatalogReports,
    { pace, signal, onProgress }: CatalogOptions = {},
  ): Promise<Catalog> {
    for await (const _ of Deno.readDir(await Deno.realPath(dir))) break;
    signal?.throwIfAborted();
    const scanner = new FolderScanner(dir, hidden);
    const giveUp = () => scanner[Symbol.dispose]();
    signal?.addEventListener("abort", giveUp);
    const timer = setInterval(() => onProgress?.(scanner.found), PROGRESS_MS);
    try {
      const first = await scanner.scan([""]);
      return new Catalog(dir, hidden, scanner, first, reports, pace);
    } catch (error) {
      giveUp();
      signal?.throwIfAborted();
      throw error;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** Where the files are at present. */
  get folder(): SharedFolder {
    return this.#folder;
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
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    this.#scanner[Symbol.dispose]();
    await this.#refreshing;
    await this.opener[Symbol.asyncDispose]();
  }

  /** Refreshes the list; null if the folder cannot be scanned. */
  async #tryRefresh(changes: PossibleChanges): Promise<ScanOutcome | null> {
    try {
      const outcome = this.#apply(await this.#scanner.scan(this.#pathsToScan(changes)));
      if (this.#hasScanFailed) this.#reports.onScanRecovered();
      this.#hasScanFailed = false;
      return outcome;
    } catch (error) {
      if (this.#isClosed) return null;
      if (!this.#hasScanFailed) this.#reports.onScanFailed(messageOf(error));
      this.#hasScanFailed = true;
      return null;
    }
  }

  #pathsToScan({ all, paths }: PossibleChanges): ReadonlySet<string> {
    if (all) return new Set([""]);
    const told = [...paths].map((path) => wirePathOf(this.#folder.root, path));
    const tops = outermost(told.filter((path) => path !== null));
    for (const { path, linkTo } of this.#files.values()) {
      if (linkTo !== null && isAtOrUnder(linkTo, tops) && !isAtOrUnder(path, tops)) tops.add(path);
    }
    return tops;
  }

  /** Makes the list what a scan has found, and calls the listeners if anything has changed. */
  #apply(result: ScanResult): ScanOutcome {
    this.#folder.root = result.root.path;
    const tops = new Set(result.tops);
    const found = new Set(result.files.map(({ path }) => path));
    const removed = this.#files.keys()
      .filter((path) => isAtOrUnder(path, tops) && !found.has(path)).toArray();
    const touched = result.files.filter((file) => {
      const known = this.#files.get(file.path);
      return !known || !isSameIdentity(known, file);
    });
    // A file whose metadata was touched has the same version: clients learn nothing of it.
    const files = touched.filter(({ path, version }) => this.#files.get(path)?.version !== version);
    // The system reports no changes of a link's target.
    const reported = [...files, ...removed.map((path) => this.#files.get(path)!)]
      .filter(({ linkTo }) => linkTo === null).map(({ path }) => path);
    for (const path of removed) this.#files.delete(path);
    for (const file of touched) this.#files.set(file.path, file);
    this.#reportLeftOut(result, removed);
    if (files.length > 0 || removed.length > 0) {
      this.#revision++;
      for (const listener of this.#listeners) listener({ files, removed });
    }
    return outcomeOf(result, reported);
  }

  #reportLeftOut({ tops, leftOut, folders }: ScanResult, removed: readonly string[]): void {
    const read = new Set(folders);
    const reports = this.#leftOut.update({
      tops: new Set(tops),
      leftOut,
      isShared: (path) => this.#files.has(path) || read.has(path),
      filesLost: (path) => {
        const tops = new Set([path]);
        return removed.filter((file) => isAtOrUnder(file, tops)).length;
      },
    });
    for (const report of reports) this.#reports.onLeftOut(report);
  }

  #filesIn(failures: readonly WatchFailure[]): number {
    const { root } = this.#folder;
    const folders = new Set(failures.map(({ folder }) => wirePathOf(root, folder)));
    return [...this.#files.keys()].filter((path) => folders.has(parentOf(path))).length;
  }
}

/** What a scan, and the files that it found changed, mean for the watch. */
function outcomeOf(
  { root, tops, folders, took }: ScanResult,
  changed: readonly string[],
): ScanOutcome {
  return {
    root,
    took,
    whole: tops.includes(""),
    folders: folders.map((path) => diskPath(root.path, path)),
    changedIn: changed.map((path) => dirname(diskPath(root.path, path))),
  };
}
