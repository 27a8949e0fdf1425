/**
 * Case g: a folder of very many files, all of which are downloaded.
 *
 * @module
 */
import { formatBytes } from "../../../lib/display/units.ts";
import type { BenchCase } from "../bench_case.ts";
import { startFirstByteRelay } from "../first_byte.ts";
import type { Metric } from "../metrics.ts";
import { usageObserver } from "../observers.ts";
import { startProgram } from "../processes.ts";
import { sluiceClient, startSluice } from "../sluice.ts";
import { figureTarget } from "../targets.ts";
import { fetchWithSluice, makeEmpty, setStage, type Stage } from "./download.ts";

const MB = 1_000_000;
const SUBJECT = "sluice sha256, first time";

export const FOLDER_CASE: BenchCase = {
  id: "g",
  title: ({ folder: { count, size } }) => `a folder of ${count} files of ${formatBytes(size)}`,
  metrics: ["seconds", "filesPerSecond", "firstByte", "serverPeak", "clientPeak"],
  subjects: [],
  rounds: () => 1,
  weight: 3,
  targets: (rows) => {
    const target = (metric: Metric, what: string, atMost: number) =>
      figureTarget(rows, SUBJECT, metric, what, { atMost });
    return [
      ...target("firstByte", "from the connection to the first byte, in seconds", 1),
      ...target("serverPeak", "the server's memory in MB", 300 * MB),
      ...target("clientPeak", "the client's memory in MB", 300 * MB),
    ];
  },
  async prepare(site) {
    const { folder } = site.scale;
    const stage = await setStage(site, [folder]);
    const [build] = site.builds;
    return [{
      name: SUBJECT,
      role: "sluice",
      x: folder.count,
      async run() {
        await using server = await startSluice(build, stage.files.dir, site.signal);
        const firstByte = await secondsToFirstByte(stage, server.port);
        const job = { port: server.port, verify: "sha256" } as const;
        const observer = usageObserver(server.pid, stage.files.bytes);
        return { ...await fetchWithSluice(stage, build, job, observer), firstByte };
      },
    }];
  },
};

/** From a client's connection to its first byte of a file; it gets no further. */
async function secondsToFirstByte(
  { site, input, output }: Stage,
  port: number,
): Promise<number> {
  await makeEmpty(output);
  await using relay = startFirstByteRelay(port);
  const job = { port: relay.port, input, output, verify: "sha256" } as const;
  const command = sluiceClient(site.builds[0], job);
  await using _client = await startProgram(command, relay.firstByte, site.signal);
  const { connectedAt, firstByteAt } = await relay.firstByte;
  return (firstByteAt - connectedAt) / 1000;
}
