/**
 * Watches a folder for changes, by the system's events and by polling.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";

/** The timing of the watch, in milliseconds. */
export interface WatchPace {
  /** Changes are reported after this long without a further one. @default {100} */
  readonly quietMs?: number;
  /** Changes are reported after at most this long. @default {400} */
  readonly maxDelayMs?: number;
  /** The interval of whole scans, in case the system reported nothing. @default {500} */
  readonly pollMs?: number;
}

/** A folder that is being watched, until disposed. */
export interface FolderWatch extends Disposable {
  /** Reports a path on disk soon, as if the system had reported its change. */
  rescan(path: string): void;
}

/** The part of the time that whole scans may take while the system reports changes. */
const WATCHED_POLL_SHARE = 0.01;
/** The same once the system is known to report nothing. */
const UNWATCHED_POLL_SHARE = 0.05;
/** How long after a poll the system's event for the same change may come, in milliseconds. */
const LATE_EVENT_MS = 500;

/**
 * Calls `onChanged` with the paths on disk that have changed, or with the folder itself if anything
 * may have changed. Calls never overlap.
 *
 * The system's events can stop silently: with Deno 2.9, a named pipe that appears in the folder is
 * enough. So once a poll finds a change without an event, the watch relies on polling.
 *
 * @param folder The folder's real path.
 * @param onChanged Returns whether it found a change that the system should have reported. Changes
 * during a call are reported after it.
 * @param onWatchLost Is called once, when the system does not report changes (any more).
 */
export function watchFolder(
  folder: string,
  onChanged: (paths: ReadonlySet<string>) => Promise<boolean>,
  onWatchLost: (reason: string) => void,
  { quietMs = 100, maxDelayMs = 400, pollMs = 500 }: WatchPace = {},
): FolderWatch {
  const timers: Partial<Record<"report" | "poll" | "check", ReturnType<typeof setTimeout>>> = {};
  let paths = new Set<string>();
  let firstAt = 0;
  let lastEventAt = -Infinity;
  let pollShare = WATCHED_POLL_SHARE;
  let isReporting = false;
  let closed = false;

  const report = async () => {
    const reported = paths;
    paths = new Set();
    isReporting = true;
    const start = performance.now();
    const found = await onChanged(reported);
    isReporting = false;
    if (closed) return;
    if (reported.has(folder)) {
      pollIn(Math.max(pollMs, (performance.now() - start) / pollShare));
      if (found && pollShare !== UNWATCHED_POLL_SHARE) checkWatcher(start);
    }
    if (paths.size > 0) schedule();
  };
  const schedule = () => {
    if (isReporting || closed) return;
    clearTimeout(timers.report);
    const latest = firstAt + maxDelayMs - performance.now();
    timers.report = setTimeout(report, Math.max(0, Math.min(quietMs, latest)));
  };
  const addPaths = (changedPaths: readonly string[]) => {
    if (paths.size === 0) firstAt = performance.now();
    for (const path of changedPaths) paths.add(path);
    schedule();
  };
  const pollIn = (delay: number) => {
    clearTimeout(timers.poll);
    timers.poll = setTimeout(() => addPaths([folder]), delay);
  };
  const fallBackToPolling = (reason: string) => {
    if (closed || pollShare === UNWATCHED_POLL_SHARE) return;
    pollShare = UNWATCHED_POLL_SHARE;
    pollIn(pollMs);
    onWatchLost(reason);
  };
  const checkWatcher = (since: number) => {
    clearTimeout(timers.check);
    timers.check = setTimeout(() => {
      if (lastEventAt < since - LATE_EVENT_MS) fallBackToPolling("The system reports no changes");
    }, LATE_EVENT_MS);
  };

  let watcher: Deno.FsWatcher | undefined;
  const listen = async () => {
    try {
      watcher = Deno.watchFs(folder, { recursive: true });
      for await (const event of watcher) {
        lastEventAt = performance.now();
        if (event.kind === "access") continue;
        // A rescan flag means that the system lost events.
        addPaths(event.flag === "rescan" ? [folder] : event.paths);
      }
      fallBackToPolling("The system stopped watching");
    } catch (error) {
      fallBackToPolling(messageOf(error));
    }
  };
  pollIn(pollMs);
  listen();

  return {
    rescan: (path) => addPaths([path]),
    [Symbol.dispose]() {
      closed = true;
      for (const timer of Object.values(timers)) clearTimeout(timer);
      watcher?.close();
      watcher = undefined;
    },
  };
}
