/**
 * The life of one file, from its inspection to its end (`ending.ts`). Pure.
 *
 * ```
 * inspecting → comparing → done            the file under the final name has the digest
 * comparing → inspecting → fetching        it has another digest
 * inspecting → trying → fetching           the server has the same first bytes of another version
 * trying → inspecting → fetching           it has not: they are dropped
 * inspecting → fetching → verifying → committing → done
 * verifying → inspecting → fetching        a wrong digest, once
 * comparing, trying, fetching, verifying → outdated        the server has another version: a new record
 * ```
 *
 * @module
 */
import type { WireError } from "../../errors.ts";
import type { Range } from "../disk/byte_ranges.ts";
import { OutputError } from "../../errors.ts";
import { KEPT_REASON } from "../disk/final_file.ts";
import type { KeptBytes } from "../disk/kept_bytes.ts";
import type { LocalState } from "../disk/local_state.ts";
import { VerificationError } from "../file_failure.ts";
import type { DiskResult } from "./actions.ts";
import { decide, decideFetch, DISCARD_REASONS } from "./decide.ts";
import { Ending } from "./ending.ts";
import type { EngineOptions } from "./engine_options.ts";
import { ExistingFiles } from "./existing_files.ts";
import { askFor, type FileRecord, giveBack, isFinal, moveTo, wantsDigest } from "./file_record.ts";
import { judge, type WrongDigest } from "./judge.ts";
import type { Outbox, Retry } from "./outbox.ts";
import type { GetRequest, RequestPlanner, ServerRequest } from "./request_planner.ts";
import { mayPass, Retries } from "./retries.ts";
import type { RunStats } from "./run_stats.ts";
import type { Timers } from "./timers.ts";
import { Trials } from "./trials.ts";

/** How often a file with a wrong digest is fetched, in all. */
const MAX_FETCHES = 2;

/** Moves records through their phases. Times are in milliseconds. */
export class Lifecycle {
  readonly ending: Ending;
  readonly #retries: Retries;
  readonly #trials: Trials;
  readonly #verify: boolean;
  readonly #existing: ExistingFiles;
  readonly #planner: RequestPlanner;
  readonly #stats: RunStats;
  readonly #out: Outbox;

