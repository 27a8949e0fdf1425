import assert from "node:assert/strict";
import { join } from "@std/path";
import { isReplaced, type LockOptions, OutputLock } from "../../../lib/client/disk/output_lock.ts";
import { UserError } from "../../../lib/errors.ts";
import { eventually } from "../../support/harness.ts";

/** A file system without locks, as an NFS without its daemon or some FUSE file systems are. */
function noLocks(): Promise<boolean> {
  const error = new Error("No locks available (os error 37)");
  return Promise.reject(Object.assign(error, { code: "ENOLCK" }));
}

/** A folder to lock. */
interface LockFixture extends AsyncDisposable {
  readonly root: string;
  readonly path: string;
  readonly waits: string[];
  acquire(options?: Partial<LockOptions>): Promise<OutputLock>;
}

async function lockFixture(): Promise<LockFixture> {
  const parent = await Deno.makeTempDir({ prefix: "sluice-test-" });
  const root = join(parent, "Output");
  await Deno.mkdir(join(root, ".sluice"), { recursive: true });
  const path = join(root, ".sluice", "lock");
  const waits: string[] = [];
  const onWait = (line: string) => waits.push(line);
  return {
    root,
    path,
    waits,
    async acquire(options) {
      const { signal } = new AbortController();
      const own = { root, path, folder: "Output", onWait, signal, beatMs: 20 };
      return (await OutputLock.acquire({ ...own, ...options }))!;
    },
    [Symbol.asyncDispose]: () => Deno.remove(parent, { recursive: true }),
  };
}

function isHeld(error: unknown): boolean {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.exitCode, 1);
  assert.match(
    error.message,
    /^Another client( \(process \d+( on host)?\))? is downloading into "Output"/,
  );
  return true;
}

const NO_LOCKS = { tryLock: noLocks, staleMs: 1_000 };

Deno.test("isReplaced compares the numbers of files, where the system has them", () => {
  const rows = [[1, 1, false], [1, 2, true], [null, 2, false], [1, null, false], [0, 2, false]];
  for (const [open, there, replaced] of rows) {
    const files = [{ ino: open as number | null }, { ino: there as number | null }] as const;
    assert.equal(isReplaced(...files), replaced, JSON.stringify(files));
  }
});

Deno.test("OutputLock.acquire acquires a lock whose owner ended without removing its file", async () => {
  await using fixture = await lockFixture();
  await Deno.writeTextFile(fixture.path, "1\n");
  {
    await using lock = await fixture.acquire();
    assert.equal((await Deno.stat(fixture.path)).isFile, true);
    assert.equal(lock.warning, null);
  }
  await assert.rejects(Deno.stat(fixture.path), Deno.errors.NotFound);
});

Deno.test({
  name: "OutputLock.acquire keeps a second client out after the lock's file was removed",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using fixture = await lockFixture();
    await using first = await fixture.acquire();
    await Deno.remove(fixture.path);
    await assert.rejects(fixture.acquire(), isHeld);
    // The first one restores the file, for other versions of the client.
    await eventually(() => Deno.stat(fixture.path));
    assert.ok(!first.lost.aborted);
  },
});

Deno.test("OutputLock holds a folder that was removed and created again", async () => {
  await using fixture = await lockFixture();
  await using first = await fixture.acquire();
  // Moved first: the client may write its file while the folder is being removed.
  await Deno.rename(fixture.root, `${fixture.root}.old`);
  await Deno.mkdir(join(fixture.root, ".sluice"), { recursive: true });
  await eventually(() => Deno.stat(fixture.path));
  await assert.rejects(fixture.acquire(), isHeld);
  assert.ok(!first.lost.aborted);
});

Deno.test("OutputLock is lost when another client locks the folder that took its place", async () => {
  await using fixture = await lockFixture();
  await using first = await fixture.acquire();
  const other = await lockFixture();
  await using _other = other;
  // A lock of the folder that takes the place of the first one's.
  await using _second = await other.acquire({ beatMs: 1e8 });
  await Deno.rename(fixture.root, `${fixture.root}.old`);
  await Deno.rename(other.root, fixture.root);
  if (!first.lost.aborted) {
    await new Promise((resolve) => first.lost.addEventListener("abort", resolve));
  }
  assert.ok(isHeld(first.lost.reason));
  await Deno.rename(fixture.root, other.root);
});

Deno.test("OutputLock locks by a file where the file system has no locks, and warns", async () => {
  await using fixture = await lockFixture();
  {
    await using lock = await fixture.acquire(NO_LOCKS);
    assert.match(lock.warning!, /^the file system of "Output" has no locks: /);
    assert.match(await Deno.readTextFile(fixture.path), new RegExp(`^${Deno.pid}\n`));
    assert.deepEqual(fixture.waits, []);
    // The owner renews its file, which the second one notices.
    await assert.rejects(fixture.acquire({ ...NO_LOCKS, staleMs: 1e8 }), isHeld);
    assert.match(
      fixture.waits[0]!,
      /^waiting up to \d+ s: another client \(process \d+\) may be using "Output"$/,
    );
    assert.ok(!lock.lost.aborted);
  }
  await assert.rejects(Deno.stat(fixture.path), Deno.errors.NotFound);
});

Deno.test("OutputLock takes over a file that is not renewed", async () => {
  await using fixture = await lockFixture();
  await Deno.writeTextFile(fixture.path, "1\nhost\nid\n");
  await using lock = await fixture.acquire({ ...NO_LOCKS, staleMs: 200 });
  assert.equal(fixture.waits.length, 1);
  assert.match(await Deno.readTextFile(fixture.path), new RegExp(`^${Deno.pid}\n`));
  assert.ok(!lock.lost.aborted);
});

Deno.test("OutputLock takes over an old file at once", async () => {
  await using fixture = await lockFixture();
  await Deno.writeTextFile(fixture.path, "1\nhost\nid\n");
  await Deno.utime(fixture.path, new Date(2020, 1), new Date(2020, 1));
  await using lock = await fixture.acquire({ ...NO_LOCKS, staleMs: 1e6 });
  assert.ok(!lock.lost.aborted);
});

Deno.test("OutputLock without system locks is lost when its file is another client's", async () => {
  await using fixture = await lockFixture();
  await using first = await fixture.acquire(NO_LOCKS);
  await Deno.writeTextFile(`${fixture.path}.new`, "1\nhost\nid\n");
  await Deno.rename(`${fixture.path}.new`, fixture.path);
  if (!first.lost.aborted) {
    await new Promise((resolve) => first.lost.addEventListener("abort", resolve));
  }
  assert.ok(isHeld(first.lost.reason));
  assert.equal(await Deno.readTextFile(fixture.path), "1\nhost\nid\n");
});

Deno.test("OutputLock.acquire ends its waiting with the signal", async () => {
  await using fixture = await lockFixture();
  await Deno.writeTextFile(fixture.path, "1\nhost\nid\n");
  const interrupt = new AbortController();
  const onWait = () => interrupt.abort();
  const { signal } = interrupt;
  const lock = await fixture.acquire({ ...NO_LOCKS, staleMs: 1e8, onWait, signal });
  assert.equal(lock, null);
});
