/**
 * The client: keeps a connection, follows `input.txt` and the server's list, and downloads.
 *
 * The parts of this folder, each using only those before it: `events.ts`; `ranges.ts`,
 * `scheduler.ts` (which chunk next), `wanted_shares.ts`, `window.ts` (how much in flight),
 * `share_meter.ts`, `tally.ts` (numbers of the summary), `glob.ts`, `input_list.ts` (text →
 * wishes), `wish_changes.ts`, `plan.ts` (wishes × list → files), `backlog.ts`, `journal.ts`,
 * `same_time.ts`, `backoff.ts`, `exit_code.ts`, `server_address.ts`, all pure;
 * `unless_missing.ts`, `input_watcher.ts`, `output_folder.ts`, `output_lock.ts`, `flusher.ts`,
 * `write_handles.ts`, `read_journal.ts`, `partial_file.ts`, `leftovers.ts`, `kept.ts`,
 * `report_file.ts`, `outlook.ts` (the disk); `server_list.ts`, `handshake.ts`, `answer_watch.ts`,
 * `remote.ts` (the server); `failure.ts`, `limiter.ts`, `digest_queue.ts`, `verifier.ts`,
 * `download.ts` (one file), `downloads.ts` (all), `downloader.ts` (this), `explanation.ts` and
 * `explain.ts` (what it would do), `options.ts` and `command_text.ts` (the command line).
 *
 * @module
 */
import { messageOf, ProtocolError, UserError, WireError } from "../errors.ts";
import { quoted } from "../printable.ts";
import type { ListedFile } from "../protocol/payloads.ts";
import type { Platform } from "../safe_path.ts";
import { sleep } from "../sleep.ts";
import { backoff } from "./backoff.ts";
import { Downloads } from "./downloads.ts";
import type { ClientEvent, Summary } from "./events.ts";
import { EXIT_UNREACHABLE, type Outcome } from "./exit_code.ts";
import { parseInputList, type Wish } from "./input_list.ts";
import { type InputState, watchInput } from "./input_watcher.ts";
import type { OutputFolder } from "./output_folder.ts";
import { withKept } from "./kept.ts";
import { makePlan, type Plan } from "./plan.ts";
import { Remote } from "./remote.ts";
import { WEIGHTS } from "./scheduler.ts";
import { formatServerAddress, type ServerAddress } from "./server_address.ts";
import { ShareMeter } from "./share_meter.ts";
import { Tally, type TallySummary } from "./tally.ts";
import { wishChanges } from "./wish_changes.ts";

/** A connection that lasted this long, in milliseconds, was no failed attempt. */
const SETTLED_MS = 10_000;

/** What a downloader needs to know. */
export interface DownloaderOptions {
  readonly server: ServerAddress;
  /** Path of the input list. */
  readonly input: string;
  readonly output: OutputFolder;
  /** Whether to end when every file named is done or failed. */
  readonly once: boolean;
  /** Whether files are compared with the server's digest. */
  readonly verify: boolean;
  /** How long to keep reconnecting without any progress, in milliseconds. */
  readonly retryFor: number;
  readonly platform: Platform;
  readonly emit: (event: ClientEvent) => void;
  /** The user's interrupt. */
  readonly signal: AbortSignal;
}

/** How a run ended, and what was wanted in the end. */
export interface RunOutcome extends Outcome {
  readonly wishes: readonly Wish[];
  /** Why there was no way to go on, mostly a {@linkcode UserError}; undefined if there was one. */
  readonly failure: unknown;
  readonly summary: TallySummary & Pick<Summary, "unfinished" | "waiting" | "refused">;
}

/** Downloads until all is done (`once`), the server is given up, or the user interrupts. */
export async function runDownloader(options: DownloaderOptions): Promise<RunOutcome> {
  return await new Downloader(options).run();
}

