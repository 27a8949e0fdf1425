/**
 * Case i: a line with a delay, and with less capacity than the machine has.
 *
 * @module
 */
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import { startLongLine } from "../long_line.ts";
import type { Sample } from "../metrics.ts";
import { PeerServers } from "../peers.ts";
import { runProgram } from "../processes.ts";
import { IPERF3_SERVER } from "../servers.ts";
import { startSluice } from "../sluice.ts";
import { figureTarget } from "../targets.ts";
import { type DownloadSetup, fetchWithPeer, fetchWithSluice, prepareDownload } from "./download.ts";

const MB = 1_000_000;
const BYTES_PER_SECOND = 100 * MB;
/** The round-trip time, in milliseconds. */
const ROUND_TRIP = 50;
const SUBJECT = "sluice none";
/** The peers to compare with. */
const COMPARED = ["nginx + curl", "rsync daemon"];

export const LINE_CASE: BenchCase = {
  id: "i",
  title: ({ line }) =>
    `one file of ${formatBytes(line)} over a line of ${BYTES_PER_SECOND / MB} MB/s with a ` +
    `round-trip of ${ROUND_TRIP} ms`,
  metrics: ["seconds", "rate", "lineShare"],
  subjects: [SUBJECT],
  weight: 2,
  targets: (rows) =>
    figureTarget(rows, SUBJECT, "lineShare", "share of the line with one connection", {
      atLeast: 0.9,
    }),
  async prepare(setup) {
    const download = await prepareDownload(setup, [{ count: 1, size: setup.scale.line }]);
    return [...await sluiceContestants(download), ...await otherContestants(download)];
  },
};

async function sluiceContestants(download: DownloadSetup): Promise<Contestant[]> {
  const { setup, files } = download;
  const contestants: Contestant[] = [];
  for (const build of setup.builds) {
    const server = setup.stack.use(await startSluice(build, files.dir, setup.signal));
    contestants.push({
      name: `${build.name} none`,
      role: "sluice",
      run: () =>
        overLine(download, server.port, async (port) => {
          await fetchWithSluice(download, build, { port, verify: "none" });
        }),
    });
  }
  return contestants;
}

async function otherContestants(download: DownloadSetup): Promise<Contestant[]> {
  const { setup, files } = download;
  const servers = setup.stack.use(new PeerServers(files.dir, setup.dir, setup.signal));
  const contestants: Contestant[] = [];
  for (const peer of setup.peers.filter(({ name }) => COMPARED.includes(name))) {
    const { port } = await servers.of(peer.server!);
    contestants.push({
      name: peer.name,
      role: peer.role,
      run: () =>
        overLine(download, port, async (port) => {
          await fetchWithPeer(download, peer, port);
        }),
    });
  }
  if (setup.has("iperf3")) contestants.push(await iperf3Contestant(download, servers));
  return contestants;
}

/** Shows that the line has the stated capacity. */
async function iperf3Contestant(
  download: DownloadSetup,
  servers: PeerServers,
): Promise<Contestant> {
  const { port } = await servers.of(IPERF3_SERVER);
  const { files, setup } = download;
  const size = ["--bytes", String(files.bytes)];
  return {
    name: "iperf3",
    role: "limit",
    run: () =>
      overLine(download, port, async (port) => {
        const args = ["--client", "127.0.0.1", "--port", String(port), "--reverse", ...size];
        await runProgram({ program: "iperf3", args }, setup);
      }),
  };
}

/** Measures a download at the line: from the connection to the last byte. */
async function overLine(
  { files: { bytes } }: DownloadSetup,
  server: number,
  download: (port: number) => Promise<void>,
): Promise<Sample> {
  await using line = startLongLine({
    port: server,
    bytesPerSecond: BYTES_PER_SECOND,
    roundTrip: ROUND_TRIP,
  });
  await download(line.port);
  const { seconds } = line;
  return { seconds, rate: bytes / seconds, lineShare: bytes / seconds / BYTES_PER_SECOND };
}
