import assert from "node:assert/strict";
import type { WatchFailure } from "../../../lib/server/folder/folder_watcher.ts";
import { unwatchedEvent } from "../../../lib/server/folder/unwatched.ts";

const failure = (folder: string, limit: WatchFailure["limit"]): WatchFailure => ({
  folder,
  limit,
  reason: "Input/output error",
});

Deno.test("unwatchedEvent names the setting of a limit, and the first folders", () => {
  const folders = ["/s/a", "/s/b", "/s/c", "/s/d"];
  const event = unwatchedEvent(folders.map((folder) => failure(folder, "watches")), 9);
  assert.deepEqual([event.folders, event.files, event.examples], [4, 9, "/s/a; /s/b; /s/c; …"]);
  assert.match(event.reason, /limit of watches/);
  assert.match(event.advice, /^raise fs\.inotify\.max_user_watches /);
  assert.match(
    unwatchedEvent([failure("/s/a", "instances")], 0).advice,
    /^raise fs\.inotify\.max_user_instances, /,
  );
});

Deno.test("unwatchedEvent gives the system's reason for a single folder", () => {
  const event = unwatchedEvent([failure("/s/a", null)], 2);
  assert.deepEqual([event.folders, event.examples], [1, "/s/a"]);
  assert.equal(event.reason, "Input/output error");
  assert.match(event.advice, /at intervals/);
});
