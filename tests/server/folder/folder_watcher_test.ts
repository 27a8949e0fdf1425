import assert from "node:assert/strict";
import { join } from "@std/path";
import { FolderWatcher, type WatchFailure } from "../../../lib/server/folder/folder_watcher.ts";
import { makePipe, tempFolder } from "../../support/catalog_fixture.ts";

/** A watcher of some folders that are not watched as trees. */
async function watch(folders: readonly string[]) {
  const changed = new Set<string>();
  const settled = Promise.withResolvers<
    { watched: readonly string[]; failures: readonly WatchFailure[] }
  >();
  let hasChanged = Promise.withResolvers<void>();
  const watcher = new FolderWatcher({
    onWatched: (watched, failures) => settled.resolve({ watched, failures }),
    onChanged(paths) {
      for (const path of paths) changed.add(path);
      hasChanged.resolve();
      hasChanged = Promise.withResolvers();
    },
    onLost: (reason) => settled.reject(new Error(reason)),
  });
  watcher.watch(folders, false);
  const { watched, failures } = await settled.promise;
  return {
    watched,
    failures,
    changed,
    async hears(path: string) {
      while (!changed.has(path)) await hasChanged.promise;
    },
    [Symbol.dispose]: () => watcher[Symbol.dispose](),
  };
}

Deno.test("FolderWatcher leaves out folders that cannot be watched, and watches the others", async () => {
  using temp = tempFolder();
  const names = Array.from({ length: 9 }, (_, i) => join(temp.path, `${i}`));
  for (const name of names) Deno.mkdirSync(name);
  const missing = [join(temp.path, "missing"), join(temp.path, "4", "missing")];
  const folders = names.toSpliced(5, 0, missing[0]!).toSpliced(2, 0, missing[1]!);
  using watcher = await watch(folders);
  assert.deepEqual([...watcher.watched].sort(), names);
  assert.deepEqual(watcher.failures.map(({ folder }) => folder).sort(), [...missing].sort());
  assert.ok(watcher.failures.every(({ limit }) => limit === null));
  for (const name of names) {
    Deno.writeTextFileSync(join(name, "file"), "x");
    await watcher.hears(join(name, "file"));
  }
});

Deno.test("FolderWatcher does not hear of folders in folders, nor through links", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  using temp = tempFolder();
  using outside = tempFolder();
  Deno.mkdirSync(join(temp.path, "inner"));
  Deno.symlinkSync(outside.path, join(temp.path, "link"));
  using watcher = await watch([temp.path]);
  Deno.writeTextFileSync(join(outside.path, "a"), "x");
  Deno.writeTextFileSync(join(temp.path, "inner", "b"), "x");
  Deno.writeTextFileSync(join(temp.path, "c"), "x");
  await watcher.hears(join(temp.path, "c"));
  assert.deepEqual([...watcher.changed], [join(temp.path, "c")]);
});

Deno.test("FolderWatcher hears again once it replaces one that a named pipe has blocked", {
  ignore: Deno.build.os === "windows",
}, async () => {
  using temp = tempFolder();
  using blocked = await watch([temp.path]);
  makePipe(join(temp.path, "pipe"));
  blocked[Symbol.dispose]();
  using watcher = await watch([temp.path]);
  Deno.writeTextFileSync(join(temp.path, "file"), "x");
  await watcher.hears(join(temp.path, "file"));
});