  constructor(
    { verify, keepExisting }: EngineOptions,
    planner: RequestPlanner,
    timers: Timers<Retry>,
    stats: RunStats,
    out: Outbox,
  ) {
    this.#existing = new ExistingFiles(keepExisting);
    this.ending = new Ending(this.#existing, planner, timers, stats, out);
    this.#retries = new Retries(planner, timers);
    this.#trials = new Trials(planner, this.ending, out, (...dropped) => this.#goOn(...dropped));
    this.#verify = verify;
    this.#planner = planner;
    this.#stats = stats;
    this.#out = out;
  }

  /** Begins a new record. */
  begin(record: FileRecord): void {
    this.#out.disk.push({ type: "inspect", record, hash: wantsDigest(record, this.#verify) });
  }

  /** Takes a retry that is due. */
  onRetry(retry: Exclude<Retry, { type: "rest" }>): void {
    const { record } = retry;
    if (retry.type === "digest") {
      if (!isFinal(record.phase)) this.#planner.wantDigest(record);
    } else if (retry.type === "chunk" && record.phase === "fetching") {
      record.pauses--;
      giveBack(record, retry.range);
      this.#planner.update(record);
    }
  }

  /** Takes the result of an action on the disk. */
  onDisk(result: DiskResult, now: number): void {
    const { record } = result;
    if (isFinal(record.phase)) return;
    switch (result.type) {
      case "inspected":
        return this.#onInspected(record, result.local, now);
      case "hashed":
        // An unreadable file counts as another one.
        record.localDigest = result.digest ?? "";
        return this.#compare(record, now);
      case "tried":
        return this.#trials.onTried(record, result);
      case "opened":
        return this.#onOpened(record, result, now);
      case "sealed":
        record.localDigest = result.digest;
        return this.#judge(record, now);
      case "committed":
        return this.ending.finish(record, false, now, result.replaced);
      case "discarded":
        return this.#fetch(record, null);
      case "failed":
        return this.ending.fail(record, result.error, now);
      case "released":
    }
  }

  /** Takes a chunk that was requested. */
  onChunk(request: GetRequest, bytes: Uint8Array, checksum: number): void {
    const { record, offset, length } = request;
    if (record.phase !== "fetching") return this.#stats.onChunk(record, length, 0);
    record.received += length;
    const useful = Math.min(length, Math.max(0, record.received - record.peakReceived));
    record.peakReceived += useful;
    if (record.readFailures > 0) {
      record.readFailures = 0;
      // It may have waited for the first success.
      this.#planner.update(record);
    }
    this.#stats.onChunk(record, length, useful);
    this.#write(record, offset, bytes, checksum);
    this.#out.moved.add(record);
    if (record.received === record.file.size) this.#verifyAll(record, length === record.file.size);
  }

  /** Takes a digest of the server. */
  onDigest(request: ServerRequest, digest: string, now: number): void {
    const { record } = request;
    if (request.type === "digest" && request.part) {
      return this.#trials.onDigest(record, digest, now);
    }
    record.serverDigest = digest;
    if (record.phase === "comparing") this.#compare(record, now);
    if (record.phase === "verifying" && record.localDigest !== null) this.#judge(record, now);
  }

  /** Takes the server's refusal of a request. */
  onRefused(request: ServerRequest, error: WireError, now: number): void {
    const { record } = request;
    if (isFinal(record.phase)) return;
    if (request.type === "digest") return this.#onDigestRefused(record, error, now);
    if (record.phase !== "fetching") return;
    if (!this.#retries.chunk(request, error, now)) this.ending.fail(record, error, now);
  }

  /** Takes the loss of a request with its connection. */
  onLost(request: ServerRequest): void {
    const { record } = request;
    if (isFinal(record.phase)) return;
    if (request.type === "digest") this.#planner.wantDigest(record);
    else if (record.phase === "fetching") this.#planner.giveBack(request);
  }

  #onInspected(record: FileRecord, local: LocalState, now: number): void {
    const isWanted = wantsDigest(record, this.#verify);
    const keeps = this.#existing.keeps(record, local);
    const decision = decide(local, isWanted, this.#planner.asksParts, keeps);
    switch (decision.type) {
      case "blocked":
        return this.ending.fail(
          record,
          new OutputError(decision.reason, { advice: local.advice }),
          now,
        );
      case "accept":
        return this.ending.finishPresent(record, local, now);
      case "compare":
        moveTo(record, "comparing");
        record.local = local;
        this.#out.disk.push({ type: "hash", record });
        this.#needServerDigest(record);
        return;
      case "try":
      case "fetch":
        return this.#takeUp(record, local);
    }
  }

  /** Fetches a file of which something on disk has turned out to be other content. */
  #goOn(record: FileRecord, other: KeptBytes["source"]): void {
    const local = record.local!;
    record.local = null;
    moveTo(record, "inspecting");
    this.#takeUp(record, { ...local, kept: local.kept.filter(({ source }) => source !== other) });
  }

  /** Requests the server's digest if it decides, and is neither known nor requested. */
  #needServerDigest(record: FileRecord): void {
    const { planned, serverDigest, digestState } = record;
    if (planned.sha256 === null && serverDigest === null && digestState === "unasked") {
      this.#planner.wantDigest(record);
    }
  }

  #compare(record: FileRecord, now: number): void {
    const wanted = record.planned.sha256 ?? record.serverDigest;
    if (record.localDigest === null || wanted === null) return;
    if (record.localDigest === wanted) {
      return this.ending.finishPresent(record, record.local!, now);
    }
    record.localDigest = null;
    if (this.#existing.keeps(record, record.local!)) {
      return this.ending.fail(record, new OutputError(KEPT_REASON), now);
    }
    this.#goOn(record, "final");
  }

  /** Resumes or discards a partial file, tries bytes of another version, or begins with nothing. */
  #takeUp(record: FileRecord, local: LocalState): void {
    const decision = decideFetch(local, this.#planner.asksParts);
    if (decision.type === "try") {
      this.#trials.begin(record, local, decision.kept);
    } else if (decision.resume || decision.discardReason !== null) {
      this.#out.disk.push({ type: "open", record });
    } else this.#fetch(record, null);
  }

