/**
 * Case h: the start-up time of the programs.
 *
 * @module
 */
import { formatBytes } from "../../../lib/display/terminal/units.ts";
import type { BenchCase } from "../bench_case.ts";
import type { Contestant } from "../contest.ts";
import { startFirstByteRelay } from "../first_byte.ts";
import { type ProgramCommand, runProgram } from "../processes.ts";
import type { Role } from "../report.ts";
import { type Build, startSluice } from "../sluice.ts";
import { figureTarget, ratioTarget } from "../targets.ts";
import { type DownloadSetup, fetchWithSluice, prepareDownload } from "./download.ts";

const FILE = { count: 1, size: 1024 };
const NOTHING = "deno eval 0";
const VERSIONS = ["sluice client --version", "sluice server --version"] as const;
const FIRST_BYTE = "sluice client, until the first byte";

export const STARTUP_CASE: BenchCase = {
  id: "h",
  title: () => `start-up; the first byte is of a file of ${formatBytes(FILE.size)}`,
  metrics: ["seconds", "firstByte"],
  subjects: [],
  // The runs are short.
  rounds: (requested) => 4 * requested,
  targets: (rows) => [
    ...VERSIONS.flatMap((name) =>
      ratioTarget(rows, [name, "seconds"], [NOTHING, "seconds"], `${name}, times ${NOTHING}`, {
        atMost: 1.5,
      })
    ),
    ...figureTarget(
      rows,
      FIRST_BYTE,
      "seconds",
      "from the client's start to the first byte, in seconds",
      { atMost: 0.15 },
    ),
  ],
  async prepare(setup) {
    const download = await prepareDownload(setup, [FILE]);
    const program = (name: string, role: Role, command: ProgramCommand): Contestant => ({
      name,
      role,
      run: async () => ({ seconds: (await runProgram(command, setup)).seconds }),
    });
    const contestants = [
      program(NOTHING, "limit", { program: Deno.execPath(), args: ["eval", "0"] }),
    ];
    for (const build of setup.builds) {
      contestants.push(
        program(`${build.name} client --version`, "sluice", build.command("client", ["--version"])),
        program(`${build.name} server --version`, "sluice", build.command("server", ["--version"])),
        await firstByteContestant(download, build),
      );
    }
    return contestants;
  },
};

async function firstByteContestant(download: DownloadSetup, build: Build): Promise<Contestant> {
  const { signal, stack } = download.setup;
  const server = stack.use(await startSluice(build, download.files.dir, signal));
  return {
    name: `${build.name} client, until the first byte`,
    role: "sluice",
    async run() {
      await using relay = startFirstByteRelay(server.port);
      let startedAt = 0;
      const started = () => {
        startedAt = performance.now();
      };
      await fetchWithSluice(download, build, { port: relay.port, verify: "none" }, {
        started,
        ended: () => ({}),
      });
      const { connectedAt, firstByteAt } = await relay.firstByte;
      return {
        seconds: (firstByteAt - startedAt) / 1000,
        firstByte: (firstByteAt - connectedAt) / 1000,
      };
    },
  };
}
