/**
 * Case f: one client to a thousand, which download and discard. Each count has its own server, so
 * that the server's peak memory belongs to that many clients.
 *
 * @module
 */
import { join } from "@std/path";
import { formatBytes, formatCount } from "../../../lib/display/terminal/units.ts";
import type { BenchCase, CaseSetup } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import { type FileSet, makeFiles } from "../data.ts";
import { generateLoad } from "../load.ts";
import type { Sample } from "../metrics.ts";
import { usageObserver } from "../observers.ts";
import type { Row } from "../report.ts";
import { type Build, startSluice } from "../sluice.ts";
import { median } from "../statistics.ts";
import { figureTarget, ratioTarget } from "../targets.ts";

const MB = 1_000_000;

export const CLIENTS_CASE: BenchCase = {
  id: "f",
  title: ({ clientsBytes }) => `many clients, ${formatBytes(clientsBytes)} together, to nowhere`,
  metrics: ["seconds", "rate", "fairness", "serverPeak", "serverCpuPerGB"],
  subjects: [],
  minRounds: 1,
  weight: 3,
  targets: (rows) => [
    ...throughputTarget(rows, 100, 0.9),
    ...throughputTarget(rows, 1_000, 0.6),
    ...rows.filter(({ x = 1 }) => x > 1).flatMap(({ name }) =>
      figureTarget(rows, name, "fairness", `${name}, slowest/median`, { atMost: 1.5 })
    ),
    ...figureTarget(
      rows,
      nameOf(1_000),
      "serverPeak",
      `${nameOf(1_000)}, the server's memory in MB`,
      { atMost: 300 * MB },
    ),
  ],
  async prepare(setup) {
    const group = { count: 1, size: setup.scale.clientsBytes };
    const files = await makeFiles(join(setup.dir, "shared"), [group], setup.seed, setup.signal);
    return setup.scale.clients.flatMap((clients) =>
      setup.builds.map((build, i): Contestant => ({
        name: i === 0 ? nameOf(clients) : `${nameOf(clients)}, ${build.name}`,
        role: "sluice",
        ...i === 0 ? { x: clients } : {},
        run: () => serveClients(setup, build, files, clients),
      }))
    );
  },
};

async function serveClients(
  { signal }: CaseSetup,
  build: Build,
  { dir, names, bytes }: FileSet,
  clients: number,
): Promise<Sample> {
  await using server = await startSluice(build, dir, signal);
  const each = Math.ceil(bytes / clients);
  const observer = usageObserver(server.pid, each * clients);
  const load = { port: server.port, path: names[0]!, clients, bytes: each };
  const { seconds, secondsOfEach } = await generateLoad(load, signal);
  return {
    seconds,
    rate: each * clients / seconds,
    fairness: seconds / median(secondsOfEach),
    ...observer.ended(),
  };
}

function nameOf(clients: number): string {
  return formatCount(clients, "client");
}

function throughputTarget(rows: readonly Row[], clients: number, atLeast: number) {
  const name = nameOf(clients);
  return ratioTarget(
    rows,
    [name, "rate"],
    [nameOf(1), "rate"],
    `${name}, throughput of all, times that of one`,
    { atLeast },
  );
}
