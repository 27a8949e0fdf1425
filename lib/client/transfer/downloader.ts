/**
 * The client: keeps a connection, follows `input.txt` and the server's list, and downloads.
 *
 * The transfer room brings the other rooms together. Its parts: this file (connecting, planning, the
 * end of a run), `downloads.ts` (all files: which chunk is requested when), `download.ts` (one file),
 * `pending_files.ts` (files not started), `verifier.ts` and `digest_queue.ts` (digests),
 * `progress_teller.ts` and `run_stats.ts` (figures), `file_failure.ts` (errors in words). The command
 * line imports it; it imports the rooms `remote`, `disk`, `schedule` and `input`.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import { quoted } from "../../text/sanitize.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import type { Platform } from "../../platform.ts";
import { sleep } from "../../async/sleep.ts";
import { backoff } from "../remote/backoff.ts";
import { Downloads } from "./downloads.ts";
import type { ClientEvent, Summary } from "../events.ts";
import type { Outcome } from "../exit_code.ts";
import { fatalError } from "../remote/fatal_error.ts";
import { type InputEntry, parseInputList } from "../input/input_list.ts";
import { type InputState, watchInput } from "../input/input_watcher.ts";
import type { OutputFolder } from "../disk/output_folder.ts";
import { withResumableBytes } from "../disk/leftovers.ts";
import { makePlan, type Plan } from "../input/plan.ts";
import { ServerConnection } from "../remote/server_connection.ts";
import { WEIGHTS } from "../priority.ts";
import { formatServerAddress, type ServerAddress } from "../remote/server_address.ts";
import { ShareMeter } from "../schedule/share_meter.ts";
import { RunStats, type RunStatsSummary } from "./run_stats.ts";
import { Warnings } from "../input/warnings.ts";
import { diffEntries } from "../input/input_diff.ts";

/** A connection that lasted this long, in milliseconds, does not count as a failed attempt. */
const SETTLED_MS = 10_000;
/** The time between two plans, in multiples of the time that a plan takes. */
const REST = 10;

/** Options of {@linkcode runDownloader}. */
export interface DownloaderOptions {
  readonly server: ServerAddress;
  /** Path of the input list. */
  readonly input: string;
  readonly output: OutputFolder;
  /** Whether to end once every file named is done or failed. */
  readonly once: boolean;
  /** Whether files are compared with the server's digests. */
  readonly verify: boolean;
  /** How long to go on connecting without progress, in milliseconds. */
  readonly retryFor: number;
  readonly platform: Platform;
  readonly emit: (event: ClientEvent) => void;
  /** Aborted when the user interrupts the client. */
  readonly signal: AbortSignal;
}

/** The outcome of a run, with its last entries and its summary. */
export interface RunOutcome extends Outcome {
  /** The entries of the input list; null if a line of it was wrong, since its meaning is unknown. */
  readonly entries: readonly InputEntry[] | null;
  /** The error that ended the run, mostly a {@linkcode UserError}; undefined if none did. */
  readonly failure: unknown;
  readonly summary: RunStatsSummary & Pick<Summary, "unfinished" | "waiting" | "refused">;
}

/** Downloads until everything is done (`once`), connecting has failed, or the user interrupts. */
export async function runDownloader(options: DownloaderOptions): Promise<RunOutcome> {
  return await new Downloader(options).run();
}

class Downloader {
  readonly #options: DownloaderOptions;
  readonly #emit: (event: ClientEvent) => void;
  readonly #downloads: Downloads;
  readonly #tally = new RunStats(new ShareMeter(WEIGHTS), performance.now());
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #entries: readonly InputEntry[] | undefined;
  /** The number of wrong lines of the input list. */
  #problems = 0;
  #remote: ServerConnection | undefined;
  #plan: Plan | undefined;
  /** When the last plan was made, and how long that took, in milliseconds. */
  #planned = { at: 0, took: 0 };
  #replanTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #warnings = new Warnings((message) => this.#emit({ type: "warning", message }));
  #waiting = "";
  #lastProgress = performance.now();
  #everConnected = false;
  #unreachable = false;
  #idle = false;
  #failure: unknown;