class Downloader {
  readonly #options: DownloaderOptions;
  readonly #emit: (event: ClientEvent) => void;
  readonly #downloads: Downloads;
  readonly #tally = new Tally(new ShareMeter(WEIGHTS), performance.now());
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  #wishes: readonly Wish[] | undefined;
  #remote: Remote | undefined;
  #plan: Plan | undefined;
  /** What is wrong at present and has been said, by what it is about: it is said once. */
  readonly #warned = new Map<string, ReadonlySet<string>>();
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
      wishes: this.#wishes ?? [],
      failed,
      unverified,
      // Without a list nothing is known of any file but that it has not come.
      underway: this.#plan ? counts.underway : this.#wishes?.length ?? 0,
      unfound: waiting.length + refused.length,
      unreachable: this.#unreachable,
      interrupted: this.#options.signal.aborted,
      failure: this.#failure,
      summary: {
        ...this.#tally.summary(performance.now()),
        unfinished: await withKept(this.#options.output, this.#downloads.unfinished),
        waiting: waiting.map(({ wish }) => wish.name),
        refused,
      },
    };
  }

  /** Downloads until the end, whichever; nothing touches the disk afterwards. */
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

  /** Calls `noteRead` once the list has been read, or cannot be. */
  async #followInput(noteRead: () => void): Promise<void> {
    try {
      for await (const state of watchInput(this.#options.input, this.#signal)) {
        this.#takeInput(state);
        noteRead();
      }
    } catch (error) {
      this.#fail(error);
      noteRead();
    }
  }

  #takeInput(state: InputState): void {
    if (state.type === "unreadable") {
      const { input } = this.#options;
      this.#emit({
        type: "warning",
        message:
          `Cannot read "${input}" any more (${state.reason}); its last text goes on counting`,
      });
      return;
    }
    const { wishes, problems } = parseInputList(state.bytes);
    for (const { change, wish } of wishChanges(this.#wishes ?? [], wishes)) {
      this.#emit({ type: "wish", change, ...wish });
    }
    this.#wishes = wishes;
    this.#emit({ type: "input", wishes: wishes.length });
    this.#warn(
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
        using remote = await Remote.connect(this.#options.server, this.#signal);
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
        reason = this.#whyUnreachable(server, error);
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

  /** Downloads over a connection until it ends; says why it did. */
  async #useConnection(server: string, remote: Remote): Promise<string> {
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
          this.#replan();
        },
        answered: () => this.#downloads.answered(),
      });
      return "the server has said goodbye";
    } catch (error) {
      return this.#whyUnreachable(server, error);
    } finally {
      this.#signal.removeEventListener("abort", leave);
      this.#downloads.detach();
      this.#remote = undefined;
    }
  }

  #tellList(list: ReadonlyMap<string, ListedFile>, changed: number, removed: number): void {
    const size = list.values().reduce((sum, file) => sum + file.size, 0);
    this.#emit({ type: "list", files: list.size, size, changed, removed });
  }

  /** A text for what may pass; what will not ends the run. */
  #whyUnreachable(server: string, error: unknown): string {
    const reason = messageOf(error);
    if (this.#signal.aborted) return reason;
    if (error instanceof WireError && error.code === "unauthorized") {
      this.#fail(new UserError(`Cannot log in to ${server}: ${reason}`, EXIT_UNREACHABLE));
    } else if (!this.#everConnected && isLookupFailure(error)) {
      const { hostname } = this.#options.server;
      this.#fail(
        new UserError(
          `Cannot reach ${server}: there is no host "${hostname}"; check --server`,
          EXIT_UNREACHABLE,
        ),
      );
    } else if (!this.#everConnected && error instanceof ProtocolError) {
      this.#fail(
        new UserError(
          `Cannot talk to ${server}: it is no Sluice server (${reason}); check --server`,
          EXIT_UNREACHABLE,
        ),
      );
    }
    return reason;
  }

  /** Makes the downloads what the wishes and the server's list together want. */
  #replan(): void {
    const remote = this.#remote;
    if (!this.#wishes || !remote) return;
    const plan = makePlan(this.#wishes, remote.files, this.#options.platform);
    this.#plan = plan;
    this.#warn(
      "names",
      plan.refused.map(({ path, reason }) => `The file ${quoted(path)} is refused: ${reason}`),
    );
    const refused = new Set(plan.refused.map(({ path }) => path));
    this.#downloads.apply(plan, (path) => {
      if (refused.has(path)) return "its name is refused now";
      return remote.files.has(path) ? "it is not wanted any more" : "the server has it no longer";
    });
    const names = plan.waiting.map(({ wish }) => wish.name);
    if (names.join("\n") !== this.#waiting) {
      this.#waiting = names.join("\n");
      this.#emit({ type: "waiting", names });
    }
    const hints = plan.waiting.flatMap(({ wish, hint }) =>
      hint === null ? [] : [`${this.#options.input}, line ${wish.line}: ${hint}`]
    );
    this.#warn("hints", hints);
    this.#checkIdle();
  }

  /** Says what is wrong now and was not before. */
  #warn(about: "input" | "names" | "hints", messages: readonly string[]): void {
    const before = this.#warned.get(about);
    this.#warned.set(about, new Set(messages));
    for (const message of messages) {
      if (!before?.has(message)) this.#emit({ type: "warning", message });
    }
  }

  #checkIdle(): void {
    const idle = this.#plan !== undefined && this.#downloads.areSettled;
    if (idle && !this.#idle) {
      this.#emit({ type: "idle" });
      if (this.#options.once) this.#ending.abort();
    }
    this.#idle = idle;
  }
}

function isLookupFailure(error: unknown): boolean {
  return /failed to lookup address|name or service not known|no such host|nodename nor servname/i
    .test(messageOf(error));
}
