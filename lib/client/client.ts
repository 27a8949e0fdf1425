/**
 * The client: follows `input.txt`, keeps a connection, and runs the engine.
 *
 * - `client.ts` (this): one run; `live_plan.ts`: the plan, kept up to date.
 * - `engine/`: all decisions about files, with `schedule/` (which chunk next); `driver.ts`:
 *   performs them through `remote/` (the server) and `disk/` (the output folder).
 * - `input/`: reads and follows `input.txt`; `explain/`: the model of `--explain`.
 * - `priority.ts`, `events.ts`, `exit_code.ts`, `file_failure.ts`: the terms that they share.
 *
 * The command line imports it; displays import only the events, priorities and explanations.
 *
 * @module
 */
import { basename } from "@std/path";
import { messageOf } from "../errors.ts";
import type { Platform } from "../platform.ts";
import { sleep } from "../async/sleep.ts";
import { looksSame } from "./disk/final_file.ts";
import { Storage } from "./disk/storage.ts";
import { withResumableBytes } from "./disk/leftovers.ts";
import type { OutputFolder } from "./disk/output_folder.ts";
import { Driver } from "./driver.ts";
import { Engine } from "./engine/engine.ts";
import type { ServerRequest } from "./engine/request_planner.ts";
import { Announcer } from "./announcer.ts";
import type { ClientEvent, FileProgress, Shares, Summary } from "./events.ts";
import type { Outcome } from "./exit_code.ts";
import { type InputSource, sourceName } from "./input/given_names.ts";
import type { InputEntry } from "./input/input_list.ts";
import { watchInput } from "./input/input_watcher.ts";
import { nestedCopy, nestedOutputError } from "./input/nested_output.ts";
import type { Plan } from "./input/plan.ts";
import { LivePlan } from "./live_plan.ts";
import { backoff } from "./remote/backoff.ts";
import { fatalError } from "./remote/fatal_error.ts";
import { formatServerAddress, type ServerAddress } from "./remote/server_address.ts";
import { ServerConnection } from "./remote/server_connection.ts";

/** A connection that lasts at least this long, in milliseconds, is not a failed attempt. */
const SETTLED_MS = 10_000;

/** The part of a summary that a run knows by itself. */
type RunSummary = Omit<Summary, "resume" | "interrupted" | "error" | "exitCode">;

/** The progress, for displays to read at their own pace. */
export interface ProgressSource {
  /** Takes the positions of the files that have changed since the last call. */
  takeProgress(): FileProgress[];
  /** Takes the shares of the last seconds; null if they are not due. */
  takeShares(): Shares | null;
}

/** The options of a run. */
export interface ClientOptions {
  readonly server: ServerAddress;
  readonly input: InputSource;
  readonly output: OutputFolder;
  /** Whether to end when every named file is done or failed. */
  readonly once: boolean;
  /** Whether files are compared with the server's digest. */
  readonly verify: boolean;
  /** Whether files in the output folder that are not Sluice's stay, and their downloads fail. */
  readonly keepExisting: boolean;
  /** How long to keep reconnecting without any progress, in milliseconds. */
  readonly retryFor: number;
  readonly platform: Platform;
  readonly emit: (event: ClientEvent) => void;
  /** Takes the source of progress, before the first event. */
  readonly onStart: (source: ProgressSource) => void;
  /** Ends the run with its reason as the error: the output folder is another client's. */
  readonly lost: AbortSignal;
  /** The user's interrupt. */
  readonly signal: AbortSignal;
}

/** The end of a run, and its last input list. */
export interface RunOutcome extends Outcome {
  /** The last entries; null if a line was not understood, so that its meaning is unknown. */
  readonly entries: readonly InputEntry[] | null;
  /** The error that ended the run, mostly a {@linkcode UserError}; undefined if there was none. */
  readonly failure: unknown;
  readonly summary: RunSummary;
}

/** Downloads until all is done (`once`), the server is given up, or the user interrupts. */
export async function runClient(options: ClientOptions): Promise<RunOutcome> {
  return await new Client(options).run();
}

class Client {
  readonly #options: ClientOptions;
  readonly #emit: (event: ClientEvent) => void;
  readonly #engine: Engine;
  readonly #driver: Driver;
  readonly #announcer: Announcer;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #livePlan: LivePlan;
  readonly #startedAt = performance.now();
  #lastProgress = this.#startedAt;
  /** Received bytes and done files at the last progress. */
  #progress = 0;
  #everConnected = false;
  #unreachable = false;
  #idle = false;
  #failure: unknown;

