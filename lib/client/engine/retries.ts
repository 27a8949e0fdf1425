/**
 * Requests that the server has refused for a reason that may pass. Pure.
 *
 * @module
 */
import type { ErrorCode, WireError } from "../../errors.ts";
import type { FileRecord } from "./file_record.ts";
import type { Retry } from "./outbox.ts";
import type { GetRequest, RequestPlanner } from "./request_planner.ts";
import type { Timers } from "./timers.ts";

/** How often a chunk or digest is requested again after a failure that may pass. */
const RETRIES: Partial<Record<ErrorCode, number>> = { "read-failed": 4, "busy": 17 };
/** The pause before the first retry, and the longest, in milliseconds; pauses double. */
const RETRY_MS = { first: 500, longest: 4_000 };

/** Whether an error may pass. */
export function mayPass({ code }: WireError): boolean {
  return RETRIES[code] !== undefined;
}

/** Schedules retries. Times are in milliseconds. */
export class Retries {
  readonly #planner: RequestPlanner;
  readonly #timers: Timers<Retry>;

  constructor(planner: RequestPlanner, timers: Timers<Retry>) {
    this.#planner = planner;
    this.#timers = timers;
  }

  /**
   * Requests a range again after a pause; the rest of the file does not wait.
   *
   * @returns Whether it does: the error may pass, and has not come too often.
   */
  chunk({ record, offset, length, failures }: GetRequest, error: WireError, now: number): boolean {
    if (failures >= (RETRIES[error.code] ?? 0)) return false;
    const range = { start: offset, end: offset + length, failures: failures + 1 };
    this.#timers.add(now + pauseAfter(range.failures), { record, type: "chunk", range });
    record.pauses++;
    record.readFailures++;
    this.#planner.update(record);
    return true;
  }

  /** Requests a file's digest again after a pause. Returns the same as `chunk`. */
  digest(record: FileRecord, error: WireError, now: number): boolean {
    if (record.digestFailures >= (RETRIES[error.code] ?? 0)) return false;
    record.digestFailures++;
    this.#timers.add(now + pauseAfter(record.digestFailures), { record, type: "digest" });
    return true;
  }
}

/** The pause after so many failures, in milliseconds. */
function pauseAfter(failures: number): number {
  return Math.min(RETRY_MS.longest, RETRY_MS.first * 2 ** (failures - 1));
}
