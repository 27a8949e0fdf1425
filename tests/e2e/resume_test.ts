import assert from "node:assert/strict";
import { type JournalEntry, journalHead, journalLine } from "../../lib/client/disk/journal.ts";
import { runClient, startServer } from "../support/harness.ts";
import { interrupt, type Remains } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

const SIZE = 6 * MB;
/** What a client says of a file that it goes on with, or begins anew. */
const RESUMED = /^resumed +a\.bin /m;
const REFETCH = /^refetch +a\.bin /m;

/** What happens to what a client has left, and what the next one does. */
interface Case {
  readonly name: string;
  /** Does it; returns how many of the kept bytes do not count any more. */
  readonly harm: (remains: Remains) => Promise<number>;
  readonly resumes: boolean;
  /** What it says. */
  readonly says?: RegExp;
}

const CASES: readonly Case[] = [
  { name: "nothing", harm: () => Promise.resolve(0), resumes: true },
  {
    name: "a flipped bit in the data",
    async harm({ dataPath, journal: { entries } }) {
      await flip(dataPath, entries[2]!.offset + 5);
      return entries[2]!.length;
    },
    resumes: true,
    says: /^refetch +a\.bin +\d+ bytes of the partial file are damaged$/m,
  },
  {
    name: "damage in two chunks",
    async harm({ dataPath, journal: { entries } }) {
      const harmed = [entries[0]!, entries[4]!];
      for (const { offset, length } of harmed) await flip(dataPath, offset + length - 1);
      return bytesIn(harmed);
    },
    resumes: true,
    says: /^refetch +a\.bin +\d+ bytes of the partial file are damaged$/m,
  },
  {
    name: "data cut off in a chunk",
    async harm({ dataPath, journal: { entries } }) {
      const end = entries[3]!.offset + 1;
      await Deno.truncate(dataPath, end);
      return bytesIn(entries.filter(({ offset, length }) => offset + length > end));
    },
    resumes: true,
    says: /^refetch +a\.bin +\d+ bytes of the partial file are damaged$/m,
  },
  {
    name: "the data gone",
    async harm({ dataPath, kept }) {
      await Deno.remove(dataPath);
      return kept;
    },
    resumes: false,
    says: /^refetch +a\.bin +\d+ bytes of the partial file are damaged$/m,
  },
  {
    name: "a torn last record",
    async harm({ journalPath, journal: { entries } }) {
      await Deno.truncate(journalPath, (await Deno.stat(journalPath)).size - 3);
      return entries.at(-1)!.length;
    },
    resumes: true,
  },
  {
    name: "a journal that ends in NULs, as after a power cut",
    async harm({ journalPath, journal: { entries } }) {
      using file = await Deno.open(journalPath, { write: true });
      await file.seek(-4, Deno.SeekMode.End);
      await file.write(new Uint8Array(400));
      return entries.at(-1)!.length;
    },
    resumes: true,
  },
  {
    name: "an empty journal",
    harm: ({ journalPath, kept }) => replaced(journalPath, new Uint8Array(), kept),
    resumes: false,
  },
  {
    name: "a journal cut off in its head",
    async harm({ journalPath, kept }) {
      await Deno.truncate(journalPath, 20);
      return kept;
    },
    resumes: false,
  },
  {
    name: "the journal of another file",
    harm({ journalPath, journal: { subject, entries }, kept }) {
      const lines = [journalHead({ ...subject, path: "b.bin" }), ...entries.map(journalLine)];
      return replaced(journalPath, new TextEncoder().encode(lines.join("")), kept);
    },
    resumes: false,
  },
  {
    name: "garbage for a journal",
    harm({ journalPath, kept }) {
      const garbage = crypto.getRandomValues(new Uint8Array(5000));
      return replaced(journalPath, garbage, kept);
    },
    resumes: false,
  },
  {
    name: "a journal that claims what is not there",
    async harm({ journalPath }) {
      const claim = journalLine({ offset: SIZE - 1000, length: 1000, checksum: 1 });
      await Deno.writeTextFile(journalPath, claim, { append: true });
      return 0;
    },
    resumes: true,
  },
  {
    name: "the journal gone",
    async harm({ journalPath, kept }) {
      await Deno.remove(journalPath);
      return kept;
    },
    resumes: false,
  },
];

Deno.test("client asks only for what its journal and its data do not prove", async (t) => {
  await using site = await Workspace.create({ "a.bin": SIZE });
  await site.setInput("a.bin\n");
  await using server = await startServer(site);
  const [remains] = await interrupt(site, server, ["a.bin"]);
  const data = await Deno.readFile(remains!.dataPath);
  const journal = await Deno.readFile(remains!.journalPath);
  let clients = 1;
  for (const { name, harm, resumes, says } of CASES) {
    await t.step(`after ${name}`, async () => {
      await Deno.remove(site.output, { recursive: true });
      await Deno.mkdir(`${site.output}/.sluice`, { recursive: true });
      await Deno.writeFile(remains!.dataPath, data);
      await Deno.writeFile(remains!.journalPath, journal);
      const lost = await harm(remains!);
      const { code, stderr } = await runClient({ ...site, port: server.port });
      assert.equal(code, 0, stderr);
      await site.assertArrived("a.bin");
      await site.assertNoLeftovers();
      if (resumes) assert.match(stderr, RESUMED);
      else assert.doesNotMatch(stderr, RESUMED);
      if (says) assert.match(stderr, says);
      await server.waitForLeaving(++clients);
      assert.equal(server.bytesByClient.at(-1), SIZE - remains!.kept + lost, stderr);
    });
  }
});

Deno.test("client begins a file anew that has changed on the server in between", async () => {
  for (const size of [SIZE, SIZE - MB, SIZE + MB]) {
    await using site = await Workspace.create({ "a.bin": SIZE });
    await site.setInput("a.bin\n");
    await using server = await startServer(site);
    await interrupt(site, server, ["a.bin"]);
    await site.replace("a.bin", size, 99);
    // The server may need a moment to see it: its list is no older than its start.
    await using fresh = await startServer(site);
    const { code, stderr } = await runClient({ ...site, port: fresh.port });
    assert.equal(code, 0, stderr);
    assert.match(stderr, REFETCH);
    assert.match(stderr, /another version/);
    assert.doesNotMatch(stderr, RESUMED);
    await site.assertArrived("a.bin");
    await site.assertNoLeftovers();
    await fresh.waitForLeaving(1);
    assert.deepEqual(fresh.bytesByClient, [size]);
  }
});

function bytesIn(entries: readonly JournalEntry[]): number {
  return entries.reduce((sum, { length }) => sum + length, 0);
}

async function replaced(path: string, bytes: Uint8Array, lost: number): Promise<number> {
  await Deno.writeFile(path, bytes);
  return lost;
}

async function flip(path: string, at: number): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const byte = new Uint8Array(1);
  await file.seek(at, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0]! ^= 0x10;
  await file.seek(at, Deno.SeekMode.Start);
  await file.write(byte);
}
