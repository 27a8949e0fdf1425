/**
 * Case a: one file to nowhere. Unlike in the other cases, the start of a program does not count: each
 * program measures its own transfer.
 *
 * @module
 */
import { join } from "@std/path";
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase, CaseSetup } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import { type FileSet, makeFiles } from "../data.ts";
import { generateLoad } from "../load.ts";
import type { Sample } from "../metrics.ts";
import { PeerServers } from "../peers.ts";
import { runProgram } from "../processes.ts";
import type { Role } from "../report.ts";
import { IPERF3_SERVER, NGINX, PYTHON_SCRIPT, PYTHON_SERVER, type ServerKind } from "../servers.ts";
import { startSluice } from "../sluice.ts";
import { speedTarget } from "../targets.ts";

const SUBJECT = "sluice to nowhere";
const IPERF3 = "iperf3";

/** A program that measures its own transfer. */
interface Timekeeper {
  readonly name: string;
  readonly role: Role;
  readonly server: ServerKind;
  readonly program: string;
  /** @param list The path of a file that holds the file's name. */
  readonly args: (port: number, files: FileSet, list: string) => string[];
  readonly secondsIn: (stdout: string) => number;
}

const TIMEKEEPERS: readonly Timekeeper[] = [
  {
    name: IPERF3,
    role: "limit",
    server: IPERF3_SERVER,
    program: "iperf3",
    args: (port, { bytes }) => [
      ...["--client", "127.0.0.1", "--port", String(port)],
      ...["--reverse", "--bytes", String(bytes), "--json"],
    ],
    secondsIn: (stdout) => JSON.parse(stdout).end.sum_received.seconds,
  },
  {
    name: "nginx + curl",
    role: "peer",
    server: NGINX,
    program: "curl",
    args: (port, { names }) => [
      ...["--disable", "--silent", "--fail", "--output", "/dev/null"],
      ...["--write-out", "%{time_total}", `http://127.0.0.1:${port}/${names[0]}`],
    ],
    secondsIn: Number,
  },
  {
    name: "thread-per-client Python",
    role: "peer",
    server: PYTHON_SERVER,
    program: "python3",
    args: (port, _files, list) => [PYTHON_SCRIPT, "fetch", String(port), "-", list],
    secondsIn: Number,
  },
];

export const NOWHERE_CASE: BenchCase = {
  id: "a",
  title: ({ large }) => `one file of ${formatBytes(large)} to nowhere`,
  metrics: ["seconds", "rate"],
  subjects: [SUBJECT],
  skipsSlowPeers: true,
  targets: (rows) => speedTarget(rows, SUBJECT, IPERF3, 0.85),
  async prepare(setup) {
    const group = { count: 1, size: setup.scale.large };
    const files = await makeFiles(join(setup.dir, "shared"), [group], setup.seed, setup.signal);
    return [...await sluiceContestants(setup, files), ...await otherContestants(setup, files)];
  },
};

async function sluiceContestants(setup: CaseSetup, files: FileSet): Promise<Contestant[]> {
  const contestants: Contestant[] = [];
  for (const build of setup.builds) {
    const server = setup.stack.use(await startSluice(build, files.dir, setup.signal));
    const load = { port: server.port, path: files.names[0]!, clients: 1, bytes: files.bytes };
    contestants.push({
      name: `${build.name} to nowhere`,
      role: "sluice",
      run: async () => speedOf(files, (await generateLoad(load, setup.signal)).seconds),
    });
  }
  return contestants;
}

async function otherContestants(setup: CaseSetup, files: FileSet): Promise<Contestant[]> {
  const servers = setup.stack.use(new PeerServers(files.dir, setup.dir, setup.signal));
  const list = join(setup.dir, "names.list");
  await Deno.writeTextFile(list, files.names.map((name) => `${name}\n`).join(""));
  return TIMEKEEPERS
    .filter(({ server, program }) => setup.has(server.program) && setup.has(program))
    .map(({ name, role, server, program, args, secondsIn }) => ({
      name,
      role,
      async run() {
        const { port } = await servers.of(server);
        const command = { program, args: args(port, files, list) };
        return speedOf(files, secondsIn((await runProgram(command, setup)).stdout));
      },
    }));
}

function speedOf({ bytes }: FileSet, seconds: number): Sample {
  return { seconds, rate: bytes / seconds };
}