  constructor(options: DownloaderOptions) {
    const { output, verify, signal } = options;
    this.#options = options;
    this.#emit = (event) => {
      const now = performance.now();
      if (event.type === "progress" || event.type === "finished") this.#lastProgress = now;
      this.#tally.note(event, now);
      options.emit(event);
    };
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
    this.#downloads = new Downloads(
      output,
      verify,
      this.#emit,
      () => this.#checkIdle(),
      this.#tally,
    );
  }

  async run(): Promise<RunOutcome> {
    await this.#download();
    const { failed, unverified, ...counts } = this.#downloads.counts;
    const { waiting = [], refused = [] } = this.#plan ?? {};
    return {
      entries: this.#problems === 0 ? this.#entries ?? null : null,
      failed,
      unverified,
      // Without a plan each entry counts as one unfinished file.
      underway: this.#plan ? counts.underway : this.#entries?.length ?? 1,
      unfound: waiting.length + refused.length,
      unreachable: this.#unreachable,
      interrupted: this.#options.signal.aborted,
      failure: this.#failure,
      summary: {
        ...this.#tally.summary(performance.now()),
        unfinished: await withResumableBytes(this.#options.output, this.#downloads.unfinished),
        waiting: waiting.map(({ entry }) => entry.name),
        refused,
      },
    };
  }

  /** Downloads until the run ends for any reason; the disk is not touched afterwards. */
  async #download(): Promise<void> {
    const interrupted = () => this.#emit({ type: "interrupted" });
    this.#options.signal.addEventListener("abort", interrupted);
    try {
      await using _downloads = this.#downloads;
      const { promise: inputRead, resolve: noteInputRead } = Promise.withResolvers<void>();
      const following = this.#followInput(noteInputRead);
      await inputRead;
      await this.#keepConnected();
      this.#ending.abort();
      await following;
    } finally {
      this.#ending.abort();
      this.#options.signal.removeEventListener("abort", interrupted);
    }
  }

  /** Ends the run with an error. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#ending.abort();
  }

  /** Follows the input list, and calls `noteRead` once it was read or cannot be. */
  async #followInput(noteRead: () => void): Promise<void> {
    try {
      for await (const state of watchInput(this.#options.input, this.#signal)) {
        this.#takeInput(state);
        noteRead();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      noteRead();
    }
  }

  #takeInput(state: InputState): void {
    if (state.type === "unreadable") {
      const { input } = this.#options;
      this.#emit({
        type: "warning",
        message: `Cannot read "${input}" any more, its last text stays in effect: ${state.reason}`,
      });
      return;
    }
    const { entries, problems } = parseInputList(state.bytes);
    for (const { change, entry } of diffEntries(this.#entries ?? [], entries)) {
      this.#emit({ type: "entry", change, ...entry });
    }
    this.#entries = entries;
    this.#problems = problems.length;
    this.#emit({ type: "input", entries: entries.length });
    this.#warnings.update(
      "input",
      problems.map(({ line, message }) => `${this.#options.input}, line ${line}: ${message}`),
    );
    this.#replan();
  }

  async #keepConnected(): Promise<void> {
    const server = formatServerAddress(this.#options.server);
    for (let attempt = 0; !this.#signal.aborted; attempt++) {
      let reason: string;
      try {
        this.#emit({ type: "connecting", server });
        using remote = await ServerConnection.connect(this.#options.server, this.#signal);
        const since = performance.now();
        this.#everConnected = true;
        reason = await this.#useConnection(server, remote);
        const now = performance.now();
        const hadNothingToDo = this.#downloads.areSettled && now - since >= SETTLED_MS;
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

  /** Downloads over a connection until it ends, and returns the reason. */
  async #useConnection(server: string, remote: ServerConnection): Promise<string> {
    this.#emit({
      type: "connected",
      server,
      program: remote.welcome.server,
      files: [...remote.files.values()],
    });
    this.#tellList(remote.files, remote.files.size, 0);
    this.#remote = remote;
    const leave = () => remote.leave("the client is done");
    this.#signal.addEventListener("abort", leave);
    try {
      this.#replan();
      this.#downloads.attach(remote);
      await remote.run({
        listChanged: (changed, removed) => {
          this.#tellList(remote.files, changed, removed);
          this.#replanSoon();
        },
        answered: () => this.#downloads.answered(),
      });
      return "the server has said goodbye";
    } catch (error) {
      return this.#whyUnreachable(error);
    } finally {
      this.#signal.removeEventListener("abort", leave);
      this.#downloads.detach();
      clearTimeout(this.#replanTimer);
      this.#replanTimer = undefined;
      this.#remote = undefined;
    }
  }

  #tellList(list: ReadonlyMap<string, ListedFile>, changed: number, removed: number): void {
    const size = list.values().reduce((sum, file) => sum + file.size, 0);
    this.#emit({ type: "list", files: list.size, size, changed, removed });
  }

  /** Describes an error; one that a further attempt cannot solve also ends the run. */
  #whyUnreachable(error: unknown): string {
    const failure = fatalError(this.#options.server, error, this.#everConnected);
    if (failure && !this.#signal.aborted) this.#fail(failure);
    return messageOf(error);
  }

  /** Plans again soon: a plan of a large list takes long, and it may change many times a second. */
  #replanSoon(): void {
    const { at, took } = this.#planned;
    const delay = at + REST * took - performance.now();
    this.#replanTimer ??= setTimeout(() => {
      this.#replanTimer = undefined;
      this.#replan();
    }, Math.max(0, delay));
  }

  /** Makes a plan of the entries and the server's list, and applies it to the downloads. */
  #replan(): void {
    const remote = this.#remote;
    if (!this.#entries || !remote) return;
    const start = performance.now();
    const { platform, output: { foldsNames } } = this.#options;
    const plan = makePlan(this.#entries, remote.files, platform, {
      before: this.#plan,
      foldsNames,
    });
    this.#plan = plan;
    this.#warnings.update(
      "names",
      plan.refused.map(({ path, reason }) => `The file ${quoted(path)} is refused: ${reason}`),
    );
    const refused = new Set(plan.refused.map(({ path }) => path));
    this.#downloads.apply(plan, (path) => {
      if (refused.has(path)) return "its name is refused now";
      return remote.files.has(path) ? "it is not wanted any more" : "the server has it no longer";
    });
    const names = plan.waiting.map(({ entry }) => entry.name);
    if (names.join("\n") !== this.#waiting) {
      this.#waiting = names.join("\n");
      this.#emit({ type: "waiting", names });
    }
    const hints = plan.waiting.flatMap(({ entry, hint }) =>
      hint === null ? [] : [`${this.#options.input}, line ${entry.line}: ${hint}`]
    );
    this.#warnings.update("hints", hints);
    const now = performance.now();
    this.#planned = { at: now, took: now - start };
    this.#checkIdle();
  }

  #checkIdle(): void {
    // The next plan may add files.
    const isPlanned = this.#plan !== undefined && this.#replanTimer === undefined;
    const idle = isPlanned && this.#downloads.areSettled;
    if (idle && !this.#idle) {
      this.#emit({ type: "idle" });
      if (this.#options.once) this.#ending.abort();
    }
    this.#idle = idle;
  }
}
