/**
 * Case i: a line that is long, and carries less than the machine could.
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
import { fetchWithPeer, fetchWithSluice, setStage, type Stage } from "./download.ts";

const MB = 1_000_000;
const BYTES_PER_SECOND = 100 * MB;
/** Milliseconds. */
const ROUND_TRIP = 50;
const SUBJECT = "sluice none";
/** Peers that are worth the time. */
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
  async prepare(site) {
    const stage = await setStage(site, [{ count: 1, size: site.scale.line }]);
    return [...await sluiceContestants(stage), ...await otherContestants(stage)];
  },
};

async function sluiceContestants(stage: Stage): Promise<Contestant[]> {
  const { site, files } = stage;
  const contestants: Contestant[] = [];
  for (const build of site.builds) {
    const server = site.stack.use(await startSluice(build, files.dir, site.signal));
    contestants.push({
      name: `${build.name} none`,
      role: "sluice",
      run: () =>
        overLine(stage, server.port, async (port) => {
          await fetchWithSluice(stage, build, { port, verify: "none" });
        }),
    });
  }
  return contestants;
}

async function otherContestants(stage: Stage): Promise<Contestant[]> {
  const { site, files } = stage;
  const servers = site.stack.use(new PeerServers(files.dir, site.dir, site.signal));
  const contestants: Contestant[] = [];
  for (const peer of site.peers.filter(({ name }) => COMPARED.includes(name))) {
    const { port } = await servers.of(peer.server!);
    contestants.push({
      name: peer.name,
      role: peer.role,
      run: () =>
        overLine(stage, port, async (port) => {
          await fetchWithPeer(stage, peer, port);
        }),
    });
  }
  if (site.has("iperf3")) contestants.push(await iperf3Contestant(stage, servers));
  return contestants;
}

/** Shows that the line carries what it is said to. */
async function iperf3Contestant(
  stage: Stage,
  servers: PeerServers,
): Promise<Contestant> {
  const { port } = await servers.of(IPERF3_SERVER);
  const { files, site } = stage;
  const size = ["--bytes", String(files.bytes)];
  return {
    name: "iperf3",
    role: "limit",
    run: () =>
      overLine(stage, port, async (port) => {
        const args = ["--client", "127.0.0.1", "--port", String(port), "--reverse", ...size];
        await runProgram({ program: "iperf3", args }, site);
      }),
  };
}

/** Times a download as the line sees it: from the connection to the last byte. */
async function overLine(
  { files: { bytes } }: Stage,
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
