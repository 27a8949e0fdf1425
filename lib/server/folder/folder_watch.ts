/**
 * Tells when something in a folder has changed.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";

/** How the watching is paced, in milliseconds. */
export interface WatchPace {
  /** A change is told when this long no other came. @default {100} */
  readonly quiet?: number;
  /** A change is told after this long though more keep coming. @default {400} */
  readonly atMost?: number;
  /** Everything is looked at this often, in case the system told nothing. @default {500} */
  readonly poll?: number;
}

/** A folder that is being watched, until disposed. */
export interface FolderWatch extends Disposable {
  /** Tells soon of a path on disk that has changed, as somebody has found out by himself. */
  look(path: string): void;
}

/** Looking at everything is to take no more of the time than this, while the system tells. */
const WATCHED_POLL_SHARE = 0.01;
/** The same once it is known to tell nothing. */
const LONE_POLL_SHARE = 0.05;
/** How long the system's own word of a change may come after a poll found it, in milliseconds. */
const LATE_WORD_MS = 500;

/**
 * Calls `changed` with the paths on disk that have changed, or with the folder itself where
 * anything may have. Calls never overlap.
 *
 * The system's watching can end without a word: a named pipe that appears in the folder is enough
 * with Deno 2.9. So a change that only a poll found makes polling the way to go.
 *
 * @param folder The folder's real path.
 * @param changed Says whether it found a change that the system should have told of; what changes
 * meanwhile is told afterwards.
 * @param onWatchLost Is called once the system does not tell (any more).
 */
export function watchFolder(
  folder: string,
  changed: (paths: ReadonlySet<string>) => Promise<boolean>,
  onWatchLost: (reason: string) => void,
  { quiet = 100, atMost = 400, poll = 500 }: WatchPace = {},
): FolderWatch {
  const timers: Partial<Record<"tell" | "poll" | "doubt", ReturnType<typeof setTimeout>>> = {};
  let paths = new Set<string>();
  let firstAt = 0;
  let lastWordAt = -Infinity;
  let pollShare = WATCHED_POLL_SHARE;
  let telling = false;
  let closed = false;

  const tell = async () => {
    const told = paths;
    paths = new Set();
    telling = true;
    const start = performance.now();
    const found = await changed(told);
    telling = false;
    if (closed) return;
    if (told.has(folder)) {
      pollIn(Math.max(poll, (performance.now() - start) / pollShare));
      if (found && pollShare !== LONE_POLL_SHARE) doubtWatcher(start);
    }
    if (paths.size > 0) schedule();
  };
  const schedule = () => {
    if (telling || closed) return;
    clearTimeout(timers.tell);
    const latest = firstAt + atMost - performance.now();
    timers.tell = setTimeout(tell, Math.max(0, Math.min(quiet, latest)));
  };
  const note = (changedPaths: readonly string[]) => {
    if (paths.size === 0) firstAt = performance.now();
    for (const path of changedPaths) paths.add(path);
    schedule();
  };
  const pollIn = (delay: number) => {
    clearTimeout(timers.poll);
    timers.poll = setTimeout(() => note([folder]), delay);
  };
  const pollFromNowOn = (reason: string) => {
    if (closed || pollShare === LONE_POLL_SHARE) return;
    pollShare = LONE_POLL_SHARE;
    pollIn(poll);
    onWatchLost(reason);
  };
  const doubtWatcher = (since: number) => {
    clearTimeout(timers.doubt);
    timers.doubt = setTimeout(() => {
      if (lastWordAt < since - LATE_WORD_MS) pollFromNowOn("The system tells of no changes");
    }, LATE_WORD_MS);
  };

  let watcher: Deno.FsWatcher | undefined;
  const listen = async () => {
    try {
      watcher = Deno.watchFs(folder, { recursive: true });
      for await (const event of watcher) {
        lastWordAt = performance.now();
        if (event.kind === "access") continue;
        // A rescan flag means that the system lost events.
        note(event.flag === "rescan" ? [folder] : event.paths);
      }
      pollFromNowOn("The system stopped watching");
    } catch (error) {
      pollFromNowOn(messageOf(error));
    }
  };
  pollIn(poll);
  listen();

  return {
    look: (path) => note([path]),
    [Symbol.dispose]() {
      closed = true;
      for (const timer of Object.values(timers)) clearTimeout(timer);
      watcher?.close();
      watcher = undefined;
    },
  };
}
