/**
 * The engine: what to do next, for all files of a client. Pure: no I/O, no clock, no timers.
 *
 * Inputs are the plan, connections that come and end, answers of servers, results of the disk, and
 * the time. Outputs are actions, events, and the time at which to be woken. The driver takes all
 * inputs that came together, then the actions that follow, and performs them together.
 *
 * - `engine.ts`: which files there are; `lifecycle.ts`, `ending.ts`: the life of one, and its end
 *   (`file_record.ts`, `outbox.ts`).
 * - `decide.ts`: what a file needs; `judge.ts`: whether it is right; `request_planner.ts`: which
 *   request next.
 * - `pending_files.ts`, `timers.ts`, `run_stats.ts`: what waits, what is retried, what was done.
 *
 * Imported by the driver and by `explain`.
 *
 * @module
 */
import type { WireError } from "../../errors.ts";
import type { ClientEvent, FileProgress, Shares, UnfinishedFile } from "../events.ts";
import { isSameContent, type Plan, type PlannedFile } from "../input/plan.ts";
import { perPriority, PRIORITIES } from "../priority.ts";
import type { Actions, DiskResult } from "./actions.ts";
import { type FileRecord, newRecord } from "./file_record.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Outbox, Retry } from "./outbox.ts";
import { PendingFiles } from "./pending_files.ts";
import {
  type ConnectionLimits,
  type GetRequest,
  RequestPlanner,
  type ServerRequest,
} from "./request_planner.ts";
import { RunStats } from "./run_stats.ts";
import { Timers } from "./timers.ts";

/** How many files of one priority are active at once; the others of it have not begun. */
const MAX_ACTIVE_FILES = 512;
/** How often the shares of the last span are emitted, in milliseconds. */
const SHARES_MS = 5_000;

/** How many files are in which state. */
export interface FileCounts {
  /** Files that need something more. */
  readonly underway: number;
  readonly failed: number;
  readonly unverified: number;
}

/** How a file ended that needs nothing more. */
interface Settled {
  readonly planned: PlannedFile;
  readonly phase: FileRecord["phase"];
}

/** Decides for all files of one client. Times are in milliseconds of any steady clock. */
export class Engine {
  readonly stats = new RunStats();
  readonly #planner: RequestPlanner;
  readonly #lifecycle: Lifecycle;
  readonly #timers = new Timers<Retry>();
  readonly #out: Outbox = { disk: [], events: [], settled: [], moved: new Set() };
  /** Each wanted file is in one of these, by path: not begun, active, or ended. */
  readonly #pending = new PendingFiles();
  readonly #active = new Map<string, FileRecord>();
  readonly #settled = new Map<string, Settled>();
  /** How many files are active. */
  readonly #begun = perPriority(() => 0);
  #sharesAt: number | null = null;
  #stopped = false;

  /** @param verify Whether files are compared with the server's digest. */
  constructor(verify: boolean) {
    this.#planner = new RequestPlanner(verify);
    this.#lifecycle = new Lifecycle(verify, this.#planner, this.#timers, this.stats, this.#out);
  }

