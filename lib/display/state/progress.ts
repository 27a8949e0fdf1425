/**
 * The state of a client's run, built up event by event. It draws nothing and reads no clock.
 *
 * It changes in place: with ten thousand files, a copy for each event would cost more than the
 * download.
 *
 * This room holds the state that all displays of a client read: this file applies events,
 * `connection_state.ts` keeps the connection, `file_table.ts` the files with their sums, `run_rates.ts`
 * the rates and times left, by `rate_meter.ts`. The rooms
 * `client/`, `server/` (rates only) and `report/` of `display/` may import it.
 *
 * @module
 */
import type { ClientEvent, FileProgress, Summary } from "../../client/events.ts";
import type { Priority } from "../../client/priority.ts";
import { type FileGroup, type FileState, FileTable, hasEnded, type Totals } from "./file_table.ts";
import { connectionAfter, type ConnectionState, NO_CONNECTION } from "./connection_state.ts";
import { RunRates } from "./run_rates.ts";

type EventOf<Type extends ClientEvent["type"]> = Extract<ClientEvent, { type: Type }>;

/** The state after some events. Times are in milliseconds of any one clock. */
export class ProgressState {
  #files = new FileTable();
  #rates = new RunRates();
  #connection = NO_CONNECTION;
  #waiting: readonly string[] = [];
  #entries: number | null = null;
  #idle = false;
  #interrupted = false;
  #summary: Summary | null = null;
  #fetched = 0;
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** Files being downloaded or verified, in the order in which they started. */
  get active(): FileGroup {
    return this.#files.active;
  }

  /** Files that have not started, in the order in which they were queued. */
  get queued(): FileGroup {
    return this.#files.queued;
  }

