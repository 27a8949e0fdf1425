/**
 * The download of one file: from its local state to its commit.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import type { ClientEvent } from "../events.ts";
import { fileFailure, VerificationError } from "./file_failure.ts";
import type { Limiter } from "../../async/limiter.ts";
import type { OutputFolder } from "../disk/output_folder.ts";
import { losses, PartialFile } from "../disk/partial_file.ts";
import type { PlannedFile } from "../input/plan.ts";
import { type Range, Ranges } from "../disk/byte_ranges.ts";
import { hasSameTime } from "../disk/local_state.ts";
import { Verifier, type VerifierContext } from "./verifier.ts";
import type { WriteHandles } from "../disk/write_handles.ts";

/** The state of a download. `outdated`: the server has another version now, or none. */
export type DownloadState = "underway" | "done" | "failed" | "unverified" | "outdated" | "stopped";

/** The context that all downloads share. */
export interface DownloadContext extends VerifierContext {
  readonly output: OutputFolder;
  readonly handles: WriteHandles;
  readonly emit: (event: ClientEvent) => void;
  /** Limits how many downloads check their data on disk at once, since files are open meanwhile. */
  readonly prepare: Limiter;
  /** Called when the download has chunks to request. */
  readonly join: (download: Download) => void;
  /** Called when the position has changed. */
  readonly moved: (download: Download) => void;
  /** Called when the state has changed for the last time. */
  readonly settled: (download: Download) => void;
}

/** Retries of a chunk that the server failed to read, and the first delay in milliseconds. */
const READ_RETRIES = 4;
const READ_RETRY_MS = 500;
/** The most starts of one version that the server lists, but then does not have. */
const BEGINNINGS = 10;
/** The most times that a file with a wrong digest is fetched. */
const FETCHES = 2;

/** One file's download. */
export class Download {
  readonly file: ListedFile;
  planned: PlannedFile;
  state: DownloadState = "underway";
  /** Resolves when the download no longer touches the disk; never rejects. */
  readonly ended: Promise<void>;

  /** The number of earlier starts of this version. */
  readonly #earlier: number;
  readonly #context: DownloadContext;
  readonly #verifier: Verifier;
  readonly #stopping = new AbortController();
  /** Rejects when the download is stopped, so that nothing it awaits can delay it. */
  readonly #stopped = completion();
  #partial: PartialFile | undefined;
  #toAsk = new Ranges();
  #complete = completion();
  #startedAt: number | undefined;
  #readFailures = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts the download.
   *
   * @param previous The end of an earlier download of the same path, which is awaited first.
   * @param outdated The download that this one repeats because it was outdated.
   */
  constructor(
    planned: PlannedFile,
    context: DownloadContext,
    previous?: Promise<void>,
    outdated?: Download,
  ) {
    this.planned = planned;
    this.file = planned.file;
    this.#context = context;
    this.#verifier = new Verifier(context, () => this.planned, this.#signal);
    this.#earlier = outdated?.file.version === this.file.version ? outdated.#earlier + 1 : 0;
    this.ended = this.#run(previous);
  }

  /** Received bytes: those on disk now. */
  get received(): number {
    return this.#partial?.received ?? 0;
  }

