import assert from "node:assert/strict";
import { Ranges } from "../../../lib/client/disk/byte_ranges.ts";
import { journalHead, journalLine, parseJournal } from "../../../lib/client/disk/journal.ts";
import { JournalWriter } from "../../../lib/client/disk/journal_writer.ts";
import { inspect } from "../../../lib/client/disk/local_state.ts";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { addClaims, findJournal, NO_JOURNAL } from "../../../lib/client/disk/read_journal.ts";
import {
  CHUNK,
  contentOf,
  fileOf,
  NOTHING_FOUND,
  partialFileFixture,
  writeAndClose,
  writeChunk,
} from "../../support/partial_file_fixture.ts";

const SMALL_CHUNK = 16_384;
const MIB = 1024 * 1024;
/** More lines than a journal has before it is rewritten. */
const MANY = 60_000;

Deno.test("JournalWriter keeps the journal of many small chunks short, and loses none", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(MANY * SMALL_CHUNK);
  const work = fixture.output.workPath(file.path);
  const writer = new JournalWriter(file, fixture.output, fixture.handles, work, NO_JOURNAL);
  for (let i = 0; i < MANY; i++) {
    // Neighbors are exchanged, as chunks of several requests may be.
    const offset = (i ^ 1) * SMALL_CHUNK;
    writer.append({ offset, length: SMALL_CHUNK, checksum: i });
    if (i % 5_001 === 0) assertClaims(i + 1);
  }
  assertClaims(MANY);
  assert.deepEqual(fixture.work(), [work.journal.split(/[/\\]/).at(-1)]);

  /** Compares the journal that a crash would leave at this moment. */
  function assertClaims(chunks: number): void {
    const bytes = Deno.readFileSync(work.journal);
    assert.ok(bytes.length < 1.1 * MIB, `${bytes.length} bytes`);
    const { subject, entries } = parseJournal(bytes)!;
    assert.deepEqual([subject.path, subject.size], [file.path, file.size]);
    const claimed = new Ranges();
    addClaims(claimed, entries);
    assert.equal(claimed.size, chunks * SMALL_CHUNK);
  }
});

Deno.test("PartialFile resumes from a rewritten journal, also with a chunk that is damaged", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(8 * CHUNK);
  await writeAndClose(fixture, file, [0, 1, 2, 4]);
  lengthen(fixture.journalOf(file));
  // The next chunk rewrites it.
  await writeAndClose(fixture, file, [6]);
  const { entries } = parseJournal(Deno.readFileSync(fixture.journalOf(file)))!;
  assert.deepEqual(entries.map(({ offset, length }) => [offset / CHUNK, length / CHUNK]), [
    [0, 3],
    [4, 1],
    [6, 1],
  ]);
  {
    const { partial, found } = await fixture.open(file);
    assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 5 * CHUNK });
    partial.close();
  }
  using data = Deno.openSync(fixture.dataOf(file), { write: true });
  data.seekSync(4 * CHUNK, Deno.SeekMode.Start);
  data.writeSync(Uint8Array.of(contentOf(file)[4 * CHUNK]! ^ 1));
  const { partial, found } = await fixture.open(file);
  assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 4 * CHUNK, damaged: CHUNK });
  for (const i of [3, 4, 5, 7]) writeChunk(partial, file, i);
  await partial.commit();
  assert.deepEqual(Deno.readFileSync(fixture.output.finalPath(file.path)), contentOf(file));
});

Deno.test("PartialFile resumes from a journal of any length, whatever is in the middle of it", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0, 2]);
  const path = fixture.journalOf(file);
  const [head, first, second] = Deno.readTextFileSync(path).split("\n");
  Deno.writeTextFileSync(path, `${head}\n${first}\n`);
  // A hole of zeros, as a power cut leaves: larger than what was read of a journal once.
  await Deno.truncate(path, 257 * MIB);
  Deno.writeTextFileSync(path, `\n${second}\n`, { append: true });
  const { partial, found } = await fixture.open(file);
  assert.deepEqual(found, { ...NOTHING_FOUND, resumableBytes: 2 * CHUNK });
  partial.close();
});

Deno.test("OutputFolder.removeProbes removes a new journal of a client that was killed", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0]);
  const { newJournal } = fixture.output.workPath(file.path);
  Deno.writeTextFileSync(newJournal, journalHead(file));
  const before = fixture.work().length;
  await (await OutputFolder.open(fixture.output.root)).removeProbes();
  assert.equal(fixture.work().length, before - 1);
  assert.equal((await fixture.open(file)).found.resumableBytes, CHUNK);
});

Deno.test("findJournal and inspect stop reading a long journal when they are aborted", async () => {
  using fixture = await partialFileFixture();
  const file = fileOf(4 * CHUNK);
  await writeAndClose(fixture, file, [0]);
  lengthen(fixture.journalOf(file));
  const aborted = new AbortController();
  let pieces = 0;
  const reading = findJournal(fixture.journalOf(file), file, () => {
    if (++pieces === 2) aborted.abort();
  }, { signal: aborted.signal });
  await assert.rejects(reading, { name: "AbortError" });
  assert.equal(pieces, 2);
  await assert.rejects(inspect(file, fixture.output, AbortSignal.abort()), { name: "AbortError" });
});

/** Repeats a line of a journal until the journal is longer than one that is not rewritten. */
function lengthen(path: string): void {
  const line = journalLine(parseJournal(Deno.readFileSync(path))!.entries[0]!);
  Deno.writeTextFileSync(path, line.repeat(Math.ceil(MIB / line.length)), { append: true });
}
