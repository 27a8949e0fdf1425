/**
 * Kills clients in the middle of their downloads, and checks the files in their output folder.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startRelay } from "../../tools/relay.ts";
import { type Random, seededRandom } from "./seeded_random.ts";
import { filesUnder, type Program, sha256, startClient, startServer } from "./harness.ts";
import { Workspace } from "./workspace.ts";

/** The size and the limits of a crash run. */
export interface CrashOptions {
  /** How many clients are killed. */
  readonly kills: number;
  readonly seed: number;
  /** The line's capacity, in bytes a second. */
  readonly bytesPerSecond: number;
  /** The sizes of the files, by path. */
  readonly files: Readonly<Record<string, number>>;
  /** The longest time until a client is killed, in milliseconds. */
  readonly maxLife: number;
  /** Receives a line of progress after each round. */
  readonly report?: (line: string) => void;
}

/** The results of a crash run. */
export interface CrashFigures {
  /** How many clients were killed, and how many of those were connected. */
  kills: number;
  killsConnected: number;
  /** How many times all files were downloaded, each time into an empty folder. */
  rounds: number;
  /** How many times a file in the output folder was checked. */
  checks: number;
  /** How many of the checks found content that the server does not share. */
  wrong: number;
  /** The bytes of all files of all rounds, and the bytes that the server sent. */
  wanted: number;
  sent: number;
}

/** The period of the checks of the output folder, in milliseconds. */
const CHECK_MS = 40;
/** The longest time for a client that is not killed, in milliseconds. */
const ROUND_MS = 120_000;

/** Downloads until that many clients were killed, and then to the end. */
export async function crashRun(options: CrashOptions): Promise<CrashFigures> {
  const { files, bytesPerSecond, report } = options;
  const figures = {
    kills: 0,
    killsConnected: 0,
    rounds: 0,
    checks: 0,
    wrong: 0,
    wanted: 0,
    sent: 0,
  };
  await using workspace = await Workspace.create(files);
  await workspace.setInput("**\n");
  await using server = await startServer(workspace);
  await using relay = startRelay({ port: server.port, bytesPerSecond });
  const digests = new Map<string, string>();
  for (const path of Object.keys(files)) digests.set(path, await sha256(workspace.shared(path)));
  const random = seededRandom(options.seed);
  let clients = 0;
  while (figures.kills < options.kills || figures.rounds === 0) {
    await using watch = new OutputWatch(workspace, digests, figures);
    for (let isDone = false; !isDone;) {
      await using client = startClient({ ...workspace, port: relay.port, args: ["--once"] });
      const killed = figures.kills < options.kills && await killLater(client, options, random);
      if (killed) figures.kills++;
      const { code, stderr } = await client.ended(ROUND_MS);
      if (stderr.includes("connected to")) clients++;
      if (killed && stderr.includes("connected to")) figures.killsConnected++;
      await watch.check();
      if (killed) continue;
      assert.equal(code, 0, stderr);
      isDone = true;
    }
    await watch.end();
    await watch.check();
    assert.deepEqual(await arrived(workspace), [...digests.keys()].sort());
    figures.rounds++;
    figures.wanted += Object.values(files).reduce((sum, size) => sum + size, 0);
    await workspace.assertNoLeftovers();
    await Deno.remove(workspace.output, { recursive: true });
    report?.(`${figures.kills} kills, ${figures.rounds} rounds, ${figures.wrong} wrong files`);
  }
  await server.waitForDisconnects(clients);
  figures.sent = server.bytesByClient.reduce((sum, bytes) => sum + bytes, 0);
  return figures;
}

/** Kills a client at a random moment, unless it ends before; returns whether it was killed. */
async function killLater(
  client: Program,
  { maxLife }: CrashOptions,
  random: Random,
): Promise<boolean> {
  const { promise: time, resolve } = Promise.withResolvers<"time">();
  const timer = setTimeout(() => resolve("time"), random.next() * maxLife);
  const first = await Promise.race([time, client.status]);
  clearTimeout(timer);
  if (first === "time") client.kill("SIGKILL");
  const { signal } = await client.ended();
  return signal === "SIGKILL";
}

/** Compares the files in the output folder with the shared ones, again and again. */
class OutputWatch implements AsyncDisposable {
  readonly #workspace: Workspace;
  readonly #digests: ReadonlyMap<string, string>;
  readonly #figures: CrashFigures;
  /** Files that were compared; one that has not changed is not read again. */
  readonly #compared = new Map<string, string>();
  readonly #checking: Promise<void>;
  #ended = false;

  constructor(workspace: Workspace, digests: ReadonlyMap<string, string>, figures: CrashFigures) {
    this.#workspace = workspace;
    this.#digests = digests;
    this.#figures = figures;
    this.#checking = this.#checkRepeatedly();
    // `end` throws the error.
    this.#checking.catch(() => {});
  }

  /** Checks every file once. */
  async check(): Promise<void> {
    for (const path of await arrived(this.#workspace)) {
      const info = await Deno.stat(this.#workspace.downloaded(path));
      const identity = [info.ino, info.size, info.mtime?.getTime(), info.ctime?.getTime()].join();
      this.#figures.checks++;
      if (this.#compared.get(path) === identity) continue;
      this.#compared.set(path, identity);
      const digest = await sha256(this.#workspace.downloaded(path));
      if (digest !== this.#digests.get(path)) this.#figures.wrong++;
    }
  }

  /** Stops, and forgets which files were compared. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#checking;
    this.#compared.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#checking.catch(() => {});
  }

  async #checkRepeatedly(): Promise<void> {
    while (!this.#ended) {
      await this.check();
      await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
    }
  }
}

/** The paths of the files that have their final names. */
async function arrived({ output }: Workspace): Promise<string[]> {
  try {
    return (await filesUnder(output)).filter((path) => !path.startsWith(".sluice/"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