  get totals(): Totals {
    return this.#files.totals;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Entries of the input list that match no file of the server. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  /** The number of entries in the input list; null before it was read. */
  get entries(): number | null {
    return this.#entries;
  }

  /** Whether nothing is left to fetch. */
  get idle(): boolean {
    return this.#idle;
  }

  /** Whether the user has interrupted the run. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** The run's summary; null before its end. */
  get summary(): Summary | null {
    return this.#summary;
  }

  /** Bytes received over the connection. */
  get fetched(): number {
    return this.#fetched;
  }

  /** A file by its path. */
  file(path: string): FileState | undefined {
    return this.#files.get(path);
  }

  /** Bytes per second of all files together. */
  rate(now: number): number {
    return this.#rates.rate(now);
  }

  /** Bytes per second of one file. */
  fileRate(file: FileState, now: number): number {
    return this.#rates.fileRate(file, now);
  }

  /** The time of the last byte if the run stands still while bytes are awaited, else null. */
  stalledSince(now: number): number | null {
    return this.#connection.phase === "connected" ? this.#rates.stalledSince(now) : null;
  }

  /** Milliseconds until all files are complete; null if unknown. */
  timeLeft(now: number): number | null {
    return this.#rates.timeLeft(this.totals.left, now);
  }

  /** Milliseconds until one file is complete; null if unknown. */
  fileTimeLeft(file: FileState, now: number): number | null {
    return this.#rates.fileTimeLeft(file, this.#unfinished, now);
  }

  /** The sums over the small files of one priority. */
  small(priority: Priority): Totals {
    return this.#files.small(priority);
  }

  /** Bytes per second of all files, or of the small files, of one priority. */
  priorityRate(priority: Priority, now: number): number {
    return this.#rates.priorityRate(priority, now);
  }

  smallRate(priority: Priority, now: number): number {
    return this.#rates.smallRate(priority, now);
  }

  /** Milliseconds until all small files of one priority are complete; null if unknown. */
  smallTimeLeft(priority: Priority, now: number): number | null {
    return this.#rates.smallTimeLeft(priority, this.#unfinished, now);
  }

  /** Milliseconds in which there was something to download. */
  activeTime(now: number): number {
    return this.#activeBefore + (this.#activeSince === null ? 0 : now - this.#activeSince);
  }

  /** Applies one event, which happened at `now`. */
  apply(event: ClientEvent, now: number): void {
    switch (event.type) {
      case "connected":
        this.#rates.resume(now);
        // falls through
      case "connecting":
      case "disconnected":
        this.#connection = connectionAfter(this.#connection, event, now);
        return;
      case "input":
        this.#entries = event.entries;
        return;
      case "waiting":
        this.#waiting = event.names;
        return;
      case "idle":
        this.#becomeIdle(now);
        return;
      case "progress":
        for (const file of event.files) this.#updateReceived(file, now);
        return;
      case "queued":
        this.#queue(event, now);
        return;
      case "interrupted":
        this.#interrupted = true;
        return;
      case "summary":
        this.#summary = event;
        return;
      case "warning":
      case "lackOfSpace":
      case "leftovers":
      case "list":
      case "entry":
      case "shares":
      case "verified":
      case "replaced":
        return;
    }
    const file = this.#files.get(event.path);
    if (file) this.#applyTo(file, event, now);
  }

  readonly #unfinished = (): FileState[] => [...this.active, ...this.queued];

  #applyTo(
    file: FileState,
    event: EventOf<
      | "reprioritized"
      | "dropped"
      | "started"
      | "verifying"
      | "refetching"
      | "finished"
      | "failed"
    >,
    now: number,
  ): void {
    switch (event.type) {
      case "reprioritized":
        this.#files.update(file, { priority: event.priority });
        return;
      case "dropped":
        // A complete file stays in the totals: there is nothing to stop.
        if (file.stage !== "done") this.#remove(file);
        return;
      case "started":
        this.#becomeActive(now);
        this.#setReceived(file, event.resumedBytes);
        this.#files.update(file, { stage: "active" });
        this.#rates.begin(file, now);
        return;
      case "verifying":
        if (file.stage === "active") this.#addReceived(file, file.size - file.received, now);
        this.#rates.end(file);
        this.#files.update(file, { stage: "verifying" });
        return;
      case "refetching":
        this.#becomeActive(now);
        this.#files.update(file, {
          stage: hasEnded(file) ? "queued" : "active",
          received: 0,
          alreadyThere: false,
        });
        if (file.stage === "active") this.#rates.begin(file, now);
        return;
      case "finished":
        this.#finish(file, event, now);
        return;
      case "failed":
        this.#end(file, { stage: "failed" });
        return;
    }
  }

  #queue(event: EventOf<"queued">, now: number): void {
    this.#becomeActive(now);
    const size = within(event.size, Number.MAX_SAFE_INTEGER);
    const known = this.#files.get(event.path);
    if (known) this.#remove(known);
    // Otherwise it is another file, and nothing of it was shown yet.
    const isRetry = known !== undefined && !hasEnded(known) && known.size === size;
    this.#files.add({
      path: event.path,
      priority: event.priority,
      line: event.line,
      size,
      stage: "queued",
      peakReceived: isRetry ? known.peakReceived : 0,
      received: 0,
      fetched: known?.fetched ?? 0,
      alreadyThere: false,
    });
  }

  #finish(file: FileState, event: EventOf<"finished">, now: number): void {
    const size = within(event.size, Number.MAX_SAFE_INTEGER);
    const peakReceived = Math.min(file.peakReceived, size);
    this.#files.update(file, { size, peakReceived, received: Math.min(file.received, size) });
    if (!event.alreadyThere) this.#addReceived(file, size - file.received, now);
    const alreadyThere = event.alreadyThere && file.fetched === 0;
    this.#end(file, { stage: "done", peakReceived: size, received: size, alreadyThere });
  }

  #updateReceived({ path, received }: FileProgress, now: number): void {
    const file = this.#files.get(path);
    if (!file || hasEnded(file)) return;
    const onDisk = within(received, file.size);
    // Bytes on disk before the first request are from an earlier run, not from the connection.
    if (!this.#rates.has(file)) return this.#setReceived(file, onDisk);
    if (onDisk < file.received) this.#files.update(file, { received: onDisk });
    this.#addReceived(file, onDisk - file.received, now);
  }

  #addReceived(file: FileState, bytes: number, now: number): void {
    this.#fetched += bytes;
    this.#rates.add(file, bytes, now);
    this.#setReceived(file, file.received + bytes, file.fetched + bytes);
  }

  #setReceived(file: FileState, bytes: number, fetched = file.fetched): void {
    const received = within(bytes, file.size);
    const peakReceived = Math.max(file.peakReceived, received);
    this.#files.update(file, { received, peakReceived, fetched });
  }

  #end(file: FileState, change: Partial<FileState>): void {
    this.#rates.end(file);
    this.#files.update(file, change);
  }

  #remove(file: FileState): void {
    this.#rates.end(file);
    this.#files.remove(file);
  }

  #becomeActive(now: number): void {
    this.#idle = false;
    this.#activeSince ??= now;
  }

  #becomeIdle(now: number): void {
    this.#idle = true;
    this.#activeBefore = this.activeTime(now);
    this.#activeSince = null;
  }
}

/** A part of a whole in percent, rounded down: 100 only if all of it is there. */
export function percentOf(bytes: number, size: number): number {
  if (size <= 0) return 0;
  return Math.floor(100 * within(bytes, size) / size);
}

function within(amount: number, max: number): number {
  return Number.isFinite(amount) ? Math.min(Math.max(0, amount), max) : 0;
}
