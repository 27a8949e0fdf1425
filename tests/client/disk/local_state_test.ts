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
  present: "nothing",
  resumableBytes: 0,
  discardReason: null,
  obstacle: null,
};
const FILE = fileOf(10 * CHUNK);

Deno.test("lookAt finds nothing in a folder that does not exist, and creates nothing", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.look(join(temp.path, "a", "b"));
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
  Deno.test(`lookAt sees a file ${what}`, async () => {
    using place = await partialFileFixture();
    const path = place.output.finalPath(FILE.path);
    Deno.writeFileSync(path, new Uint8Array(size));
    Deno.utimeSync(path, new Date(modified), new Date(modified));
    assert.deepEqual(await inspect(FILE, place.output), { ...NOTHING, present });
  });
}

Deno.test("lookAt counts what a journal names once, and what the data is long enough for", async () => {
  using place = await partialFileFixture();
  await writeAndClose(place, FILE, [0, 1, 1, 5]);
  assert.equal((await inspect(FILE, place.output)).resumableBytes, 3 * CHUNK);
  Deno.truncateSync(place.dataOf(FILE), 1.5 * CHUNK);
  assert.equal((await inspect(FILE, place.output)).resumableBytes, 1.5 * CHUNK);
  Deno.removeSync(place.dataOf(FILE));
  assert.deepEqual(await inspect(FILE, place.output), NOTHING);
});

Deno.test("lookAt sees what would be dropped, and drops nothing", async () => {
  using place = await partialFileFixture();
  await writeAndClose(place, FILE, [0]);
  const other = fileOf(FILE.size, { version: "w" });
  assert.deepEqual(await inspect(other, place.output), { ...NOTHING, dropped: "outdated" });
  Deno.writeTextFileSync(place.journalOf(FILE), "noise");
  assert.deepEqual(await inspect(FILE, place.output), { ...NOTHING, dropped: "unreadable" });
  assert.equal(place.work().length, 2);
  assert.deepEqual(Deno.readFileSync(place.dataOf(FILE)), contentOf(FILE).slice(0, CHUNK));
});

Deno.test("lookAt says what stands in the way", async () => {
  using place = await partialFileFixture();
  Deno.mkdirSync(place.output.finalPath("a.bin"));
  Deno.symlinkSync("elsewhere", place.output.finalPath("link"));
  const below = fileOf(1, { path: "link/b.bin" });
  assert.match(
    (await inspect(FILE, place.output)).obstacle ?? "",
    /^a folder stands where "a\.bin"/,
  );
  assert.match(
    (await inspect(below, place.output)).obstacle ?? "",
    /link" is a link; remove it$/,
  );
});