  /** Removes and returns the next chunk to request, or undefined if there is none now. */
  takeChunk(most: number): Range | undefined {
    if (!this.hasMore) return undefined;
    const chunk = this.#toAsk.takeFirst(most);
    if (chunk && this.#startedAt === undefined) this.#begin();
    return chunk;
  }

  /** Whether `takeChunk` would return a chunk. */
  get hasMore(): boolean {
    return this.#toAsk.first !== undefined && this.#retryTimer === undefined;
  }

  /** Accepts a requested chunk. */
  arrived({ start }: Range, bytes: Uint8Array): void {
    if (this.state !== "underway") return;
    try {
      const partial = this.#partial!;
      partial.write(start, bytes);
      this.#readFailures = 0;
      this.#verifier.wrote(partial, bytes);
      this.#context.moved(this);
      if (partial.received === this.file.size) this.#complete.resolve();
    } catch (error) {
      this.#complete.reject(error);
    }
  }

  /** Accepts the refusal of a requested chunk. */
  refused(chunk: Range, error: Error): void {
    if (this.state !== "underway") return;
    if (error instanceof WireError && error.code !== "read-failed") {
      this.#complete.reject(error);
      return;
    }
    this.#toAsk.add(chunk);
    if (error instanceof WireError) this.#retryLater(error);
    else this.#context.join(this);
  }

  /** Stops the download; its partial file stays on disk. */
  stop(): void {
    if (this.state !== "underway") return;
    this.state = "stopped";
    this.#stopping.abort();
    this.#stopped.reject(this.#signal.reason);
  }

  async #run(previous: Promise<void> | undefined): Promise<void> {
    try {
      await previous;
      await this.#fetchUnlessThere();
      this.#settle("done");
    } catch (error) {
      this.#explain(error);
    } finally {
      clearTimeout(this.#retryTimer);
      this.#verifier.reset();
      await this.#partial?.suspend().catch(() => {});
    }
  }

  async #fetchUnlessThere(): Promise<void> {
    const { path } = this.file;
    this.#signal.throwIfAborted();
    const present = this.#present();
    const digest = present === "maybe" ? await this.#presentDigest() : present;
    if (digest !== undefined) {
      this.#tellFinished(digest, 0, true);
      return;
    }
    for (let fetches = 1;; fetches++) {
      await this.#fetch();
      this.#emit({ type: "verifying", path });
      const partial = this.#partial!;
      const [verdict] = await this.#orStopped(
        Promise.all([this.#verifier.verdict(partial), partial.sync()]),
      );
      if ("reason" in verdict) {
        const isVain = fetches === FETCHES || verdict.inVain;
        if (isVain || !await this.#findDamage()) await partial.discard();
        if (isVain) throw new VerificationError(verdict.reason, this.planned);
        this.#emit({ type: "refetching", path, reason: verdict.reason });
        continue;
      }
      this.#signal.throwIfAborted();
      await partial.commit();
      const took = performance.now() - (this.#startedAt ?? performance.now());
      this.#tellFinished(verdict.digest, took, false);
      return;
    }
  }

  /** @param sha256 The verified digest; null if it was not verified. */
  #tellFinished(sha256: string | null, took: number, alreadyThere: boolean): void {
    const { path, size } = this.file;
    const by = this.planned.sha256 === null ? "server" : "input";
    if (sha256 !== null) this.#emit({ type: "verified", path, sha256, by });
    this.#emit({ type: "finished", path, size, took, sha256, alreadyThere });
  }

  /** Whether data on disk differs from the chunks received, so that only it has to come again. */
  async #findDamage(): Promise<boolean> {
    const { output, handles } = this.#context;
    this.#partial!.close();
    const { found } = await PartialFile.open(this.file, output, handles, this.#signal);
    return found.damaged > 0;
  }

  /**
   * Whether the file is complete already: `undefined` if not, `null` if it is, without a digest, and
   * "maybe" if its digest must be compared.
   */
  #present(): undefined | null | "maybe" {
    const { output } = this.#context;
    const { path, size } = this.file;
    const info = output.statFinal(path);
    if (!info || info.size !== size) return undefined;
    if (this.#verifier.isWanted) return "maybe";
    return hasSameTime(info, this.file) ? null : undefined;
  }

  /** The digest of the file under the final name, or undefined if it is another file. */
  async #presentDigest(): Promise<string | undefined> {
    const { output, hasher } = this.#context;
    const { path, size } = this.file;
    const job = hasher.start(output.finalPath(path), null);
    using _drop = { [Symbol.dispose]: () => job.cancel() };
    // An unreadable file counts as another one.
    const local = job.finish(size).catch(() => undefined);
    const wanted = await this.#orStopped(this.#verifier.wanted());
    const digest = await this.#orStopped(local);
    return digest === wanted ? digest : undefined;
  }

  async #fetch(): Promise<void> {
    const { output, handles, prepare, join, moved } = this.#context;
    const { path } = this.file;
    const { partial, found } = await prepare(() => {
      this.#signal.throwIfAborted();
      return PartialFile.open(this.file, output, handles, this.#signal);
    });
    this.#partial = partial;
    this.#signal.throwIfAborted();
    this.#verifier.reset();
    this.#toAsk = new Ranges(...partial.lacking);
    this.#complete = completion();
    for (const reason of losses(found)) this.#emit({ type: "refetching", path, reason });
    if (!this.hasMore) return;
    if (partial.received > 0) {
      this.#verifier.follow(partial);
      moved(this);
    }
    join(this);
    await this.#orStopped(this.#complete.promise);
  }

  /** Called when the first chunk is about to be requested. */
  #begin(): void {
    this.#startedAt = performance.now();
    this.#emit({ type: "started", path: this.file.path, resumedBytes: this.received });
    this.#verifier.begin();
  }

  #retryLater(error: WireError): void {
    if (this.#retryTimer !== undefined) return;
    if (this.#readFailures++ === READ_RETRIES) {
      this.#complete.reject(error);
      return;
    }
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      if (this.state === "underway") this.#context.join(this);
    }, READ_RETRY_MS * 2 ** (this.#readFailures - 1));
  }

  #orStopped<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#stopped.promise as Promise<never>]);
  }

  get #signal(): AbortSignal {
    return this.#stopping.signal;
  }

  #emit(event: ClientEvent): void {
    if (this.state === "underway") this.#context.emit(event);
  }

  #settle(state: DownloadState): void {
    if (this.state !== "underway") return;
    this.state = state;
    this.#context.settled(this);
  }

  /** Ends the download according to an error. The only place that decides this. */
  #explain(error: unknown): void {
    if (this.state !== "underway") return;
    const isOutdated = error instanceof WireError && ["changed", "not-found"].includes(error.code);
    if (isOutdated && this.#earlier + 1 < BEGINNINGS) {
      this.#settle("outdated");
      return;
    }
    const failure = fileFailure(error);
    this.#emit({ type: "failed", path: this.file.path, ...failure });
    this.#settle(failure.verification ? "unverified" : "failed");
  }
}

/** A promise with its resolvers; a rejection that is not awaited yet is not reported. */
function completion(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}
