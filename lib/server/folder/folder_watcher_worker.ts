/**
 * The Worker that is notified of changes by the system: its calls block, and a named pipe in the
 * folder blocks it for good, until it is replaced.
 *
 * Each folder is watched by itself. A watch of a whole tree follows links, and fails as a whole if
 * one folder in it cannot be watched.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import { packPaths, unpackPaths } from "./packed_files.ts";
import type { WatchCommand, WatchFailure, WatchReply } from "./folder_watcher.ts";

/** How long events are collected, in milliseconds. */
const COLLECT_MS = 20;
/** Deno 2.4 drops events silently when more than this wait for the program. */
const CROWD = 16;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<WatchCommand>) => void;
  postMessage(reply: WatchReply): void;
};
const collected = { changed: new Set<string>(), moved: new Set<string>(), isOverflow: false };
let timer: ReturnType<typeof setTimeout> | undefined;

scope.onmessage = ({ data: { folders, recursive } }) => {
  const failures: WatchFailure[] = [];
  const watched: string[] = [];
  watchEach(unpackPaths(folders), recursive, watched, failures);
  scope.postMessage({ watched: packPaths(watched), failures });
};

/** Watches folders; those that cannot be watched are found by halving, and left out alone. */
function watchEach(
  folders: readonly string[],
  recursive: boolean,
  watched: string[],
  failures: WatchFailure[],
): void {
  if (folders.length === 0) return;
  try {
    listen(Deno.watchFs([...folders], { recursive }));
    for (const folder of folders) watched.push(folder);
  } catch (error) {
    const failure = { reason: messageOf(error), limit: limitOf(error) };
    if (folders.length === 1) {
      failures.push({ folder: folders[0]!, ...failure });
      return;
    }
    const half = folders.length >> 1;
    watchEach(folders.slice(0, half), recursive, watched, failures);
    const full = failures.find(({ limit }) => limit !== null);
    if (!full) return watchEach(folders.slice(half), recursive, watched, failures);
    for (const folder of folders.slice(half)) failures.push({ ...full, folder });
  }
}

/** The limit that an error reports. Deno gives these errors no code, only their text. */
function limitOf(error: unknown): WatchFailure["limit"] {
  const message = messageOf(error);
  if (/^OS file watch limit|os error 28/.test(message)) return "watches";
  return /os error 2[34]\b/.test(message) ? "instances" : null;
}

async function listen(watcher: Deno.FsWatcher): Promise<void> {
  const events = watcher[Symbol.asyncIterator]();
  for (;;) {
    try {
      const { value: event, done } = await events.next();
      if (done) return scope.postMessage({ lost: "The system stopped watching" });
      take(event);
    } catch (error) {
      // A name that is not UTF-8, which cannot be shared.
      if (!(error instanceof TypeError)) return scope.postMessage({ lost: messageOf(error) });
    }
  }
}

function take({ kind, paths, flag }: Deno.FsEvent): void {
  if (kind === "access") return;
  if (flag === "rescan") collected.isOverflow = true;
  for (const path of paths) {
    collected.changed.add(path);
    if (kind !== "modify") collected.moved.add(path);
  }
  timer ??= setTimeout(report, COLLECT_MS);
}

function report(): void {
  timer = undefined;
  const { changed, moved, isOverflow } = collected;
  scope.postMessage({
    changed: packPaths([...changed]),
    moved: packPaths([...moved]),
    isOverflow,
    isCrowded: changed.size >= CROWD,
  });
  changed.clear();
  moved.clear();
  collected.isOverflow = false;
}
