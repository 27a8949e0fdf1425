/**
 * Downloads as contestants: by Sluice's programs, and by the peers'.
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
import type { Site } from "../bench_case.ts";
import { type Build, sluiceClient, type SluiceJob, startSluice } from "../sluice.ts";

/** Files that stand ready to be downloaded. */
export interface Stage {
  readonly site: Site;
  readonly files: FileSet;
  /** The path of an input list that names all of them. */
  readonly input: string;
  /** The path of the folder that downloads go to. */
  readonly output: string;
}

/** Makes the files, and a list of them. */
export async function setStage(site: Site, groups: readonly FileGroup[]): Promise<Stage> {
  const files = await makeFiles(join(site.dir, "shared"), groups, site.seed, site.signal);
  const input = join(site.dir, "input.txt");
  await Deno.writeTextFile(input, inputList(groups));
  return { site, files, input, output: join(site.dir, "Output") };
}

/**
 * Sluice without and with the comparison of digests; its servers run from now on.
 *
 * @param observe Makes an observer of each run.
 */
export async function sluiceContestants(
  stage: Stage,
  observe?: () => Observer,
): Promise<Contestant[]> {
  const { site } = stage;
  const contestants: Contestant[] = [];
  for (const build of site.builds) {
    const server = site.stack.use(await startSluice(build, stage.files.dir, site.signal));
    for (const verify of ["none", "sha256"] as const) {
      const job = { port: server.port, verify };
      const run = () => fetchWithSluice(stage, build, job, observe?.());
      contestants.push({
        name: `${build.name} ${verify}`,
        role: "sluice",
        // A server computes each digest once in its life.
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

/** Sluice with a server that has never been asked for a digest. */
export function firstTimeContestants(stage: Stage): Contestant[] {
  const { site, files } = stage;
  return site.builds.map((build) => ({
    name: `${build.name} sha256, first time`,
    role: "sluice",
    run: async () => {
      await using server = await startSluice(build, files.dir, site.signal);
      return await fetchWithSluice(stage, build, { port: server.port, verify: "sha256" });
    },
  }));
}

/** One download by Sluice, checked. */
export async function fetchWithSluice(
  { site, files, input, output }: Stage,
  build: Build,
  job: Pick<SluiceJob, "port" | "verify">,
  observer?: Observer,
): Promise<Sample> {
  await makeEmpty(output);
  const command = sluiceClient(build, { ...job, input, output });
  const { seconds } = await runProgram(command, {
    signal: site.signal,
    started: (pid) => observer?.started(pid),
  });
  const observed = observer?.ended();
  await assertSameFiles(files, output);
  return { ...speedOf(files, seconds), ...observed };
}

/** The peers that are installed. */
export function peerContestants(stage: Stage): Contestant[] {
  const { site, files } = stage;
  const servers = site.stack.use(new PeerServers(files.dir, site.dir, site.signal));
  return site.peers
    .filter(({ isForOneFile }) => !isForOneFile || files.names.length === 1)
    .map((peer) => ({
      name: peer.name,
      role: peer.role,
      async run() {
        const server = peer.server ? await servers.of(peer.server) : null;
        return await fetchWithPeer(stage, peer, server?.port ?? 0);
      },
    }));
}

/** One download by a peer, checked. */
export async function fetchWithPeer(
  { site, files, output }: Stage,
  peer: Peer,
  port: number,
): Promise<Sample> {
  await makeEmpty(output);
  const commands = await peer.commands({ port, files, output, scratch: site.dir });
  const seconds = await runAll(commands, site.signal);
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

/** Makes a folder that is empty. */
export async function makeEmpty(dir: string): Promise<void> {
  await Deno.remove(dir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(dir);
}
