/**
 * How a file ends: done, failed, unverified, outdated, dropped or stopped. Pure.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import { fileFailure } from "../file_failure.ts";
import { type FileRecord, isFinal, moveTo } from "./file_record.ts";
import type { Outbox, Retry } from "./outbox.ts";
import type { RequestPlanner } from "./request_planner.ts";
import type { RunStats } from "./run_stats.ts";
import type { Timers } from "./timers.ts";

/** How often one version is begun that the server lists, and then has not; and the pause. */
const MAX_BEGINNINGS = 10;
const OUTDATED_RETRY_MS = 1_000;
/** Refusals of a version that the server has no more. */
const OUTDATED_CODES: ReadonlySet<string> = new Set(["changed", "not-found"]);

/** Moves records to their last phase. Times are in milliseconds. */
export class Ending {
  readonly #planner: RequestPlanner;
  readonly #timers: Timers<Retry>;
  readonly #stats: RunStats;
  readonly #out: Outbox;

  constructor(planner: RequestPlanner, timers: Timers<Retry>, stats: RunStats, out: Outbox) {
    this.#planner = planner;
    this.#timers = timers;
    this.#stats = stats;
    this.#out = out;
  }

  /** Ends a record whose file is under its name. */
  finish(record: FileRecord, alreadyThere: boolean, now: number): void {
    const { file: { path, size }, planned, localDigest: sha256, startedAt } = record;
    moveTo(record, "done");
    this.#stats.onDone(path, alreadyThere);
    const by = planned.sha256 === null ? "server" : "input";
    if (sha256 !== null) this.#out.events.push({ type: "verified", path, sha256, by });
    const took = startedAt === null ? 0 : now - startedAt;
    this.#out.events.push({ type: "finished", path, size, took, sha256, alreadyThere });
    this.#settle(record);
  }

  /** The one place where an error decides how a file ends. */
  fail(record: FileRecord, error: unknown, now: number): void {
    this.#out.disk.push({ type: "release", record });
    this.#planner.remove(record);
    const isOutdated = error instanceof WireError && OUTDATED_CODES.has(error.code);
    if (isOutdated && record.beginnings + 1 < MAX_BEGINNINGS) {
      // The next list mostly tells what to do; but the server may have been wrong for a moment.
      moveTo(record, "outdated");
      this.#timers.add(now + OUTDATED_RETRY_MS, { record, type: "file" });
      return;
    }
    const { path } = record.file;
    const { verification, ...failure } = fileFailure(error);
    moveTo(record, verification ? "unverified" : "failed");
    this.#stats.onFailed({ path, ...failure });
    this.#out.events.push({ type: "failed", path, ...failure, verification });
    this.#settle(record);
  }

  /** Ends a record that is not wanted, or not any more in this run; what is here is kept. */
  cutOff(record: FileRecord, phase: "dropped" | "stopped"): void {
    // A file on its way to its name arrives there: it is done, and not cut off.
    if (phase === "stopped" && record.phase === "committing") return;
    const isOutdated = isFinal(record.phase);
    record.phase = phase;
    if (isOutdated) return;
    this.#planner.remove(record);
    this.#out.disk.push({ type: "release", record });
  }

  #settle(record: FileRecord): void {
    this.#out.moved.delete(record);
    this.#out.settled.push(record);
  }
}
