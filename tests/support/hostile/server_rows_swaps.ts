/**
 * Links and removals in the output folder during a download.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "@std/path";
import { eventually } from "../harness.ts";
import type { Workspace } from "../workspace.ts";
import { content } from "./hostile_server.ts";
import type { ServerRow } from "./server_row.ts";

const PATH = "dir/evil.bin";
// Two chunks: more would fill the window, and the good files would not be requested.
const EVIL = content(70_000, 3);
/** The client's line about data that was removed or replaced. */
const LOST = /^failed +dir\/evil\.bin +(the partial file cannot be read|its data was removed)/m;
const FILES = { [PATH]: EVIL };

/** The path of a file's data or journal. */
function work(workspace: Workspace, suffix: string): string {
  const name = createHash("sha256").update(PATH).digest("hex").slice(0, 32);
  return workspace.downloaded(`.sluice/${name}${suffix}`);
}

/** A row whose swap is made after the first chunk was written. */
function swapped(
  name: string,
  swap: (workspace: Workspace, outside: string) => Promise<void>,
  row: Pick<ServerRow, "code"> & Partial<ServerRow>,
): ServerRow {
  let planted: { workspace: Workspace; outside: string } | undefined;
  return {
    name: `${name}, during the download`,
    files: FILES,
    plant: async (workspace, outside) => {
      await Promise.resolve();
      planted = { workspace, outside };
    },
    get: async (peer, ask) => {
      if (ask.offset > 0 && planted) {
        const { workspace, outside } = planted;
        planted = undefined;
        await eventually(() => Deno.stat(work(workspace, ".journal")));
        await swap(workspace, outside);
      }
      await peer.honest(ask);
    },
    ...row,
  };
}

async function replaceByLink(path: string, target: string): Promise<void> {
  await Deno.remove(path);
  await Deno.symlink(target, path);
}

/** All swaps. */
export const SWAPS: readonly ServerRow[] = [
  swapped(
    "a link at the name",
    async (workspace, outside) => {
      await Deno.mkdir(workspace.downloaded("dir"));
      await Deno.symlink(join(outside, "victim.txt"), workspace.downloaded(PATH));
    },
    { arrives: FILES, code: 0 },
  ),
  swapped(
    "a link at a folder of the name",
    (workspace, outside) => Deno.symlink(outside, workspace.downloaded("dir")),
    { stays: ["dir"], says: /^failed +dir\/evil\.bin .*is a link/m, code: 1 },
  ),
  swapped(
    "a link at the data",
    (workspace, outside) => replaceByLink(work(workspace, ".data"), join(outside, "victim.txt")),
    { says: LOST, code: 1 },
  ),
  swapped(
    "a link at the journal",
    (workspace, outside) => replaceByLink(work(workspace, ".journal"), join(outside, "victim.txt")),
    { arrives: FILES, code: 0 },
  ),
  swapped(
    "a link at the work folder",
    async (workspace, outside) => {
      const own = workspace.downloaded(".sluice");
      await Deno.remove(own, { recursive: true });
      await Deno.symlink(outside, own);
    },
    { says: LOST, code: 1 },
  ),
  swapped(
    "the work folder removed",
    (workspace) => Deno.remove(workspace.downloaded(".sluice"), { recursive: true }),
    { says: LOST, code: 1 },
  ),
];
