/**
 * The folders that the system does not watch, as an event of the log. Pure.
 *
 * @module
 */
import type { ServerEvent } from "../events.ts";
import type { WatchFailure } from "./folder_watcher.ts";

/** The event. */
export type UnwatchedEvent = Extract<ServerEvent, { readonly event: "unwatched" }>;

/** How many folders an event names. */
const EXAMPLES = 3;

const SETTINGS = {
  watches: "fs.inotify.max_user_watches",
  instances: "fs.inotify.max_user_instances, or the limit of open files,",
};

/**
 * Describes the failures of one attempt.
 *
 * @param failures At least one.
 * @param files How many listed files are in these folders.
 */
export function unwatchedEvent(failures: readonly WatchFailure[], files: number): UnwatchedEvent {
  const limit = failures.find(({ limit }) => limit !== null)?.limit;
  const names = failures.slice(0, EXAMPLES).map(({ folder }) => folder).join("; ");
  return {
    event: "unwatched",
    folders: failures.length,
    files,
    reason: limit ? "the system's limit of watches is reached" : failures[0]!.reason,
    advice: limit
      ? `raise ${SETTINGS[limit]} with sysctl; until then these folders are scanned at intervals`
      : "these folders are scanned at intervals, and watched again when that works",
    examples: failures.length > EXAMPLES ? `${names}; …` : names,
  };
}
