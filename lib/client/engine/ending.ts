/**
 * The ends of a file: done, failed, unverified, outdated, dropped or stopped. Pure.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import { fileFailure, VerificationError } from "../file_failure.ts";
import type { FinalFile } from "../disk/final_file.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { ExistingFiles } from "./existing_files.ts";
import { type FileRecord, isFinal, moveTo } from "./file_record.ts";
import type { Outbox, Retry } from "./outbox.ts";
import type { RequestPlanner } from "./request_planner.ts";
import type { RunStats } from "./run_stats.ts";
import type { Timers } from "./timers.ts";

/** How often a version is begun that the server lists but then refuses, and the pause between. */
const MAX_BEGINNINGS = 10;
const OUTDATED_RETRY_MS = 1_000;
/** Codes of refusals of a version that the server does not have any more. */
const OUTDATED_CODES: ReadonlySet<string> = new Set(["changed", "not-found"]);

/** Moves records to their last phase. Times are in milliseconds. */
export class Ending {
  readonly #planner: RequestPlanner;
  readonly #timers: Timers<Retry>;
  readonly #stats: RunStats;
  readonly #out: Outbox;
  readonly #existing: ExistingFiles;

  constructor(
    existing: ExistingFiles,
    planner: RequestPlanner,
    timers: Timers<Retry>,
    stats: RunStats,
    out: Outbox,
  ) {
    this.#existing = existing;
    this.#planner = planner;
    this.#timers = timers;
    this.#stats = stats;
    this.#out = out;
  }

  /** Ends a record whose file was found complete. What an earlier run left of it is removed. */
  finishPresent(record: FileRecord, local: LocalState, now: number): void {
    if (local.hasJournal || local.discardReason !== null) {
      this.#out.disk.push({ type: "discard", record }, { type: "release", record });
    }
    this.finish(record, true, now);
  }

  /** Ends a record whose file is under its name, where it may have replaced another one. */
  finish(
    record: FileRecord,
    alreadyThere: boolean,
    now: number,
    replaced: FinalFile | null = null,
  ): void {
    const { file: { path, size }, planned, localDigest: sha256, startedAt } = record;
    moveTo(record, "done");
    this.#existing.onPlaced(record);
    this.#stats.onDone(path, alreadyThere);
    if (replaced) this.#out.events.push({ type: "replaced", path, size: replaced.size });
    const by = planned.sha256 === null ? "server" : "input";
    if (sha256 !== null) this.#out.events.push({ type: "verified", path, sha256, by });
    const took = startedAt === null ? 0 : now - startedAt;
    this.#out.events.push({ type: "finished", path, size, took, sha256, alreadyThere });
    this.#settle(record, now);
  }

  /** The one place where an error decides how a file ends. */
  fail(record: FileRecord, error: unknown, now: number): void {
    this.#out.disk.push({ type: "release", record });
    this.#planner.remove(record);
    const isOutdated = error instanceof WireError && OUTDATED_CODES.has(error.code);
    if (isOutdated && record.beginnings + 1 < MAX_BEGINNINGS) {
      // Usually the next list replaces or drops the file; the refusal may also be momentary.
      moveTo(record, "outdated");
      this.#timers.add(now + OUTDATED_RETRY_MS, { record, type: "file" });
      return;
    }
    moveTo(record, error instanceof VerificationError ? "unverified" : "failed");
    this.report(record.file.path, error);
    this.#settle(record, now);
  }

  /** Counts a file that has failed, and says so. */
  report(path: string, error: unknown): void {
    const { verification, ...failure } = fileFailure(error);
    this.#stats.onFailed({ path, ...failure });
    this.#out.events.push({ type: "failed", path, ...failure, verification });
  }

  /** Ends a record because it is no longer planned, or the run is over; its data is kept. */
  cutOff(record: FileRecord, phase: "dropped" | "stopped"): void {
    // A file that is being renamed gets its name: it is done, not stopped.
    if (phase === "stopped" && record.phase === "committing") return;
    const isOutdated = isFinal(record.phase);
    record.phase = phase;
    if (isOutdated) return;
    this.#planner.remove(record);
    this.#out.disk.push({ type: "release", record });
  }

  #settle(record: FileRecord, at: number): void {
    this.#out.moved.delete(record);
    this.#out.settled.push({ record, at });
  }
}