  constructor(options: ClientOptions) {
    const { input, platform, output, signal, emit } = options;
    this.#options = options;
    this.#emit = emit;
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#engine = new Engine(options);
    this.#driver = new Driver(this.#engine, new Storage(output), emit, () => this.#onTurn());
    this.#announcer = new Announcer(output, emit);
    this.#livePlan = new LivePlan({
      input: sourceName(input),
      platform,
      foldsNames: output.foldsNames,
      emit,
      apply: (plan, reasonToDrop, before) => {
        if (before && this.#isNested(plan, before)) return;
        this.#engine.setPlan(plan, reasonToDrop, performance.now());
        this.#announcer.planned(plan);
        this.#driver.emitEvents();
      },
      onPlanned: () => this.#driver.turn(),
    });
    options.onStart({
      takeProgress: () => this.#engine.takeProgress(),
      takeShares: () => this.#engine.takeShares(performance.now()),
    });
  }

  async run(): Promise<RunOutcome> {
    await this.#download();
    const { failed, unverified, ...counts } = this.#engine.counts;
    const { stats } = this.#engine;
    const now = performance.now();
    const { entries, misread, plan } = this.#livePlan;
    const { waiting = [], refused = [] } = plan ?? {};
    return {
      entries: misread === 0 ? entries ?? null : null,
      failed,
      unverified,
      // Without a list, each entry counts as a file that is not complete.
      underway: plan ? counts.underway : entries?.length ?? 1,
      unfound: waiting.length + refused.length,
      misread: this.#options.once ? misread : 0,
      unreachable: this.#unreachable,
      interrupted: this.#options.signal.aborted,
      failure: this.#failure,
      summary: {
        done: stats.done,
        alreadyThere: stats.alreadyThere,
        failed: stats.failed,
        bytes: stats.received,
        repeated: stats.repeated,
        misread,
        entries: entries?.length ?? 0,
        took: now - this.#startedAt,
        activeTime: stats.activeTime(now),
        shares: this.#engine.shares(now),
        unfinished: await withResumableBytes(this.#options.output, this.#engine.unfinished),
        waiting: waiting.map(({ entry }) => entry.name),
        refused,
      },
    };
  }

  /** Downloads until the run ends for any reason; nothing uses the disk afterwards. */
  async #download(): Promise<void> {
    const interrupted = () => this.#emit({ type: "interrupted" });
    this.#options.signal.addEventListener("abort", interrupted);
    const { lost } = this.#options;
    lost.addEventListener("abort", () => this.#fail(lost.reason));
    try {
      const { promise: inputRead, resolve: noteInputRead } = Promise.withResolvers<void>();
      const following = this.#followInput(noteInputRead);
      await inputRead;
      await this.#keepConnected();
      this.#ending.abort();
      await following;
    } finally {
      this.#ending.abort();
      await this.#driver.stop();
      this.#options.signal.removeEventListener("abort", interrupted);
    }
  }

  /** Whether the output folder is inside the shared one, which ends the run. */
  #isNested(plan: Plan, before: Plan): boolean {
    const { output } = this.#options;
    const copy = nestedCopy(plan, before, basename(output.root), (file) => {
      const there = output.finalFileNow(file.path);
      return there !== null && looksSame(there, file);
    });
    if (copy) this.#fail(nestedOutputError(copy));
    return copy !== null;
  }

  /** Ends the run with an error. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#ending.abort();
  }

  /** Follows the input list; calls `noteRead` once it is read, or cannot be. */
  async #followInput(noteRead: () => void): Promise<void> {
    try {
      for await (const state of watchInput(this.#options.input, this.#signal)) {
        this.#livePlan.setInput(state);
        noteRead();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      noteRead();
    }
  }

  async #keepConnected(): Promise<void> {
    const server = formatServerAddress(this.#options.server);
    for (let attempt = 0; !this.#signal.aborted; attempt++) {
      let reason: string;
      try {
        this.#emit({ type: "connecting", server });
        using remote = await ServerConnection.connect<ServerRequest>(
          this.#options.server,
          this.#signal,
        );
        const since = performance.now();
        this.#everConnected = true;
        reason = await this.#useConnection(server, remote);
        const now = performance.now();
        const hadNothingToDo = this.#engine.isSettled && now - since >= SETTLED_MS;
        if (this.#lastProgress > since || hadNothingToDo) {
          this.#lastProgress = now;
          attempt = 0;
        }
      } catch (error) {
        reason = this.#whyUnreachable(error);
      }
      if (this.#signal.aborted) return;
      const delay = backoff(attempt, Math.random());
      if (performance.now() - this.#lastProgress + delay > this.#options.retryFor) {
        this.#emit({ type: "disconnected", reason, retryIn: null });
        this.#unreachable = true;
        return;
      }
      this.#emit({ type: "disconnected", reason, retryIn: delay });
      await sleep(delay, this.#signal);
    }
  }

  /** Downloads over a connection until it ends; returns the reason. */
  async #useConnection(server: string, remote: ServerConnection<ServerRequest>): Promise<string> {
    const { files, welcome: { server: program } } = remote;
    this.#announcer.connected({ server, program, files });
    const leave = () => remote.leave("the client is done");
    this.#signal.addEventListener("abort", leave);
    try {
      this.#livePlan.setFiles(files);
      await this.#driver.run(remote, {
        onList: (changed, removed) => {
          this.#announcer.listed(files, changed, removed);
          this.#livePlan.filesChanged();
        },
      });
      return "the server has said goodbye";
    } catch (error) {
      return this.#whyUnreachable(error);
    } finally {
      this.#signal.removeEventListener("abort", leave);
      this.#livePlan.setFiles(null);
    }
  }

  /** Returns the text of an error; one that waiting cannot mend also ends the run. */
  #whyUnreachable(error: unknown): string {
    const failure = fatalError(this.#options.server, error, this.#everConnected);
    if (failure && !this.#signal.aborted) this.#fail(failure);
    return messageOf(error);
  }

  #onTurn(): void {
    const now = performance.now();
    const { stats } = this.#engine;
    if (stats.received + stats.done !== this.#progress) {
      this.#progress = stats.received + stats.done;
      this.#lastProgress = now;
    }
    // A plan that is due may add files.
    const idle = this.#livePlan.isUpToDate && this.#engine.isSettled;
    if (idle && !this.#idle) {
      stats.onIdle(now);
      this.#emit({ type: "idle" });
      if (this.#options.once) this.#ending.abort();
    }
    this.#idle = idle;
  }
}
