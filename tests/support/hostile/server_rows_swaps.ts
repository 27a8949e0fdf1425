/**
 * What may be put into the client's way while a file is coming.
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
// Two chunks: more would fill the window, and then what is good would not be asked for.
const EVIL = content(70_000, 3);
/** What the client says of data that is not there, or not its own, any more. */
const LOST = /^failed +dir\/evil\.bin +(the partial file cannot be read|its data was removed)/m;
const FILES = { [PATH]: EVIL };

/** Where the client keeps a file's data or its journal. */
function work(site: Workspace, suffix: string): string {
  const name = createHash("sha256").update(PATH).digest("hex").slice(0, 32);
  return site.downloaded(`.sluice/${name}${suffix}`);
}

/** A row about a file of which something has been written when the swap is made. */
function swapped(
  name: string,
  swap: (site: Workspace, outside: string) => Promise<void>,
  row: Pick<ServerRow, "code"> & Partial<ServerRow>,
): ServerRow {
  let place: { site: Workspace; outside: string } | undefined;
  return {
    name: `${name}, while the file comes`,
    files: FILES,
    plant: async (site, outside) => {
      await Promise.resolve();
      place = { site, outside };
    },
    get: async (peer, ask) => {
      if (ask.offset > 0 && place) {
        const { site, outside } = place;
        place = undefined;
        await eventually(() => Deno.stat(work(site, ".journal")));
        await swap(site, outside);
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

/** What may be put into the client's way while a file is coming. */
export const SWAPS: readonly ServerRow[] = [
  swapped(
    "a link at the name",
    async (site, outside) => {
      await Deno.mkdir(site.downloaded("dir"));
      await Deno.symlink(join(outside, "victim.txt"), site.downloaded(PATH));
    },
    { arrives: FILES, code: 0 },
  ),
  swapped(
    "a link at a folder of the name",
    (site, outside) => Deno.symlink(outside, site.downloaded("dir")),
    { stays: ["dir"], says: /^failed +dir\/evil\.bin .*is a link/m, code: 1 },
  ),
  swapped(
    "a link at the data",
    (site, outside) => replaceByLink(work(site, ".data"), join(outside, "victim.txt")),
    { says: LOST, code: 1 },
  ),
  swapped(
    "a link at the journal",
    (site, outside) => replaceByLink(work(site, ".journal"), join(outside, "victim.txt")),
    { arrives: FILES, code: 0 },
  ),
  swapped(
    "a link at the client's own folder",
    async (site, outside) => {
      const own = site.downloaded(".sluice");
      await Deno.remove(own, { recursive: true });
      await Deno.symlink(outside, own);
    },
    { says: LOST, code: 1 },
  ),
  swapped(
    "the end of the client's own folder",
    (site) => Deno.remove(site.downloaded(".sluice"), { recursive: true }),
    { says: LOST, code: 1 },
  ),
];
