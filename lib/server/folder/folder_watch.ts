/**
 * Decides when to scan the shared folder: after the system's reports of changes, and at intervals.
 *
 * @module
 */
import { FolderWatcher, type WatchFailure } from "./folder_watcher.ts";
import { RestartDelay } from "./restart_delay.ts";
import { isSameRoot, type SharedRoot, tryRootOf } from "./shared_root.ts";
import { WatchedFolders } from "./watched_folders.ts";

/** The timing of the watch, in milliseconds. */
export interface WatchPace {
  /** Changes are reported after this long without a further one. @default {100} */
  readonly quietMs?: number;
  /** Changes are reported after at most this long. @default {400} */
  readonly maxDelayMs?: number;
  /** The interval of whole scans, in case the system reported nothing. @default {500} */
  readonly pollMs?: number;
  /** How long a watcher is used at least before a better one replaces it. @default {10_000} */
  readonly replaceMs?: number;
}

/** What may have changed. */
export interface PossibleChanges {
  /** Whether anything may have. */
  readonly all: boolean;
  /** Paths on disk. */
  readonly paths: ReadonlySet<string>;
}

/** What a scan means for the watch. All paths are on disk. */
export interface ScanOutcome {
  /** The real folder. */
  readonly root: SharedRoot;
  /** Whether everything was scanned. */
  readonly whole: boolean;
  /** How long the scan took, in milliseconds. */
  readonly took: number;
  /** The folders that were read. */
  readonly folders: readonly string[];
  /** The folders of the changes that the system should have reported. */
  readonly changedIn: readonly string[];
}

/** The callbacks of a watch's owner. */
export interface WatchOwner {
  /** Scans; null if that fails. Calls never overlap. Changes during a call are reported after it. */
  scan(changes: PossibleChanges): Promise<ScanOutcome | null>;
  /** Is called when the system does not report changes any more. */
  onWatchLost(reason: string): void;
  /** Is called when some folders cannot be watched. */
  onUnwatched(failures: readonly WatchFailure[]): void;
}

/** The part of the time that whole scans may take while the system reports changes. */
const WATCHED_POLL_SHARE = 0.01;
/** The same while it does not, or not all. */
const UNWATCHED_POLL_SHARE = 0.05;
/** How long after a poll the system's event for the same change may come, in milliseconds. */
const LATE_EVENT_MS = 500;
/** How often the real folder behind a link is looked up, in milliseconds. */
const ROOT_POLL_MS = 1_000;
/** When the first poll takes place, in milliseconds. */
const FIRST_POLL_MS = 2_000;
/** How long after a lack of instances folders are tried again, in milliseconds. */
const INSTANCES_MS = 5_000;
/** Of more paths than this, the whole folder is scanned. */
const MAX_PATHS = 1_000;
/** Only Linux watches each folder by itself; the others watch a tree without following links. */
const WATCHES_TREE = Deno.build.os !== "linux" && Deno.build.os !== "android";

type Timer = "report" | "poll" | "check" | "root" | "restart";

/** Watches a folder until disposed. */
export class FolderWatch implements Disposable {
  readonly #dir: string;
  readonly #owner: WatchOwner;
  readonly #pace: Required<WatchPace>;
  readonly #timers: Partial<Record<Timer, ReturnType<typeof setTimeout>>> = {};
  readonly #restartDelay = new RestartDelay();
  readonly #watched = new WatchedFolders();
  #root: SharedRoot;
  #watcher: FolderWatcher | undefined;
  #startedAt = 0;
  /** Whether the present watcher has not yet shown that the system reports to it. */
  #isDoubtful = false;
  #paths = new Set<string>();
  #all = false;
  #firstAt = 0;
  #isScanning = false;
  /** When the last scan of everything began. */
  #wholeAt = -Infinity;
  /** How long it took. */
  #wholeTook = 0;
  #pollAt = 0;
  #isClosed = false;

  /**
   * @param dir The folder as the user names it.
   * @param first The outcome of a first scan of everything.
   */
  constructor(
    dir: string,
    first: ScanOutcome,
    owner: WatchOwner,
    { quietMs = 100, maxDelayMs = 400, pollMs = 500, replaceMs = 10_000 }: WatchPace = {},
  ) {
    this.#dir = dir;
    this.#root = first.root;
    this.#owner = owner;
    this.#pace = { quietMs, maxDelayMs, pollMs, replaceMs };
    this.#start();
    this.#request(first);
    // Once the folders are watched, everything is scanned once more, usually before this.
    this.#pollIn(Math.max(pollMs, FIRST_POLL_MS));
    this.#checkRootLater();
  }

  /** Scans a path on disk soon, as if the system had reported its change. */
  rescan(path: string): void {
    this.#add([path]);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#watcher?.[Symbol.dispose]();
  }

