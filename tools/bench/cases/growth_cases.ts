/**
 * Cases n and s: what the number and the size of files cost, of Sluice alone. Each row meets a
 * server of its own, which has never been asked for a digest.
 *
 * @module
 */
import { join } from "@std/path";
import { formatBytes, formatCount } from "../../../lib/display/terminal/units.ts";
import type { BenchCase, Site } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import type { FileGroup } from "../data.ts";
import { usageObserver } from "../observers.ts";
import type { Scale } from "../scale.ts";
import { startSluice } from "../sluice.ts";
import { fetchWithSluice, setStage } from "./download.ts";

/** How large the files of case n are, in bytes. */
const SIZE = 4 * 1024;

/** What is shown besides the seconds. */
const COSTS = ["serverPeak", "clientPeak", "serverCpu", "clientCpu"] as const;

export const COUNT_CASE: BenchCase = {
  id: "n",
  title: () => `number of files, of ${formatBytes(SIZE)} each, sha256, first time`,
  metrics: ["seconds", "filesPerSecond", ...COSTS],
  subjects: [],
  leastRounds: 1,
  weight: 2,
  prepare: (site) =>
    contestants(site, site.scale.counts, (count) => ({
      name: formatCount(count, "file"),
      group: { count, size: SIZE },
    })),
};

export const SIZE_CASE: BenchCase = {
  id: "s",
  title: ({ sizesBytes, sizesFiles }) =>
    `size of files, ${formatBytes(sizesBytes)} in at most ${sizesFiles} files, sha256, first time`,
  metrics: ["seconds", "rate", "serverPeak", "clientPeak", "serverCpuPerGB", "clientCpuPerGB"],
  subjects: [],
  leastRounds: 1,
  weight: 3,
  prepare: (site) =>
    contestants(site, site.scale.sizes, (size) => ({
      name: formatBytes(size),
      group: groupOf(site.scale, size),
    })),
};

function groupOf({ sizesBytes, sizesFiles }: Scale, size: number): FileGroup {
  const count = Math.floor(sizesBytes / size);
  return { count: Math.min(Math.max(1, count), sizesFiles), size };
}

async function contestants(
  site: Site,
  values: readonly number[],
  describe: (value: number) => { readonly name: string; readonly group: FileGroup },
): Promise<Contestant[]> {
  const all: Contestant[] = [];
  for (const x of values) {
    const { name, group } = describe(x);
    all.push(await contestant(site, name, x, group));
  }
  return all;
}

async function contestant(
  site: Site,
  name: string,
  x: number,
  group: FileGroup,
): Promise<Contestant> {
  const dir = join(site.dir, String(x));
  await Deno.mkdir(dir);
  const stage = await setStage({ ...site, dir }, [group]);
  const [build] = site.builds;
  return {
    name,
    role: "sluice",
    x,
    async run() {
      await using server = await startSluice(build, stage.files.dir, site.signal);
      const observer = usageObserver(server.pid, stage.files.bytes);
      const job = { port: server.port, verify: "sha256" } as const;
      return await fetchWithSluice(stage, build, job, observer);
    },
  };
}
