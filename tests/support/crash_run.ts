/**
 * Kills clients in the middle of their downloads, and looks at what stands in their output folder.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startRelay } from "../../tools/relay.ts";
import { type Random, seededRandom } from "./seeded_random.ts";
import { filesUnder, type Program, sha256, startClient, startServer } from "./harness.ts";
import { Workspace } from "./workspace.ts";

/** What to do. */
export interface CrashOptions {
  /** How many clients are killed. */
  readonly kills: number;
  readonly seed: number;
  /** What the line carries, in bytes a second. */
  readonly bytesPerSecond: number;
  /** The sizes of the files, by path. */
  readonly files: Readonly<Record<string, number>>;
  /** The longest that a client lives, in milliseconds. */
  readonly longestLife: number;
  /** Hears how it goes. */
  readonly tell?: (line: string) => void;
}

/** What came of it. */
export interface CrashFigures {
  /** How many clients were killed, and how many of those after they had begun. */
  kills: number;
  killsAtWork: number;
  /** How many times all files were downloaded, each time into an empty folder. */
  rounds: number;
  /** How many times a file in the output folder was looked at. */
  looks: number;
  /** How many of these were not what the server shares. */
  wrong: number;
  /** Bytes of all files of all rounds, and bytes of files that the server sent. */
  wanted: number;
  sent: number;
}

/** How often the output folder is looked at, in milliseconds. */
const LOOK_MS = 40;
/** How long a round may take without a kill, in milliseconds. */
const ROUND_MS = 120_000;

/** Downloads until so many clients were killed, and then to the end. */
export async function crashRun(options: CrashOptions): Promise<CrashFigures> {
  const { files, bytesPerSecond, tell } = options;
  const figures = { kills: 0, killsAtWork: 0, rounds: 0, looks: 0, wrong: 0, wanted: 0, sent: 0 };
  await using site = await Workspace.create(files);
  await site.setInput("**\n");
  await using server = await startServer(site);
  await using relay = startRelay({ port: server.port, bytesPerSecond });
  const digests = new Map<string, string>();
  for (const path of Object.keys(files)) digests.set(path, await sha256(site.shared(path)));
  const random = seededRandom(options.seed);
  let clients = 0;
  while (figures.kills < options.kills || figures.rounds === 0) {
    await using watch = new OutputWatch(site, digests, figures);
    for (let isDone = false; !isDone;) {
      await using client = startClient({ ...site, port: relay.port, args: ["--once"] });
      const killed = figures.kills < options.kills && await killLater(client, options, random);
      if (killed) figures.kills++;
      const { code, stderr } = await client.ended(ROUND_MS);
      if (stderr.includes("connected to")) clients++;
      if (killed && stderr.includes("connected to")) figures.killsAtWork++;
      await watch.look();
      if (killed) continue;
      assert.equal(code, 0, stderr);
      isDone = true;
    }
    await watch.end();
    await watch.look();
    assert.deepEqual(await arrived(site), [...digests.keys()].sort());
    figures.rounds++;
    figures.wanted += Object.values(files).reduce((sum, size) => sum + size, 0);
    await site.assertNoLeftovers();
    await Deno.remove(site.output, { recursive: true });
    tell?.(`${figures.kills} kills, ${figures.rounds} rounds, ${figures.wrong} wrong files`);
  }
  await server.waitForLeaving(clients);
  figures.sent = server.bytesByClient.reduce((sum, bytes) => sum + bytes, 0);
  return figures;
}

/** Kills a client at a random moment, unless it ends before; says whether it did. */
async function killLater(
  client: Program,
  { longestLife }: CrashOptions,
  random: Random,
): Promise<boolean> {
  const { promise: time, resolve } = Promise.withResolvers<"time">();
  const timer = setTimeout(() => resolve("time"), random.next() * longestLife);
  const first = await Promise.race([time, client.status]);
  clearTimeout(timer);
  if (first === "time") client.kill("SIGKILL");
  const { signal } = await client.ended();
  return signal === "SIGKILL";
}

/** Compares what stands under the files' names, all the time. */
class OutputWatch implements AsyncDisposable {
  readonly #site: Workspace;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #figures: CrashFigures;
  /** Files that were compared; one that has not changed is not read again. */
  readonly #compared = new Map<string, string>();
  readonly #looking: Promise<void>;
  #ended = false;

  constructor(site: Workspace, digests: ReadonlyMap<string, string>, figures: CrashFigures) {
    this.#site = site;
    this.#digests = digests;
    this.#figures = figures;
    this.#looking = this.#lookAgainAndAgain();
    // Reported by `end`.
    this.#looking.catch(() => {});
  }

  /** Looks once. */
  async look(): Promise<void> {
    for (const path of await arrived(this.#site)) {
      const info = await Deno.stat(this.#site.downloaded(path));
      const identity = [info.ino, info.size, info.mtime?.getTime(), info.ctime?.getTime()].join();
      this.#figures.looks++;
      if (this.#compared.get(path) === identity) continue;
      this.#compared.set(path, identity);
      const digest = await sha256(this.#site.downloaded(path));
      if (digest !== this.#digests.get(path)) this.#figures.wrong++;
    }
  }

  /** Stops looking, and forgets what was seen. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#looking;
    this.#compared.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#looking.catch(() => {});
  }

  async #lookAgainAndAgain(): Promise<void> {
    while (!this.#ended) {
      await this.look();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

/** The files that stand under their names. */
async function arrived({ output }: Workspace): Promise<string[]> {
  try {
    return (await filesUnder(output)).filter((path) => !path.startsWith(".sluice/"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