  #after(name: Timer, delay: number, action: () => unknown): void {
    clearTimeout(this.#timers[name]);
    if (!this.#isClosed) this.#timers[name] = setTimeout(action, delay);
  }

  #add(paths: readonly string[]): void {
    if (this.#paths.size === 0 && !this.#all) this.#firstAt = performance.now();
    for (const path of paths) this.#paths.add(path);
    if (this.#paths.size > MAX_PATHS) this.#all = true;
    this.#schedule();
  }

  #addAll(): void {
    this.#all = true;
    this.#add([]);
  }

  #schedule(): void {
    if (this.#isScanning) return;
    const latest = this.#firstAt + this.#pace.maxDelayMs - performance.now();
    this.#after("report", Math.max(0, Math.min(this.#pace.quietMs, latest)), () => this.#scan());
  }

  async #scan(): Promise<void> {
    const changes = { all: this.#all, paths: this.#paths };
    this.#paths = new Set();
    this.#all = false;
    this.#isScanning = true;
    const start = performance.now();
    const outcome = await this.#owner.scan(changes);
    this.#isScanning = false;
    if (this.#isClosed) return;
    if (outcome) this.#take(outcome, start);
    // A scan that fails is made up for by one of everything.
    const took = outcome?.took ?? performance.now() - start;
    if (!outcome || outcome.whole) this.#pollIn(this.#pollDelay(took));
    if (this.#all || this.#paths.size > 0) this.#schedule();
  }

  #pollIn(delay: number): void {
    this.#pollAt = performance.now() + delay;
    this.#after("poll", delay, () => this.#addAll());
  }

  #pollSoon(): void {
    const delay = Math.max(this.#pace.pollMs, this.#wholeTook / UNWATCHED_POLL_SHARE);
    if (performance.now() + delay < this.#pollAt) this.#pollIn(delay);
  }

  #pollDelay(took: number): number {
    const isTrusted = this.#watcher && !this.#isDoubtful && this.#watched.isComplete;
    const share = isTrusted ? WATCHED_POLL_SHARE : UNWATCHED_POLL_SHARE;
    return Math.max(this.#pace.pollMs, took / share);
  }

  #take(outcome: ScanOutcome, start: number): void {
    if (!isSameRoot(outcome.root, this.#root)) {
      this.#root = outcome.root;
      this.#start();
    } else if (outcome.whole && this.#isToBeReplaced) {
      this.#start();
    } else if (outcome.whole) {
      this.#checkSilence(outcome.changedIn);
    }
    if (outcome.whole) {
      this.#wholeAt = start;
      this.#wholeTook = outcome.took;
      this.#watched.retain(this.#wanted(outcome));
    }
    this.#request(outcome);
  }

  /** Whether another watcher is worth its start, and that all folders are watched again. */
  get #isToBeReplaced(): boolean {
    const age = performance.now() - this.#startedAt;
    return this.#watcher !== undefined && this.#watched.isStale && age >= this.#pace.replaceMs;
  }

  #wanted({ root, folders }: ScanOutcome): readonly string[] {
    return WATCHES_TREE ? [root.path] : folders;
  }

  #request(outcome: ScanOutcome): void {
    if (!this.#watcher) return;
    const missing = this.#watched.request(this.#wanted(outcome), performance.now());
    if (missing.length > 0) this.#watcher.watch(missing, WATCHES_TREE);
    if (this.#watched.isStale) this.#pollSoon();
  }

  /** Begins to watch, with all folders of the next scan. */
  #start(): void {
    this.#watcher?.[Symbol.dispose]();
    this.#watched.clear();
    this.#startedAt = performance.now();
    const watcher: FolderWatcher = new FolderWatcher({
      onWatched: (watched, failures) => {
        if (watcher === this.#watcher) this.#settle(watched, failures);
      },
      onChanged: (changed, moved, { isOverflow, isCrowded }) => {
        if (watcher !== this.#watcher) return;
        this.#isDoubtful = false;
        this.#watched.hear(changed, moved, performance.now());
        if (isOverflow) {
          this.#watched.lose();
          this.#addAll();
        } else this.#add(changed);
        if (isCrowded) this.#pollSoon();
      },
      onLost: (reason) => {
        if (watcher === this.#watcher) this.#lose(reason);
      },
    });
    this.#watcher = watcher;
  }

  #settle(watched: readonly string[], failures: readonly WatchFailure[]): void {
    const failed = failures.map(({ folder }) => folder);
    // Instances are taken for a moment by programs that start, and one frees many folders.
    const retryIn = failures.some(({ limit }) => limit === "instances") ? INSTANCES_MS : undefined;
    const fresh = new Set(this.#watched.settle(watched, failed, performance.now(), retryIn));
    if (fresh.size > 0) this.#owner.onUnwatched(failures.filter(({ folder }) => fresh.has(folder)));
    // There may have been changes between the scan that found them and the watch.
    this.#add(watched);
  }

  /** Tries folders again, or all of them, if the system has not reported changes in them. */
  #checkSilence(changedIn: readonly string[]): void {
    const since = this.#wholeAt;
    const folders = WATCHES_TREE ? changedIn.map(() => this.#root.path) : changedIn;
    if (this.#watched.silent(folders, since).length === 0) return;
    this.#after("check", LATE_EVENT_MS, () => {
      const silent = this.#watched.silent(folders, since);
      if (silent.length === 0) return;
      this.#watched.forget(silent);
      if (this.#watched.hasHeardSince(since)) this.#addAll();
      else this.#lose("The system reports no changes");
    });
  }

  #lose(reason: string): void {
    this.#watcher?.[Symbol.dispose]();
    this.#watcher = undefined;
    const delay = this.#restartDelay.next(performance.now() - this.#startedAt);
    // Where the system never reports, as on some network disks, one line is enough.
    if (!this.#isDoubtful) this.#owner.onWatchLost(reason);
    this.#isDoubtful = true;
    this.#pollIn(this.#pace.pollMs);
    this.#after("restart", delay, () => {
      this.#start();
      this.#addAll();
    });
  }

  #checkRootLater(): void {
    this.#after("root", ROOT_POLL_MS, async () => {
      const root = await tryRootOf(this.#dir);
      if (this.#isClosed) return;
      // An absent one is for the poll, which goes on until there is one.
      if (root && !isSameRoot(root, this.#root)) this.#addAll();
      this.#checkRootLater();
    });
  }
}
