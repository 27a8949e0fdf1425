/**
 * Cases n and s: the cost of the number and of the size of files, for Sluice alone. Each row has its
 * own server, without digests yet.
 *
 * @module
 */
import { join } from "@std/path";
import { formatBytes, formatCount } from "../../../lib/display/terminal/units.ts";
import type { BenchCase, CaseSetup } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import type { FileGroup } from "../data.ts";
import { usageObserver } from "../observers.ts";
import type { Scale } from "../scale.ts";
import { startSluice } from "../sluice.ts";
import { fetchWithSluice, prepareDownload } from "./download.ts";

/** The size of the files of case n, in bytes. */
const SIZE = 4 * 1024;

/** The metrics apart from the seconds. */
const COSTS = ["serverPeak", "clientPeak", "serverCpu", "clientCpu"] as const;

export const COUNT_CASE: BenchCase = {
  id: "n",
  title: () => `number of files, of ${formatBytes(SIZE)} each, sha256, first time`,
  metrics: ["seconds", "filesPerSecond", ...COSTS],
  subjects: [],
  minRounds: 1,
  weight: 2,
  prepare: (setup) =>
    contestants(setup, setup.scale.counts, (count) => ({
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
  minRounds: 1,
  weight: 3,
  prepare: (setup) =>
    contestants(setup, setup.scale.sizes, (size) => ({
      name: formatBytes(size),
      group: groupOf(setup.scale, size),
    })),
};

function groupOf({ sizesBytes, sizesFiles }: Scale, size: number): FileGroup {
  const count = Math.floor(sizesBytes / size);
  return { count: Math.min(Math.max(1, count), sizesFiles), size };
}

async function contestants(
  setup: CaseSetup,
  values: readonly number[],
  describe: (value: number) => { readonly name: string; readonly group: FileGroup },
): Promise<Contestant[]> {
  const all: Contestant[] = [];
  for (const x of values) {
    const { name, group } = describe(x);
    all.push(await contestant(setup, name, x, group));
  }
  return all;
}

async function contestant(
  setup: CaseSetup,
  name: string,
  x: number,
  group: FileGroup,
): Promise<Contestant> {
  const dir = join(setup.dir, String(x));
  await Deno.mkdir(dir);
  const download = await prepareDownload({ ...setup, dir }, [group]);
  const [build] = setup.builds;
  return {
    name,
    role: "sluice",
    x,
    async run() {
      await using server = await startSluice(build, download.files.dir, setup.signal);
      const observer = usageObserver(server.pid, download.files.bytes);
      const job = { port: server.port, verify: "sha256" } as const;
      return await fetchWithSluice(download, build, job, observer);
    },
  };
}
