/**
 * Downloads as contestants: by Sluice's programs and by the peers.
 *
 * @module
 */
import { join } from "@std/path";
import type { Contestant } from "../contest.ts";
import { type FileGroup, type FileSet, inputList, makeFiles } from "../data.ts";
import type { Sample } from "../metrics.ts";
import type { Observer } from "../observers.ts";
import { type Peer, PeerServers } from "../peers.ts";
import { type ProgramCommand, runProgram } from "../processes.ts";
import { assertSameFiles } from "../same_files.ts";
import type { CaseSetup } from "../bench_case.ts";
import { type Build, sluiceClient, type SluiceJob, startSluice } from "../sluice.ts";

/** Files that are ready to be downloaded. */
export interface DownloadSetup {
  readonly setup: CaseSetup;
  readonly files: FileSet;
  /** The path of an input list of all files. */
  readonly input: string;
  /** The path of the output folder. */
  readonly output: string;
}

/** Makes the files and their input list. */
export async function prepareDownload(
  setup: CaseSetup,
  groups: readonly FileGroup[],
): Promise<DownloadSetup> {
  const files = await makeFiles(join(setup.dir, "shared"), groups, setup.seed, setup.signal);
  const input = join(setup.dir, "input.txt");
  await Deno.writeTextFile(input, inputList(groups));
  return { setup, files, input, output: join(setup.dir, "Output") };
}

/**
 * Sluice without and with the comparison of digests. Starts its servers.
 *
 * @param observe Returns an observer for each run.
 */
export async function sluiceContestants(
  download: DownloadSetup,
  observe?: () => Observer,
): Promise<Contestant[]> {
  const { setup } = download;
  const contestants: Contestant[] = [];
  for (const build of setup.builds) {
    const server = setup.stack.use(await startSluice(build, download.files.dir, setup.signal));
    for (const verify of ["none", "sha256"] as const) {
      const job = { port: server.port, verify };
      const run = () => fetchWithSluice(download, build, job, observe?.());
      contestants.push({
        name: `${build.name} ${verify}`,
        role: "sluice",
        // A server computes each digest only once.
        ...verify === "none" ? {} : {
          warmUp: async () => {
            await run();
          },
        },
        run,
      });
    }
  }
  return contestants;
}

/** Sluice with a server that has no digests yet. */
export function firstTimeContestants(download: DownloadSetup): Contestant[] {
  const { setup, files } = download;
  return setup.builds.map((build) => ({
    name: `${build.name} sha256, first time`,
    role: "sluice",
    run: async () => {
      await using server = await startSluice(build, files.dir, setup.signal);
      return await fetchWithSluice(download, build, { port: server.port, verify: "sha256" });
    },
  }));
}

/** Downloads with Sluice, and checks the files. */
export async function fetchWithSluice(
  { setup, files, input, output }: DownloadSetup,
  build: Build,
  job: Pick<SluiceJob, "port" | "verify">,
  observer?: Observer,
): Promise<Sample> {
  await makeEmpty(output);
  const command = sluiceClient(build, { ...job, input, output });
  const { seconds } = await runProgram(command, {
    signal: setup.signal,
    started: (pid) => observer?.started(pid),
  });
  const observed = observer?.ended();
  await assertSameFiles(files, output);
  return { ...speedOf(files, seconds), ...observed };
}

/** The installed peers. */
export function peerContestants(download: DownloadSetup): Contestant[] {
  const { setup, files } = download;
  const servers = setup.stack.use(new PeerServers(files.dir, setup.dir, setup.signal));
  return setup.peers
    .filter(({ isForOneFile }) => !isForOneFile || files.names.length === 1)
    .map((peer) => ({
      name: peer.name,
      role: peer.role,
      async run() {
        const server = peer.server ? await servers.of(peer.server) : null;
        return await fetchWithPeer(download, peer, server?.port ?? 0);
      },
    }));
}

/** Downloads with a peer, and checks the files. */
export async function fetchWithPeer(
  { setup, files, output }: DownloadSetup,
  peer: Peer,
  port: number,
): Promise<Sample> {
  await makeEmpty(output);
  const commands = await peer.commands({ port, files, output, scratch: setup.dir });
  const seconds = await runAll(commands, setup.signal);
  await assertSameFiles(files, output);
  return speedOf(files, seconds);
}

function speedOf({ bytes, names }: FileSet, seconds: number): Sample {
  return { seconds, rate: bytes / seconds, filesPerSecond: names.length / seconds };
}

async function runAll(commands: readonly ProgramCommand[], signal: AbortSignal): Promise<number> {
  let sum = 0;
  for (const command of commands) sum += (await runProgram(command, { signal })).seconds;
  return sum;
}

/** Makes an empty folder, or empties an existing one. */
export async function makeEmpty(dir: string): Promise<void> {
  await Deno.remove(dir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(dir);
}
