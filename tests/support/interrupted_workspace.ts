/**
 * A site whose client was killed in the middle of a download.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { type Journal, parseJournal } from "../../lib/client/disk/journal.ts";
import { startRelay } from "../../tools/relay.ts";
import { eventually, type ServerProgram, startClient } from "./harness.ts";
import type { Workspace } from "./workspace.ts";

/** What a line carries that leaves time to kill a client, in bytes a second. */
const SLOW = 4_000_000;
/** How many chunks of each file have come before the client is killed. */
const CHUNKS = 6;

/** What a client left of one file. */
export interface Remains {
  readonly dataPath: string;
  readonly journalPath: string;
  readonly journal: Journal;
  /** How many bytes the journal names. */
  readonly kept: number;
}

/** Downloads until some chunks of some files are there, and kills the client. */
export async function interrupt(
  site: Workspace,
  server: ServerProgram,
  paths: readonly string[],
): Promise<Remains[]> {
  await using relay = startRelay({ port: server.port, bytesPerSecond: SLOW });
  await using client = startClient({ ...site, port: relay.port });
  const isUnderWay = ({ journal }: Remains) => journal.entries.length >= CHUNKS;
  await eventually(async () => {
    const all = await remainsOf(site);
    const found = paths.filter((path) =>
      all.some((remains) => remains.journal.subject.path === path && isUnderWay(remains))
    );
    assert.deepEqual(found, paths, client.stderr);
  });
  client.kill("SIGKILL");
  await client.ended();
  return await remainsOf(site);
}

/** What is kept of unfinished files. */
export async function remainsOf(site: Workspace): Promise<Remains[]> {
  const work = join(site.output, ".sluice");
  const remains: Remains[] = [];
  for await (const { name } of Deno.readDir(work)) {
    if (!name.endsWith(".journal")) continue;
    const journalPath = join(work, name);
    const journal = parseJournal(await Deno.readFile(journalPath));
    if (!journal) continue;
    const dataPath = journalPath.replace(/journal$/, "data");
    const kept = journal.entries.reduce((sum, { length }) => sum + length, 0);
    remains.push({ dataPath, journalPath, journal, kept });
  }
  return remains;
}