  #onOpened(record: FileRecord, result: DiskResult & { type: "opened" }, now: number): void {
    const { lacking, damaged, discardReason } = result;
    if (record.rechecking) {
      record.rechecking = false;
      // Without damage all of it was sent or hashed wrong.
      if (damaged === 0) {
        this.#out.disk.push({ type: "discard", record });
        return;
      }
    }
    if (discardReason !== null) this.#refetching(record, DISCARD_REASONS[discardReason], now);
    if (damaged > 0) {
      this.#refetching(record, `${damaged} bytes of the partial file are damaged`, now);
    }
    this.#fetch(record, lacking);
  }

  /** @param lacking The ranges to fetch; null for all of the file. */
  #fetch(record: FileRecord, lacking: readonly Range[] | null): void {
    moveTo(record, "fetching");
    askFor(record, lacking);
    if (record.received > 0) this.#out.moved.add(record);
    if (record.file.size === 0) {
      // No chunk makes an empty file.
      this.#write(record, 0, new Uint8Array(), 0);
      this.#verifyAll(record, true);
    } else if (record.received === record.file.size) this.#verifyAll(record, false);
    else this.#planner.update(record);
  }

  #write(record: FileRecord, offset: number, bytes: Uint8Array, checksum: number): void {
    const hash = wantsDigest(record, this.#verify);
    this.#out.disk.push({ type: "write", record, offset, bytes, checksum, hash });
  }

  /** @param isSealed Whether the file was sealed as it was written. */
  #verifyAll(record: FileRecord, isSealed: boolean): void {
    moveTo(record, "verifying");
    this.#out.events.push({ type: "verifying", path: record.file.path });
    const hash = wantsDigest(record, this.#verify);
    if (!isSealed) this.#out.disk.push({ type: "seal", record, hash });
    if (hash) this.#needServerDigest(record);
  }

  /** Commits the file or fetches it again, once the digests are known. */
  #judge(record: FileRecord, now: number): void {
    const verdict = judge(record, this.#verify);
    switch (verdict.type) {
      case "right":
        moveTo(record, "committing");
        this.#out.disk.push({ type: "commit", record, keeping: this.#existing.keeping(record) });
        return;
      case "unknown":
        if (record.digestState === "unasked") this.#planner.wantDigest(record);
        return;
      case "wrong":
        return this.#fetchAgain(record, verdict, now);
    }
  }

  #fetchAgain(record: FileRecord, { reason, inVain }: WrongDigest, now: number): void {
    const { serverDigest, localDigest, isDoubted } = record;
    const isDoubtful = serverDigest !== null && serverDigest !== localDigest && !isDoubted;
    if (isDoubtful && this.#planner.asksParts) {
      // The server may remember the digest of what the file was.
      record.isDoubted = true;
      record.serverDigest = null;
      this.#planner.wantDigest(record);
      return;
    }
    if (++record.fetches === MAX_FETCHES || inVain) {
      this.#out.disk.push({ type: "discard", record });
      return this.ending.fail(record, new VerificationError(reason, record.planned), now);
    }
    this.#refetching(record, reason, now);
    record.localDigest = null;
    record.rechecking = true;
    moveTo(record, "inspecting");
    this.#out.disk.push({ type: "open", record });
  }

  #onDigestRefused(record: FileRecord, error: WireError, now: number): void {
    if (this.#retries.digest(record, error, now)) return;
    if (mayPass(error) && record.planned.sha256 !== null && record.phase !== "trying") {
      record.digestState = "unavailable";
      if (record.phase === "verifying") this.#judge(record, now);
    } else if (error.code === "bad-request" && record.phase === "trying") {
      this.#trials.drop(record);
    } else this.ending.fail(record, error, now);
  }

  #refetching(record: FileRecord, reason: string, now: number): void {
    const { path } = record.file;
    this.#stats.onQueued(path, now);
    this.#out.events.push({ type: "refetching", path, reason });
  }
}
