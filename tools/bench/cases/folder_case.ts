/**
 * Case g: the download of a folder of very many files.
 *
 * @module
 */
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase } from "../bench_case.ts";
import { startFirstByteRelay } from "../first_byte.ts";
import type { FileSet } from "../data.ts";
import type { Metric, Sample } from "../metrics.ts";
import { usageObserver } from "../observers.ts";
import { runProgram, startProgram } from "../processes.ts";
import { assertSameFiles } from "../same_files.ts";
import { sluiceClient, startSluice } from "../sluice.ts";
import { figureTarget } from "../targets.ts";
import { type DownloadSetup, makeEmpty, prepareDownload } from "./download.ts";

const MB = 1_000_000;
/** The time after which the client is stopped, in milliseconds. */
const MAX_TIME = 40_000;
const SUBJECT = "sluice sha256, first time";

export const FOLDER_CASE: BenchCase = {
  id: "g",
  title: ({ folder: { count, size } }) =>
    `a folder of ${count} files of ${formatBytes(size)}, for at most ${MAX_TIME / 1000} s`,
  metrics: ["seconds", "files", "filesPerSecond", "firstByte", "serverPeak", "clientPeak"],
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
  async prepare(setup) {
    const { folder } = setup.scale;
    const download = await prepareDownload(setup, [folder]);
    return [{ name: SUBJECT, role: "sluice", x: folder.count, run: () => fetchFolder(download) }];
  },
};

async function fetchFolder(download: DownloadSetup): Promise<Sample> {
  const { setup: { builds: [build], signal }, files, input, output } = download;
  await using server = await startSluice(build, files.dir, signal);
  const firstByte = await secondsToFirstByte(download, server.port);
  await makeEmpty(output);
  const observer = usageObserver(server.pid, files.bytes);
  const { seconds, wasStopped } = await runProgram(
    sluiceClient(build, { port: server.port, input, output, verify: "sha256" }),
    { signal, started: (pid) => observer.started(pid), stopAfter: MAX_TIME },
  );
  const usage = observer.ended();
  const names = wasStopped ? await arrived(files, output) : files.names;
  await assertSameFiles({ ...files, names }, output);
  const count = names.length;
  return { seconds, files: count, filesPerSecond: count / seconds, firstByte, ...usage };
}

async function arrived({ names }: FileSet, output: string): Promise<string[]> {
  const present = new Set<string>();
  for await (const { name } of Deno.readDir(output)) present.add(name);
  return names.filter((name) => present.has(name));
}

/** The seconds from a client's connection to its first byte of a file; then it is stopped. */
async function secondsToFirstByte(
  { setup, input, output }: DownloadSetup,
  port: number,
): Promise<number> {
  await makeEmpty(output);
  await using relay = startFirstByteRelay(port);
  const job = { port: relay.port, input, output, verify: "sha256" } as const;
  const command = sluiceClient(setup.builds[0], job);
  await using _client = await startProgram(command, relay.firstByte, setup.signal);
  const { connectedAt, firstByteAt } = await relay.firstByte;
  return (firstByteAt - connectedAt) / 1000;
}
