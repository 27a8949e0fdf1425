/**
 * What is known of a client's work: one event more, one step further. It draws nothing and reads
 * no clock.
 *
 * It changes in place: with ten thousand files, a copy for each event would cost more than the
 * download.
 *
 * @module
 */
import type { ClientEvent, FileProgress, Summary } from "../../client/events.ts";
import { type FileGroup, type FileState, FileTable, hasEnded, type Totals } from "./file_table.ts";
import { RateMeter, STEADY_WINDOW } from "./rate_meter.ts";

/** Whether there is a server. */
export interface ConnectionState {
  readonly phase: "none" | "connecting" | "connected";
  /** As the user named it; empty before the first try. */
  readonly server: string;
  /** Why there is no connection; null if there is one, or if it is the first try. */
  readonly reason: string | null;
  /** When the next try comes, in milliseconds; null if none comes or one is under way. */
  readonly retryAt: number | null;
  /** Whether there was a connection before. */
  readonly everConnected: boolean;
}

type EventOf<Type extends ClientEvent["type"]> = Extract<ClientEvent, { type: Type }>;

/** What is known after some events. Times are in milliseconds of any one clock. */
export class ProgressState {
  #files = new FileTable();
  #meters = new Map<FileState, RateMeter>();
  #connection: ConnectionState = {
    phase: "none",
    server: "",
    reason: null,
    retryAt: null,
    everConnected: false,
  };
  #waiting: readonly string[] = [];
  #entries: number | null = null;
  #idle = false;
  #interrupted = false;
  #summary: Summary | null = null;
  #fetched = 0;
  #meter = new RateMeter();
  #activeBefore = 0;
  #activeSince: number | null = null;

  /** Files under way or being verified, in the order in which they started. */
  get active(): FileGroup {
    return this.#files.active;
  }

  /** Files whose turn has not come, in the order in which they were queued. */
  get queued(): FileGroup {
    return this.#files.queued;
  }

  get totals(): Totals {
    return this.#files.totals;
  }

  get connection(): ConnectionState {
    return this.#connection;
  }

  /** Lines of the input list that match no file of the server. */
  get waiting(): readonly string[] {
    return this.#waiting;
  }

  /** Entries of the input list; null before it was read. */
  get entries(): number | null {
    return this.#entries;
  }

  /** Whether nothing is left to fetch. */
  get idle(): boolean {
    return this.#idle;
  }

  /** Whether the user has asked for the end. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** What the run has done; null before its end. */
  get summary(): Summary | null {
    return this.#summary;
  }

  /** Bytes that came over the wire. */
  get fetched(): number {
    return this.#fetched;
  }

  /** A file by its path. */
  file(path: string): FileState | undefined {
    return this.#files.get(path);
  }

  /** Bytes a second of everything. */
  rate(now: number): number {
    return this.#meter.rate(now);
  }

  /** Bytes a second of one file. */
  fileRate(file: FileState, now: number): number {
    return this.#meters.get(file)?.rate(now) ?? 0;
  }

  /** Milliseconds until everything is here; null if it cannot be told. */
  timeLeft(now: number): number | null {
    return timeFor(this.totals.left, this.#meter.rate(now, STEADY_WINDOW));
  }

  /** Milliseconds until one file is here; null if it cannot be told. */
  fileTimeLeft(file: FileState, now: number): number | null {
    const rate = this.#meters.get(file)?.rate(now, STEADY_WINDOW) ?? 0;
    return timeFor(file.size - file.received, rate);
  }

  /** Milliseconds during which there was something to do. */
  activeTime(now: number): number {
    return this.#activeBefore + (this.#activeSince === null ? 0 : now - this.#activeSince);
  }

  /** Takes in one event, which happened at `now`. */
  apply(event: ClientEvent, now: number): void {
    switch (event.type) {
      case "connecting":
        this.#connection = {
          ...this.#connection,
          phase: "connecting",
          server: event.server,
          retryAt: null,
        };
        return;
      case "connected":
        this.#connection = {
          phase: "connected",
          server: event.server,
          reason: null,
          retryAt: null,
          everConnected: true,
        };
        return;
      case "disconnected":
        this.#connection = {
          ...this.#connection,
          phase: "none",
          reason: event.reason,
          retryAt: event.retryIn === null ? null : now + event.retryIn,
        };
        return;
      case "input":
        this.#entries = event.entries;
        return;
      case "waiting":
        this.#waiting = event.names;
        return;
      case "idle":
        this.#rest(now);
        return;
      case "progress":
        for (const file of event.files) this.#move(file, now);
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
      case "leftovers":
      case "list":
      case "entry":
      case "shares":
      case "verified":
        return;
    }
    const file = this.#files.get(event.path);
    if (file) this.#applyTo(file, event, now);
  }

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
        // What is complete stays: it has been done, and leaves nothing to stop.
        if (file.stage !== "done") this.#remove(file);
        return;
      case "started":
        this.#wake(now);
        this.#meter.add(0, now);
        this.#place(file, event.resumedBytes);
        this.#files.update(file, { stage: "active" });
        this.#beginMeter(file, now);
        return;
      case "verifying":
        if (file.stage === "active") this.#fetch(file, file.size - file.received, now);
        this.#files.update(file, { stage: "verifying" });
        return;
      case "refetching":
        this.#wake(now);
        this.#files.update(file, {
          stage: hasEnded(file) ? "queued" : "active",
          received: 0,
          alreadyThere: false,
        });
        if (file.stage === "active") this.#beginMeter(file, now);
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
    this.#wake(now);
    const size = within(event.size, Number.MAX_SAFE_INTEGER);
    const known = this.#files.get(event.path);
    if (known) this.#remove(known);
    // Otherwise it is another file, of which nothing was shown yet.
    const isRetry = known !== undefined && !hasEnded(known) && known.size === size;
    this.#files.add({
      path: event.path,
      priority: event.priority,
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
    if (!event.alreadyThere) this.#fetch(file, size - file.received, now);
    const alreadyThere = event.alreadyThere && file.fetched === 0;
    this.#end(file, { stage: "done", peakReceived: size, received: size, alreadyThere });
  }

  #move({ path, received }: FileProgress, now: number): void {
    const file = this.#files.get(path);
    if (!file || hasEnded(file)) return;
    const position = within(received, file.size);
    // What is there before the first chunk is asked for was kept: it does not come over the wire.
    if (!this.#meters.has(file)) return this.#place(file, position);
    if (position < file.received) this.#files.update(file, { received });
    this.#fetch(file, position - file.received, now);
  }

  #fetch(file: FileState, bytes: number, now: number): void {
    this.#fetched += bytes;
    this.#meter.add(bytes, now);
    this.#meters.get(file)?.add(bytes, now);
    this.#place(file, file.received + bytes, file.fetched + bytes);
  }

  #place(file: FileState, at: number, fetched = file.fetched): void {
    const received = within(at, file.size);
    const peakReceived = Math.max(file.peakReceived, received);
    this.#files.update(file, { received, peakReceived, fetched });
  }

  #beginMeter(file: FileState, now: number): void {
    const meter = new RateMeter();
    meter.add(0, now);
    this.#meters.set(file, meter);
  }

  #end(file: FileState, change: Partial<FileState>): void {
    this.#meters.delete(file);
    this.#files.update(file, change);
  }

  #remove(file: FileState): void {
    this.#meters.delete(file);
    this.#files.remove(file);
  }

  #wake(now: number): void {
    this.#idle = false;
    this.#activeSince ??= now;
  }

  #rest(now: number): void {
    this.#idle = true;
    this.#activeBefore = this.activeTime(now);
    this.#activeSince = null;
  }
}

/** How much of a whole is there, in percent; 100 only if all of it is. */
export function percentOf(received: number, size: number): number {
  if (size <= 0) return 0;
  return Math.floor(100 * within(received, size) / size);
}

function timeFor(bytes: number, bytesPerSecond: number): number | null {
  if (bytes <= 0) return 0;
  return bytesPerSecond > 0 ? bytes * 1000 / bytesPerSecond : null;
}

function within(amount: number, most: number): number {
  return Number.isFinite(amount) ? Math.min(Math.max(0, amount), most) : 0;
}
