import assert from "node:assert/strict";
import { type JournalEntry, journalHead, journalLine } from "../../lib/client/disk/journal.ts";
import { runClient, startServer } from "../support/harness.ts";
import { interruptDownload, type PartialDownload } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

const SIZE = 6 * MB;
/** The client's lines about a file that it resumes, or fetches again. */
const RESUMED = /^resumed +a\.bin /m;
const REFETCH = /^refetch +a\.bin /m;

/** A change to the work files of a killed client, and the behaviour of the next client. */
interface Case {
  readonly name: string;
  /** Makes the change; returns how many of the resumable bytes it invalidates. */
  readonly harm: (remains: PartialDownload) => Promise<number>;
  readonly resumes: boolean;
  /** A line that the client prints. */
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
    name: "the data removed",
    async harm({ dataPath, resumableBytes }) {
      await Deno.remove(dataPath);
      return resumableBytes;
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
    harm: ({ journalPath, resumableBytes }) =>
      replaced(journalPath, new Uint8Array(), resumableBytes),
    resumes: false,
  },
  {
    name: "a journal cut off in its head",
    async harm({ journalPath, resumableBytes }) {
      await Deno.truncate(journalPath, 20);
      return resumableBytes;
    },
    resumes: false,
  },
  {
    name: "the journal of another file",
    harm({ journalPath, journal: { subject, entries }, resumableBytes }) {
      const lines = [journalHead({ ...subject, path: "b.bin" }), ...entries.map(journalLine)];
      return replaced(journalPath, new TextEncoder().encode(lines.join("")), resumableBytes);
    },
    resumes: false,
  },
  {
    name: "a journal of random bytes",
    harm({ journalPath, resumableBytes }) {
      const garbage = crypto.getRandomValues(new Uint8Array(5000));
      return replaced(journalPath, garbage, resumableBytes);
    },
    resumes: false,
  },
  {
    name: "a journal that lists missing bytes",
    async harm({ journalPath }) {
      const claim = journalLine({ offset: SIZE - 1000, length: 1000, checksum: 1 });
      await Deno.writeTextFile(journalPath, claim, { append: true });
      return 0;
    },
    resumes: true,
  },
  {
    name: "the journal removed",
    async harm({ journalPath, resumableBytes }) {
      await Deno.remove(journalPath);
      return resumableBytes;
    },
    resumes: false,
  },
];

Deno.test("client requests only the bytes that its journal and its data do not prove", async (t) => {
  await using workspace = await Workspace.create({ "a.bin": SIZE });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const [remains] = await interruptDownload(workspace, server, ["a.bin"]);
  const data = await Deno.readFile(remains!.dataPath);
  const journal = await Deno.readFile(remains!.journalPath);
  let clients = 1;
  for (const { name, harm, resumes, says } of CASES) {
    await t.step(`after ${name}`, async () => {
      await Deno.remove(workspace.output, { recursive: true });
      await Deno.mkdir(`${workspace.output}/.sluice`, { recursive: true });
      await Deno.writeFile(remains!.dataPath, data);
      await Deno.writeFile(remains!.journalPath, journal);
      const lost = await harm(remains!);
      const { code, stderr } = await runClient({ ...workspace, port: server.port });
      assert.equal(code, 0, stderr);
      await workspace.assertArrived("a.bin");
      await workspace.assertNoLeftovers();
      if (resumes) assert.match(stderr, RESUMED);
      else assert.doesNotMatch(stderr, RESUMED);
      if (says) assert.match(stderr, says);
      await server.waitForDisconnects(++clients);
      assert.equal(server.bytesByClient.at(-1), SIZE - remains!.resumableBytes + lost, stderr);
    });
  }
});

Deno.test("client refetches a file that changed on the server between two runs", async () => {
  for (const size of [SIZE, SIZE - MB, SIZE + MB]) {
    await using workspace = await Workspace.create({ "a.bin": SIZE });
    await workspace.setInput("a.bin\n");
    await using server = await startServer(workspace);
    await interruptDownload(workspace, server, ["a.bin"]);
    await workspace.replace("a.bin", size, 99);
    // A running server may list the change late; a new one lists it from its start.
    await using fresh = await startServer(workspace);
    const { code, stderr } = await runClient({ ...workspace, port: fresh.port });
    assert.equal(code, 0, stderr);
    assert.match(stderr, REFETCH);
    assert.match(stderr, /another version/);
    assert.doesNotMatch(stderr, RESUMED);
    await workspace.assertArrived("a.bin");
    await workspace.assertNoLeftovers();
    await fresh.waitForDisconnects(1);
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
