import assert from "node:assert/strict";
import { dirname, join } from "@std/path";
import { WireError } from "../../lib/errors.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import { Catalog, type CatalogChange } from "../../lib/server/folder/catalog.ts";
import type { FileLease } from "../../lib/server/read/open_files.ts";

/** A test that hangs fails instead. */
const DEADLINE_MS = 20_000;

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
  /** A folder beside it with a file `b.txt`. */
  readonly outside: string;
  readonly catalog: Catalog;
  readonly changes: readonly CatalogChange[];
  at(path: string): string;
  write(path: string, content: string): void;
  /** A file as the list names it. */
  find(path: string): ListedFile;
  shared(path: string): ReturnType<Catalog["find"]>;
  read(path: string): Promise<string>;
  until(holds: () => boolean): Promise<void>;
  /** Waits until a change says something; what it says. */
  isTold<T>(what: (change: CatalogChange) => readonly T[]): Promise<readonly T[]>;
  /** Waits until the list has these files and no others. */
  isListed(...paths: string[]): Promise<void>;
  /** The changes that were told make the present list of the first one. */
  assertTellsAll(): void;
}

export async function catalogFixture(): Promise<CatalogFixture> {
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
  const catalog = await Catalog.open(root, false, {
    onChanged: (change) => changes.push(change),
    onWatchLost() {},
    onScanFailed() {},
  });
  const first = catalog.snapshot();
  const byPath = () => new Map(catalog.snapshot().map((file) => [file.path, file]));
  const until = async (holds: () => boolean) => {
    const deadline = performance.now() + DEADLINE_MS;
    while (!holds()) {
      const paths = [...byPath().keys()];
      assert.ok(performance.now() < deadline, `It does not come about: ${paths.join(", ")}`);
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
    async isTold(what) {
      await until(() => changes.some((change) => what(change).length > 0));
      return changes.flatMap(what);
    },
    async isListed(...paths) {
      const expected = paths.sort().join();
      await until(() => [...byPath().keys()].sort().join() === expected);
    },
    assertTellsAll() {
      const files = new Map(first.map((file) => [file.path, file]));
      for (const { files: changed, removed } of changes) {
        for (const path of removed) assert.ok(files.delete(path), `${path} was not there`);
        for (const file of changed) files.set(file.path, file);
      }
      assert.deepEqual(files, byPath());
      assert.equal(catalog.revision, 1 + changes.length);
      assert.equal(catalog.size, files.size);
    },
    async [Symbol.asyncDispose]() {
      await catalog[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
    },
  };
}

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
