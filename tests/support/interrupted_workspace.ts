/**
 * A workspace whose client was killed in the middle of a download, and its partial files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { join } from "@std/path";
import { type Journal, parseJournal } from "../../lib/client/disk/journal.ts";
import { startRelay } from "../../tools/relay.ts";
import { eventually, type ServerProgram, startClient } from "./harness.ts";
import type { Workspace } from "./workspace.ts";

/** A line slow enough to kill a client during its download, in bytes a second. */
const SLOW = 4_000_000;
/** How many chunks of each file are on disk when the client is killed. */
const CHUNKS = 6;

/** One file's work files after the client was killed. */
export interface PartialDownload {
  readonly dataPath: string;
  readonly journalPath: string;
  readonly journal: Journal;
  /** The bytes that the journal lists. */
  readonly resumableBytes: number;
}

/** Downloads until some chunks of each of `paths` are on disk, and kills the client. */
export async function interruptDownload(
  workspace: Workspace,
  server: ServerProgram,
  paths: readonly string[],
): Promise<PartialDownload[]> {
  await using relay = startRelay({ port: server.port, bytesPerSecond: SLOW });
  await using client = startClient({ ...workspace, port: relay.port });
  const isUnderWay = ({ journal }: PartialDownload) => journal.entries.length >= CHUNKS;
  await eventually(async () => {
    const downloads = await partialDownloadsIn(workspace);
    const found = paths.filter((path) =>
      downloads.some((download) => download.journal.subject.path === path && isUnderWay(download))
    );
    assert.deepEqual(found, paths, client.stderr);
  });
  client.kill("SIGKILL");
  await client.ended();
  return await partialDownloadsIn(workspace);
}

/** The partial downloads in the client's work folder. */
export async function partialDownloadsIn(workspace: Workspace): Promise<PartialDownload[]> {
  const work = join(workspace.output, ".sluice");
  const downloads: PartialDownload[] = [];
  for await (const { name } of Deno.readDir(work)) {
    if (!name.endsWith(".journal")) continue;
    const journalPath = join(work, name);
    const journal = parseJournal(await Deno.readFile(journalPath));
    if (!journal) continue;
    const dataPath = journalPath.replace(/journal$/, "data");
    const resumableBytes = journal.entries.reduce((sum, { length }) => sum + length, 0);
    downloads.push({ dataPath, journalPath, journal, resumableBytes });
  }
  return downloads;
}
