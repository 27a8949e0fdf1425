/**
 * One planned file as a plain record: its phase, its bytes on disk, and the bytes to request. Pure.
 *
 * @module
 */
import { type Range, Ranges } from "../disk/byte_ranges.ts";
import type { KeptBytes } from "../disk/kept_bytes.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import type { PlannedFile } from "../input/plan.ts";

/** The phase of a file. The last six are final for the record. */
export type Phase =
  /** The disk reports what it has of the file, and proves it. */
  | "inspecting"
  /** The file under the final name is being compared by its digest. */
  | "comparing"
  /** Bytes of another version are being compared with the server's file. */
  | "trying"
  /** Chunks are requested and written. */
  | "fetching"
  /** All bytes are written; the digests are awaited. */
  | "verifying"
  /** The file is being moved to its final name. */
  | "committing"
  /** The server has another version now, or none: a new record begins after a pause. */
  | "outdated"
  | "done"
  | "failed"
  /** Failed its verification. */
  | "unverified"
  /** No longer planned. */
  | "dropped"
  /** Cut off by the end of the run. */
  | "stopped";

/**
 * The phases that may follow each phase: the whole life of a file. A file that has not ended can
 * also be dropped or stopped in each of them.
 */
export const NEXT_PHASES: Readonly<Record<Phase, readonly Phase[]>> = {
  inspecting: ["comparing", "trying", "fetching", "done", "failed"],
  comparing: ["inspecting", "done", "failed", "outdated"],
  trying: ["inspecting", "fetching", "done", "failed", "outdated"],
  fetching: ["verifying", "failed", "outdated"],
  verifying: ["inspecting", "committing", "failed", "unverified", "outdated"],
  committing: ["done", "failed"],
  outdated: [],
  done: [],
  failed: [],
  unverified: [],
  dropped: [],
  stopped: [],
};

/** Whether a phase is final for its record. */
export function isFinal(phase: Phase): boolean {
  return NEXT_PHASES[phase].length === 0;
}

/**
 * Moves a record to its next phase.
 *
 * @throws {Error} If the table has no such transition.
 */
export function moveTo(record: FileRecord, phase: Phase): void {
  if (!NEXT_PHASES[record.phase].includes(phase)) {
    throw new Error(`A file cannot go from "${record.phase}" to "${phase}"`);
  }
  record.phase = phase;
}

/** A range that was requested and failed, and how often in a row. */
export interface FailedRange extends Range {
  readonly failures: number;
}

/** A file that has begun. Changed by the engine and the planner only. */
export interface FileRecord {
  readonly file: ListedFile;
  planned: PlannedFile;
  phase: Phase;
  /** The received bytes: written, or found and proven. */
  received: number;
  /** The most bytes that were on disk at any time. */
  peakReceived: number;
  /** The position from which nothing was ever requested … */
  next: number;
  /** … and the ranges before it that have to be requested; null if there are none. */
  gaps: Ranges | null;
  /** The end of the bytes to request; 0 until the bytes on disk are known. */
  end: number;
  /** The time of the first request for a chunk, in milliseconds; null before. */
  startedAt: number | null;
  /** Ranges that failed, whose pause is over, and the number of those whose pause is not. */
  again: FailedRange[];
  pauses: number;
  /** Failed reads since a chunk was received, and failed requests for the digest. */
  readFailures: number;
  digestFailures: number;
  /** How often it was complete with a wrong digest. */
  fetches: number;
  /** How often this version was begun before and then refused as outdated. */
  beginnings: number;
  /** The digest of the data on disk; null if it is not known, or not wanted. */
  localDigest: string | null;
  /** The server's digest; null if it is not known. */
  serverDigest: string | null;
  /** Whether the server's digest is requested, or cannot be computed. */
  digestState: "unasked" | "asked" | "unavailable";
  /** Whether a fresh digest of the server was requested, because its digest was another one. */
  isDoubted: boolean;
  /** The bytes that are being tried, and their digest once it is known; null if there are none. */
  trial: (KeptBytes & { readonly digest: string | null }) | null;
  /** The result of the inspection, until `decide` has used it. */
  local: LocalState | null;
  /** Whether the data is compared with its journal because its digest is wrong. */
  rechecking: boolean;
}

/** Returns the record of a file that begins. */
export function newRecord(planned: PlannedFile, beginnings = 0): FileRecord {
  return {
    file: planned.file,
    planned,
    phase: "inspecting",
    received: 0,
    peakReceived: 0,
    next: 0,
    gaps: null,
    end: 0,
    startedAt: null,
    again: [],
    pauses: 0,
    readFailures: 0,
    digestFailures: 0,
    fetches: 0,
    beginnings,
    localDigest: null,
    serverDigest: null,
    digestState: "unasked",
    isDoubted: false,
    trial: null,
    local: null,
    rechecking: false,
  };
}

/**
 * With this many failed reads in a row, only ranges that failed are requested until one succeeds or
 * all pauses are over: a file that cannot be read at all must not cost a request for each chunk.
 */
const MAX_FAILURES_IN_A_ROW = 8;

/** Whether there are bytes to request now. */
export function hasMore(record: FileRecord): boolean {
  return record.again.length > 0 ||
    (mayGoOn(record) && (record.next < record.end || record.gaps !== null));
}

function mayGoOn({ pauses, readFailures }: FileRecord): boolean {
  return pauses === 0 || readFailures < MAX_FAILURES_IN_A_ROW;
}

/** Takes the next range to request, of at most `max` bytes; undefined if there is none. */
export function takeChunk(record: FileRecord, max: number): FailedRange | undefined {
  const failed = record.again.shift();
  if (failed) {
    const end = Math.min(failed.end, failed.start + max);
    if (end < failed.end) record.again.unshift({ ...failed, start: end });
    return { ...failed, end };
  }
  const chunk = mayGoOn(record) ? takeFresh(record, max) : undefined;
  return chunk && { ...chunk, failures: 0 };
}

function takeFresh(record: FileRecord, max: number): Range | undefined {
  if (record.gaps) {
    const chunk = record.gaps.takeFirst(max);
    if (record.gaps.first === undefined) record.gaps = null;
    if (chunk) return chunk;
  }
  const start = record.next;
  if (start >= record.end) return undefined;
  record.next = Math.min(record.end, start + max);
  return { start, end: record.next };
}

/** Puts back a range that was requested and not received. */
export function giveBack(record: FileRecord, range: FailedRange): void {
  if (range.failures > 0) record.again.push(range);
  else {
    record.gaps ??= new Ranges();
    record.gaps.add(range);
  }
}

/** Sets the bytes to request: the lacking ranges, or everything if that is null. */
export function askFor(record: FileRecord, lacking: readonly Range[] | null): void {
  const { size } = record.file;
  record.end = size;
  record.again = [];
  if (lacking === null) {
    record.next = 0;
    record.gaps = null;
    record.received = 0;
  } else {
    record.next = size;
    record.gaps = lacking.length > 0 ? new Ranges(...lacking) : null;
    record.received = size - lacking.reduce((sum, { start, end }) => sum + (end - start), 0);
  }
  record.peakReceived = Math.max(record.peakReceived, record.received);
}

/** Whether a file's digest is compared with another one. */
export function wantsDigest({ planned }: FileRecord, verify: boolean): boolean {
  return verify || planned.sha256 !== null;
}
