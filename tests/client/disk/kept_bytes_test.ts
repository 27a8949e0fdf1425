import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { DiskResult, StoredFile } from "../../../lib/client/disk/disk_actions.ts";
import { keptBytes, provenPrefix } from "../../../lib/client/disk/kept_bytes.ts";
import { inspect, inspectSync } from "../../../lib/client/disk/local_state.ts";
import { Storage } from "../../../lib/client/disk/storage.ts";
import type { ListedFile } from "../../../lib/protocol/payloads.ts";
import {
  contentOf,
  fileOf,
  partialFileFixture,
  writeAt,
} from "../../support/partial_file_fixture.ts";

const KB = 1024;
const CHUNK = 40 * KB;
const OLD = fileOf(10 * CHUNK);
/** The same, with more at its end. */
const GROWN = fileOf(12 * CHUNK, { version: "v2" });

type Fixture = Awaited<ReturnType<typeof partialFileFixture>>;

/** Writes chunks of the old version. */
async function keep(fixture: Fixture, ...chunks: readonly number[]): Promise<void> {
  const { partial } = await fixture.open(OLD);
  for (const i of chunks) {
    writeAt(partial, i * CHUNK, contentOf(OLD).subarray(i * CHUNK, (i + 1) * CHUNK));
  }
  partial.close();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Whether a file can be read: root can read all. */
function isReadable(path: string): boolean {
  try {
    Deno.openSync(path).close();
    return true;
  } catch {
    return false;
  }
}

/** Performs actions on one file; returns the result of each. */
async function perform(
  { output }: Fixture,
  file: ListedFile,
  actions: readonly object[],
): Promise<DiskResult[]> {
  await using storage = new Storage<StoredFile>(output);
  const record = { file };
  const results: DiskResult[] = [];
  for (const action of actions) {
    const { promise, resolve } = Promise.withResolvers<readonly DiskResult[]>();
    storage.onResults = resolve;
    const now = storage.perform([{ ...action, record } as never]);
    results.push(...now.length > 0 ? now : await promise);
  }
  return results;
}

Deno.test("keptBytes puts what saves most first, and leaves out what saves little", async () => {
  using fixture = await partialFileFixture();
  await keep(fixture, 0, 1, 2, 5);
  const state = await inspect(GROWN, fixture.output);
  assert.deepEqual(state.kept, [{ source: "partial", length: 3 * CHUNK }]);
  assert.deepEqual([state.hasJournal, state.discardReason], [false, "outdated"]);
  assert.deepEqual(keptBytes(GROWN, 0, 1_000), []);
  assert.deepEqual(keptBytes(GROWN, 0, null), []);
});

Deno.test("keptBytes counts no more than the new version has", async () => {
  using fixture = await partialFileFixture();
  await keep(fixture, 0, 1, 2, 3);
  Deno.writeFileSync(fixture.output.finalPath(OLD.path), contentOf(OLD));
  const cut = fileOf(2.5 * CHUNK, { version: "v2" });
  // Of the partial file only whole chunks count, since only they have checksums.
  assert.deepEqual((await inspect(cut, fixture.output)).kept, [
    { source: "final", length: 2.5 * CHUNK },
    { source: "partial", length: 2 * CHUNK },
  ]);
  assert.deepEqual(inspectSync(fileOf(1, { path: "new" }), fixture.output)?.kept, []);
});

Deno.test("provenPrefix ends before damaged data, data that is missing, and a journal of nothing", async () => {
  using fixture = await partialFileFixture();
  const { signal } = new AbortController();
  const proven = (file = GROWN) => provenPrefix(file, fixture.output, signal);
  await keep(fixture, 0, 1, 2, 3);
  assert.equal(await proven(), 4 * CHUNK);
  Deno.truncateSync(fixture.dataOf(OLD), 3.5 * CHUNK);
  assert.equal(await proven(), 3 * CHUNK);
  {
    using data = Deno.openSync(fixture.dataOf(OLD), { write: true });
    data.seekSync(CHUNK, Deno.SeekMode.Start);
    data.writeSync(Uint8Array.of(contentOf(OLD)[CHUNK]! ^ 1));
  }
  assert.equal(await proven(), CHUNK);
  Deno.writeTextFileSync(fixture.journalOf(OLD), "noise");
  assert.equal(await proven(), 0);
});

for (const source of ["partial", "final"] as const) {
  Deno.test(`Storage tries and adopts what is kept in the ${source} file`, async () => {
    using fixture = await partialFileFixture();
    if (source === "partial") await keep(fixture, 0, 1, 2, 3, 6);
    else Deno.writeFileSync(fixture.output.finalPath(OLD.path), contentOf(OLD));
    const length = source === "partial" ? 4 * CHUNK : 10 * CHUNK;
    const kept = contentOf(OLD).subarray(0, length);
    const [tried, opened, released] = await perform(fixture, GROWN, [
      { type: "try", source },
      { type: "adopt", kept: { source, length } },
      { type: "release" },
    ]);
    assert.ok(tried?.type === "tried" && opened?.type === "opened");
    assert.deepEqual([tried.length, tried.digest], [length, sha256(kept)]);
    const lacking = [{ start: length, end: GROWN.size }];
    const found = { damaged: 0, discardReason: null };
    assert.deepEqual({ ...opened, record: null }, {
      type: "opened",
      record: null,
      lacking,
      ...found,
    });
    assert.ok(released?.type === "released" && released.resumable === length);
    // A later run resumes it, as if it had been received.
    const { partial } = await fixture.open(GROWN);
    assert.deepEqual([...partial.lacking], lacking);
    partial.close();
    assert.deepEqual(Deno.readFileSync(fixture.dataOf(GROWN)).subarray(0, length), kept);
    assert.equal(fixture.work().length, 2);
  });
}

Deno.test("Storage finds nothing to try where it was removed meanwhile", async () => {
  using fixture = await partialFileFixture();
  for (const source of ["partial", "final"] as const) {
    const [tried] = await perform(fixture, GROWN, [{ type: "try", source }]);
    assert.ok(tried?.type === "tried" && tried.digest === null);
  }
});

Deno.test("Storage adopts what fits of a final file that was cut off meanwhile", async () => {
  using fixture = await partialFileFixture();
  Deno.writeFileSync(fixture.output.finalPath(OLD.path), contentOf(OLD).subarray(0, 3 * CHUNK));
  const kept = { source: "final", length: 4 * CHUNK };
  const [opened] = await perform(fixture, GROWN, [{ type: "adopt", kept }]);
  assert.ok(opened?.type === "opened");
  assert.deepEqual(opened.lacking, [{ start: 3 * CHUNK, end: GROWN.size }]);
});

Deno.test({
  name: "Storage fails a file whose partial file cannot be read, and drops nothing",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using fixture = await partialFileFixture();
    await keep(fixture, 0, 1);
    Deno.chmodSync(fixture.dataOf(OLD), 0);
    if (isReadable(fixture.dataOf(OLD))) return;
    const [failed] = await perform(fixture, GROWN, [{ type: "try", source: "partial" }]);
    assert.ok(failed?.type === "failed");
    assert.match(`${failed.error}`, /cannot be read|denied/i);
    assert.equal(fixture.work().length, 2);
  },
});
