/**
 * Trials: bytes of another version are kept if the server has the same digest of them. Pure.
 *
 * The disk proves and hashes them, the server is asked for the digest of the same part of its file,
 * and then the disk makes them the beginning of a partial file.
 *
 * @module
 */
import type { KeptBytes } from "../disk/kept_bytes.ts";
import type { LocalState } from "../disk/local_state.ts";
import type { DiskResult } from "./actions.ts";
import type { Ending } from "./ending.ts";
import { type FileRecord, moveTo } from "./file_record.ts";
import type { Outbox } from "./outbox.ts";
import type { RequestPlanner } from "./request_planner.ts";

/** Tries what is kept of files. Times are in milliseconds. */
export class Trials {
  readonly #planner: RequestPlanner;
  readonly #ending: Ending;
  readonly #out: Outbox;
  readonly #onDropped: (record: FileRecord, source: KeptBytes["source"]) => void;

  /** @param onDropped Takes a file whose kept bytes are of no use. */
  constructor(
    planner: RequestPlanner,
    ending: Ending,
    out: Outbox,
    onDropped: (record: FileRecord, source: KeptBytes["source"]) => void,
  ) {
    this.#planner = planner;
    this.#ending = ending;
    this.#out = out;
    this.#onDropped = onDropped;
    planner.onUntried = (record) => this.drop(record);
  }

  /** Begins to try kept bytes. */
  begin(record: FileRecord, local: LocalState, kept: KeptBytes): void {
    moveTo(record, "trying");
    record.local = local;
    record.trial = { ...kept, digest: null };
    this.#out.disk.push({ type: "try", record, source: kept.source });
  }

  /** Takes the digest of the bytes on disk. */
  onTried(record: FileRecord, { length, digest }: DiskResult & { type: "tried" }): void {
    if (digest === null) return this.drop(record);
    record.trial = { ...record.trial!, length, digest };
    this.#planner.wantDigest(record);
  }

  /** Takes the server's digest of the same part of its file. */
  onDigest(record: FileRecord, digest: string, now: number): void {
    const { phase, trial, local, file: { size } } = record;
    if (phase !== "trying" || trial === null) return;
    if (digest !== trial.digest) return this.drop(record);
    const { source, length } = trial;
    record.trial = null;
    const isHere = source === "final" && length === size && local?.present === "same size";
    if (isHere) return this.#ending.finishPresent(record, local, now);
    record.local = null;
    this.#out.disk.push({ type: "adopt", record, kept: { source, length } });
  }

  /** Ends a trial in vain. */
  drop(record: FileRecord): void {
    const { source } = record.trial!;
    record.trial = null;
    this.#onDropped(record, source);
  }
}