  /** Makes the files what a plan wants: adds, moves to another priority, replaces, drops. */
  setPlan(plan: Plan, reasonToDrop: (path: string) => string, now: number): void {
    this.#settle();
    for (const known of [this.#pending.paths(), this.#active.keys(), this.#settled.keys()]) {
      for (const path of [...known]) {
        if (!plan.files.has(path)) this.#drop(path, reasonToDrop(path));
      }
    }
    for (const planned of plan.files.values()) {
      const present = this.#plannedOf(planned.file.path);
      // One that the server said is outdated, and lists again, begins again by itself.
      if (present && isSameContent(present, planned)) this.#replan(present, planned);
      else this.#queue(planned, now);
    }
  }

  /** A connection is there. */
  connected(id: number, limits: ConnectionLimits): void {
    this.#planner.connected(id, limits);
  }

  /** A server takes no more requests over a connection; it still answers the open ones. */
  closing(id: number): void {
    this.#planner.closing(id);
  }

  /** A connection has ended: its open requests are asked for again. */
  disconnected(id: number, now: number): void {
    for (const request of this.#planner.disconnected(id, now)) this.#lifecycle.onLost(request);
  }

  /** A chunk came: `bytes` are valid until the actions that follow are performed. */
  onChunk(request: GetRequest, bytes: Uint8Array, checksum: number, now: number): void {
    this.#planner.onChunk(request, now);
    this.#lifecycle.onChunk(request, bytes, checksum);
  }

  /** A digest came; of a GET its chunk follows. */
  onDigest(request: ServerRequest, digest: string, now: number): void {
    if (request.type === "digest") this.#planner.onAnswered(request);
    this.#lifecycle.onDigest(request, digest, now);
  }

  /** The server refused a request. */
  onRefused(request: ServerRequest, error: WireError, now: number): void {
    this.#planner.onAnswered(request);
    this.#lifecycle.onRefused(request, error, now);
  }

  /** An action on the disk has its result. */
  onDisk(result: DiskResult, now: number): void {
    if (result.type === "released" && result.record.phase === "stopped") {
      result.record.received = result.resumable;
      this.#out.moved.add(result.record);
    }
    this.#lifecycle.onDisk(result, now);
  }

  /** Ends the run: what is here is kept, nothing more is asked for. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
    this.#settle();
    for (const record of this.#active.values()) this.#lifecycle.ending.cutOff(record, "stopped");
  }

  /** Takes what is to be done now. To be called after inputs until there is nothing. */
  takeActions(now: number): Actions {
    for (const retry of this.#timers.take(now)) {
      if (retry.type === "file") this.#beginAgain(retry.record);
      else this.#lifecycle.onRetry(retry);
    }
    this.#settle();
    let requests: ServerRequest[] = [];
    if (!this.#stopped) {
      this.#beginNext();
      const planned = this.#planner.take(now);
      requests = planned.requests;
      for (const { file: { path }, received } of planned.started) {
        this.#out.events.push({ type: "started", path, resumedBytes: received });
      }
    }
    const { disk } = this.#out;
    this.#out.disk = [];
    return { disk, requests };
  }

  /** Takes the events since the last call, in order. */
  takeEvents(): ClientEvent[] {
    const { events } = this.#out;
    this.#out.events = [];
    return events;
  }

  /** When to call `takeActions` at the latest; Infinity if only inputs bring something new. */
  get wakeAt(): number {
    return this.#timers.next;
  }

  /** Takes the positions of the files of which more is here than at the last call. */
  takeProgress(): FileProgress[] {
    const { moved } = this.#out;
    const files = Array.from(moved, ({ file: { path }, received }) => ({ path, received }));
    moved.clear();
    return files;
  }

  /** The shares since the last call, every few seconds; null if none are due. */
  takeShares(now: number): Shares | null {
    this.#sharesAt ??= now;
    if (now - this.#sharesAt < SHARES_MS && !this.#stopped) return null;
    this.#sharesAt = now;
    return this.#planner.shares.takeSpan(now);
  }

  /** The shares of the whole run; null if no priorities competed. */
  shares(now: number): Shares | null {
    return this.#planner.shares.whole(now);
  }

  /** How many files are in which state. */
  get counts(): FileCounts {
    const counts = { underway: this.#pending.size + this.#active.size, failed: 0, unverified: 0 };
    for (const { phase } of this.#settled.values()) {
      if (phase === "failed" || phase === "unverified") counts[phase]++;
    }
    return counts;
  }

  /** Whether every file is done or failed. */
  get isSettled(): boolean {
    this.#settle();
    return this.#pending.size === 0 && this.#active.size === 0;
  }

  /** The files that are neither done nor failed, with what is known to be here of them. */
  get unfinished(): UnfinishedFile[] {
    const waiting = Array.from(this.#pending.all(), (planned) => ({ planned, received: 0 }));
    return [...this.#active.values(), ...waiting].map(({ planned, received }) => {
      const { file: { path, size }, priority } = planned;
      return { path, priority, size, resumableBytes: received };
    });
  }

  #plannedOf(path: string): PlannedFile | undefined {
    return this.#pending.get(path) ?? this.#active.get(path)?.planned ??
      this.#settled.get(path)?.planned;
  }

  /** Lets a file wait for its turn, in place of what there is of that name. */
  #queue(planned: PlannedFile, now: number): void {
    const { path, size } = planned.file;
    this.#remove(path);
    this.#pending.put(planned);
    this.stats.onQueued(path, now);
    this.#out.events.push({ type: "queued", path, priority: planned.priority, size });
  }

  /** Begins what there is room for. */
  #beginNext(): void {
    for (const priority of PRIORITIES) {
      while (this.#begun[priority] < MAX_ACTIVE_FILES) {
        const planned = this.#pending.take(priority);
        if (!planned) break;
        const record = newRecord(planned);
        this.#active.set(planned.file.path, record);
        this.#begun[priority]++;
        this.#lifecycle.begin(record);
      }
    }
  }

  /** Begins a file again that the server said was outdated. */
  #beginAgain(record: FileRecord): void {
    const { file: { path }, planned, beginnings } = record;
    if (this.#active.get(path) !== record) return;
    const again = newRecord(planned, beginnings + 1);
    this.#active.set(path, again);
    this.#lifecycle.begin(again);
  }

  #replan(present: PlannedFile, planned: PlannedFile): void {
    const { file: { path }, priority } = planned;
    const record = this.#active.get(path);
    const settled = this.#settled.get(path);
    if (record) record.planned = planned;
    else if (settled) this.#settled.set(path, { ...settled, planned });
    else this.#pending.put(planned);
    if (present.priority === priority) return;
    if (record) {
      this.#begun[present.priority]--;
      this.#begun[priority]++;
      this.#planner.update(record);
    }
    this.#out.events.push({ type: "reprioritized", path, priority });
  }

  #drop(path: string, reason: string): void {
    this.#remove(path);
    this.stats.onDropped(path);
    this.#out.events.push({ type: "dropped", path, reason });
  }

  #remove(path: string): void {
    this.#pending.remove(path);
    this.#settled.delete(path);
    const record = this.#active.get(path);
    if (!record) return;
    this.#active.delete(path);
    this.#begun[record.planned.priority]--;
    this.#out.moved.delete(record);
    this.#lifecycle.ending.cutOff(record, "dropped");
  }

  /** Moves the files that have ended out of the active ones. */
  #settle(): void {
    for (const { planned, phase, file: { path } } of this.#out.settled.splice(0)) {
      this.#active.delete(path);
      this.#begun[planned.priority]--;
      this.#settled.set(path, { planned, phase });
    }
  }
}
