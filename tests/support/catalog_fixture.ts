import assert from "node:assert/strict";
import { dirname, join } from "@std/path";
import { WireError } from "../../lib/errors.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import {
  Catalog,
  type CatalogChange,
  type CatalogReports,
} from "../../lib/server/folder/catalog.ts";
import type { WatchPace } from "../../lib/server/folder/folder_watch.ts";
import type { FileLease } from "../../lib/server/read/open_files.ts";

/** The limit of every wait, in milliseconds. */
export const DEADLINE_MS = 20_000;

export function isWireError(code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof WireError, `${error}`);
    assert.equal(error.code, code);
    return true;
  };
}

export async function textOf({ handle }: FileLease): Promise<string> {
  const { buffer, bytesRead } = await handle.read(new Uint8Array(100), 0, 100, 0);
  return new TextDecoder().decode(buffer.subarray(0, bytesRead));
}

/** A shared folder with the files `a.txt`, `folder/b.txt` and `folder/c.txt`. */
export interface CatalogFixture extends AsyncDisposable {
  readonly root: string;
  /** A folder beside the shared one, with a file `b.txt`. */
  readonly outside: string;
  readonly catalog: Catalog;
  readonly changes: readonly CatalogChange[];
  at(path: string): string;
  write(path: string, content: string): void;
  /** A file's entry in the list. */
  find(path: string): ListedFile;
  shared(path: string): ReturnType<Catalog["find"]>;
  read(path: string): Promise<string>;
  until(holds: () => boolean): Promise<void>;
  /** Waits until `select` finds something in a change; returns all that it finds. */
  notified<T>(select: (change: CatalogChange) => readonly T[]): Promise<readonly T[]>;
  /** Waits until the list has exactly these files. */
  isListed(...paths: string[]): Promise<void>;
  /** Waits until a scan has failed. */
  scanFails(): Promise<void>;
  /** Asserts that the changes, applied to the first list, give the present one. */
  assertChangesAddUp(): void;
}

/** @param pace How the watching is paced. */
export async function catalogFixture(pace: WatchPace = {}): Promise<CatalogFixture> {
  const temp = tempFolder();
  const root = join(temp.path, "shared");
  const outside = join(temp.path, "outside");
  const at = (path: string) => join(root, path);
  const write = (path: string, content: string) => {
    Deno.mkdirSync(dirname(at(path)), { recursive: true });
    Deno.writeTextFileSync(at(path), content);
  };
  write("a.txt", "a");
  write("folder/b.txt", "b");
  write("folder/c.txt", "c");
  Deno.mkdirSync(outside);
  Deno.writeTextFileSync(join(outside, "b.txt"), "b");

  const changes: CatalogChange[] = [];
  let failures = 0;
  const unwatched: string[] = [];
  const catalog = await Catalog.open(root, false, {
    ...NO_REPORTS,
    onChanged: (change) => changes.push(change),
    onScanFailed: () => failures++,
    onUnwatched: (failures) =>
      unwatched.push(...failures.map(({ folder, reason }) => `${folder}: ${reason}`)),
  }, { pace });
  const first = catalog.snapshot();
  const byPath = () => new Map(catalog.snapshot().map((file) => [file.path, file]));
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds()) {
      const paths = [...byPath().keys()];
      assert.ok(
        performance.now() < deadline,
        `It did not happen; listed: ${paths.join(", ")}; unwatched: ${unwatched.join(", ")}`,
      );
      await pass(10);
    }
  };
  const find = (path: string) => byPath().get(path)!;
  const shared = (path: string) => catalog.find(path, find(path).version);
  return {
    root,
    outside,
    catalog,
    changes,
    at,
    write,
    find,
    shared,
    until,
    async read(path) {
      const lease = await catalog.opener.lease(shared(path));
      const text = await textOf(lease);
      lease.release();
      return text;
    },
    async notified(select) {
      await until(() => changes.some((change) => select(change).length > 0));
      return changes.flatMap(select);
    },
    async isListed(...paths) {
      const expected = paths.sort().join();
      await until(() => [...byPath().keys()].sort().join() === expected);
    },
    scanFails: () => until(() => failures > 0),
    assertChangesAddUp() {
      const files = new Map(first.map((file) => [file.path, file]));
      for (const { files: changed, removed } of changes) {
        for (const path of removed) assert.ok(files.delete(path), `${path} was not there`);
        for (const file of changed) files.set(file.path, file);
      }
      const versions = (list: ReadonlyMap<string, ListedFile>) =>
        Array.from(list.values(), ({ path, version }) => [path, version]).sort();
      assert.deepEqual(versions(files), versions(byPath()));
      assert.equal(catalog.revision, 1 + changes.length);
      assert.equal(catalog.size, files.size);
    },
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

/** Reports of a catalog that nobody reads. */
export const NO_REPORTS: CatalogReports = {
  onChanged() {},
  onWatchLost() {},
  onScanFailed() {},
  onScanRecovered() {},
  onLeftOut() {},
  onUnwatched() {},
};

export async function pass(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export function tempFolder(): { path: string } & Disposable {
  const path = Deno.realPathSync(Deno.makeTempDirSync());
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

export function makePipe(path: string): void {
  const { success } = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  assert.ok(success);
}
