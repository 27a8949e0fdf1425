import assert from "node:assert/strict";
import { join } from "@std/path";
import { inspect, type LocalState } from "../../../lib/client/disk/local_state.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  MODIFIED,
  partialFileFixture,
  tempFolder,
  writeAndClose,
} from "../../support/partial_file_fixture.ts";

const NOTHING: LocalState = {
  hasJournal: false,
  present: "nothing",
  existing: null,
  resumableBytes: 0,
  discardReason: null,
  kept: [],
  obstacle: null,
};
const FILE = fileOf(10 * CHUNK);

Deno.test("inspect finds nothing in a folder that does not exist, and creates nothing", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.openReadOnly(join(temp.path, "a", "b"));
  assert.deepEqual(await inspect(FILE, output), NOTHING);
  assert.deepEqual([...Deno.readDirSync(temp.path)], []);
});

for (
  const [what, size, modified, present] of [
    ["of the same size and time", FILE.size, MODIFIED, "same"],
    ["of the same size that is older", FILE.size, MODIFIED - 60_000, "same size"],
    ["of another size", FILE.size + 1, MODIFIED, "other"],
  ] as const
) {
  Deno.test(`inspect finds a file ${what}`, async () => {
    using fixture = await partialFileFixture();
    const path = fixture.output.finalPath(FILE.path);
    Deno.writeFileSync(path, new Uint8Array(size));
    Deno.utimeSync(path, new Date(modified), new Date(modified));
    assert.deepEqual(await inspect(FILE, fixture.output), {
      ...NOTHING,
      present,
      existing: { size, modified },
    });
  });
}

Deno.test("inspect counts claimed bytes once, and only those that the data is long enough for", async () => {
  using fixture = await partialFileFixture();
  await writeAndClose(fixture, FILE, [0, 1, 1, 5]);
  assert.equal((await inspect(FILE, fixture.output)).resumableBytes, 3 * CHUNK);
  Deno.truncateSync(fixture.dataOf(FILE), 1.5 * CHUNK);
  assert.equal((await inspect(FILE, fixture.output)).resumableBytes, 1.5 * CHUNK);
  Deno.removeSync(fixture.dataOf(FILE));
  assert.deepEqual(await inspect(FILE, fixture.output), { ...NOTHING, hasJournal: true });
});

Deno.test("inspect finds why a partial file would be discarded, and discards nothing", async () => {
  using fixture = await partialFileFixture();
  await writeAndClose(fixture, FILE, [0]);
  const other = fileOf(FILE.size, { version: "w" });
  assert.deepEqual(await inspect(other, fixture.output), { ...NOTHING, discardReason: "outdated" });
  Deno.writeTextFileSync(fixture.journalOf(FILE), "noise");
  assert.deepEqual(await inspect(FILE, fixture.output), {
    ...NOTHING,
    discardReason: "unreadable",
  });
  assert.equal(fixture.work().length, 2);
  assert.deepEqual(Deno.readFileSync(fixture.dataOf(FILE)), contentOf(FILE).slice(0, CHUNK));
});

Deno.test("inspect returns the obstacle in the way", async () => {
  using fixture = await partialFileFixture();
  Deno.mkdirSync(fixture.output.finalPath("a.bin"));
  Deno.symlinkSync("elsewhere", fixture.output.finalPath("link"));
  const below = fileOf(1, { path: "link/b.bin" });
  assert.match(
    (await inspect(FILE, fixture.output)).obstacle ?? "",
    /^a folder stands where "a\.bin"/,
  );
  assert.match(
    (await inspect(below, fixture.output)).obstacle ?? "",
    /link" is a link; remove it$/,
  );
});

Deno.test("inspect returns the obstacle of a name that the disk cannot hold, with advice", async () => {
  using fixture = await partialFileFixture();
  for (const path of [`${"ë".repeat(200)}/a`, `new/${"ë".repeat(200)}`]) {
    const { present, obstacle, advice } = await inspect({ ...FILE, path }, fixture.output);
    assert.equal(present, "nothing");
    assert.match(obstacle!, /cannot hold the name .* too long/);
    assert.match(advice!, /rename it on the server/);
  }
  // Explanations change nothing on the disk, so they try no name.
  const readOnly = await OutputFolder.openReadOnly(fixture.output.root);
  const { obstacle } = await inspect({ ...FILE, path: `new/${"ë".repeat(200)}` }, readOnly);
  assert.equal(obstacle, null);
  assert.deepEqual(fixture.work(), []);
});
