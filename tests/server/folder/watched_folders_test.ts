import assert from "node:assert/strict";
import { WatchedFolders } from "../../../lib/server/folder/watched_folders.ts";

/** Watches folders since a time. */
function watching(folders: readonly string[], since = 0): WatchedFolders {
  const watched = new WatchedFolders();
  watched.request(folders, since);
  watched.settle(folders, [], since);
  return watched;
}

Deno.test("WatchedFolders requests each folder once", () => {
  const watched = new WatchedFolders();
  assert.deepEqual(watched.request(["/s", "/s/a"], 0), ["/s", "/s/a"]);
  assert.deepEqual(watched.request(["/s", "/s/a", "/s/b"], 1), ["/s/b"]);
  watched.settle(["/s", "/s/a"], [], 2);
  assert.deepEqual(watched.request(["/s", "/s/a", "/s/b"], 3), []);
});

Deno.test("WatchedFolders tries a folder again a minute after it failed, and names it once", () => {
  const watched = watching(["/s"]);
  watched.request(["/s/a"], 0);
  assert.deepEqual(watched.settle([], ["/s/a"], 0), ["/s/a"]);
  assert.ok(!watched.isComplete);
  assert.deepEqual(watched.request(["/s", "/s/a"], 59_999), []);
  assert.deepEqual(watched.request(["/s", "/s/a"], 60_000), ["/s/a"]);
  assert.deepEqual(watched.settle([], ["/s/a"], 60_000), []);
  assert.deepEqual(watched.request(["/s/a"], 120_000), ["/s/a"]);
  assert.deepEqual(watched.settle(["/s/a"], [], 120_000), []);
  assert.ok(watched.isComplete);
});

Deno.test("WatchedFolders requests a folder again that was moved or replaced, with those in it", () => {
  const watched = watching(["/s", "/s/a", "/s/a/b", "/s/ab"]);
  watched.hear(["/s/a"], ["/s/a"], 1);
  assert.deepEqual(watched.request(["/s", "/s/a", "/s/a/b", "/s/ab"], 2), ["/s/a", "/s/a/b"]);
  watched.hear(["/s/ab"], [], 3);
  assert.deepEqual(watched.request(["/s", "/s/ab"], 4), []);
});

Deno.test("WatchedFolders does not count a folder as watched that was replaced before", () => {
  const watched = new WatchedFolders();
  watched.request(["/s/a"], 0);
  watched.hear(["/s/a"], ["/s/a"], 1);
  watched.settle(["/s/a"], [], 2);
  assert.deepEqual(watched.request(["/s/a"], 3), ["/s/a"]);
});

Deno.test("WatchedFolders.retain drops folders that are gone, also failed ones", () => {
  const watched = watching(["/s", "/s/a"]);
  watched.request(["/s/b"], 0);
  watched.settle([], ["/s/b"], 0);
  watched.retain(["/s"]);
  assert.ok(watched.isComplete);
  assert.deepEqual(watched.request(["/s", "/s/a", "/s/b"], 1), ["/s/a", "/s/b"]);
});

Deno.test("WatchedFolders.silent finds folders without a report, if they were watched", () => {
  const watched = watching(["/s", "/s/a", "/s/b"], 10);
  watched.request(["/s/late"], 30);
  watched.settle(["/s/late"], [], 30);
  watched.hear(["/s/a/file"], [], 25);
  const changed = ["/s/a", "/s/b", "/s/b", "/s/late", "/s/unknown"];
  assert.deepEqual(watched.silent(changed, 20), ["/s/b"]);
  assert.ok(watched.hasHeardSince(25) && !watched.hasHeardSince(26));
});

Deno.test("WatchedFolders is stale once a folder is requested again whose watch has ended", () => {
  const watched = watching(["/s", "/s/a", "/s/b"]);
  watched.hear(["/s/a"], ["/s/a"], 1);
  watched.retain(["/s"]);
  assert.ok(!watched.isStale && watched.isComplete);
  watched.request(["/s", "/s/c"], 2);
  assert.ok(!watched.isStale);
  assert.deepEqual(watched.request(["/s", "/s/a"], 3), ["/s/a"]);
  assert.ok(watched.isStale && !watched.isComplete);
  watched.clear();
  assert.ok(!watched.isStale && watched.isComplete);
  assert.deepEqual(watched.request(["/s", "/s/a"], 4), ["/s", "/s/a"]);
  assert.ok(!watched.isStale);
});

Deno.test("WatchedFolders is stale after lost reports, and after very many watches have ended", () => {
  const lost = watching(["/s"]);
  lost.lose();
  assert.ok(lost.isStale);
  const many = watching(["/s", ...Array.from({ length: 10_001 }, (_, i) => `/s/${i}`)]);
  many.retain(["/s"]);
  assert.ok(many.isStale);
});

Deno.test("WatchedFolders tries a folder again that failed although it was watched", () => {
  const watched = watching(["/s", "/s/a"]);
  watched.settle([], ["/s/a"], 1, 5_000);
  assert.deepEqual(watched.request(["/s", "/s/a"], 5_000), []);
  assert.deepEqual(watched.request(["/s", "/s/a"], 5_001), ["/s/a"]);
});
