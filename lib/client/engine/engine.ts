/**
 * The engine: all decisions about the files of a client. Pure: no I/O, no clock, no timers.
 *
 * Inputs are the plan, connections that begin and end, responses, results of the disk, and the
 * time. Outputs are actions, events, and the time of the next turn. The driver passes on all inputs
 * that arrived together, then takes the actions that follow, and performs them together.
 *
 * - `engine.ts` (this): the set of files; `lifecycle.ts` and `ending.ts`: the life of one file, and
 *   its end, with `file_record.ts` (its state), `actions.ts` and `outbox.ts` (the outputs).
 * - `trials.ts`: what is kept of another version; `retries.ts`: requests that were refused;
 *   `decide.ts`: how to get a file; `judge.ts`: whether it is right; `request_planner.ts`: which
 *   request next.
 * - `engine_options.ts`, `existing_files.ts`: the user's wishes, and which files may be replaced.
 * - `pending_files.ts`, `settled_files.ts`, `restart_pace.ts`, `timers.ts`, `run_stats.ts`: files
 *   that wait, files that have ended, pauses, retries, and counts.
 *
 * The client, the driver and `explain` import it; it imports the rooms `schedule` and `input`,
 * types, byte ranges and `final_file.ts` of `disk`, and `file_failure.ts`.
 *
 * @module
 */
import type { WireError } from "../../errors.ts";
import type { ClientEvent, FileProgress, Shares, UnfinishedFile } from "../events.ts";
import { isSameContent, type Plan, type PlannedFile } from "../input/plan.ts";
import { UnstableFileError } from "../file_failure.ts";
import { perPriority, PRIORITIES } from "../priority.ts";
import type { Actions, DiskResult } from "./actions.ts";
import { type FileRecord, newRecord } from "./file_record.ts";
import type { EngineOptions } from "./engine_options.ts";
import { Lifecycle } from "./lifecycle.ts";
import { RestartPace } from "./restart_pace.ts";
import type { Outbox, Retry } from "./outbox.ts";
import { PendingFiles } from "./pending_files.ts";
import {
  type ConnectionLimits,
  type GetRequest,
  RequestPlanner,
  type ServerRequest,
} from "./request_planner.ts";
import { RunStats } from "./run_stats.ts";
import { SettledFiles } from "./settled_files.ts";
import { MAX_ACTIVE_FILES } from "../schedule/scheduler.ts";
import { Timers } from "./timers.ts";

/** How often the shares of the last span are emitted, in milliseconds. */
const SHARES_MS = 5_000;

/** Numbers of files by state. */
export interface FileCounts {
  /** Files that need something more. */
  readonly underway: number;
  readonly failed: number;
  readonly unverified: number;
}

/** Decides for all files of one client. Times are in milliseconds of any steady clock. */
export class Engine {
  readonly stats = new RunStats();
  readonly #planner: RequestPlanner;
  readonly #lifecycle: Lifecycle;
  readonly #timers = new Timers<Retry>();
  readonly #pace: RestartPace;
  readonly #out: Outbox = { disk: [], events: [], settled: [], moved: new Set() };
  /** Each planned file is in one of these, by path: not begun, active, or ended. */
  readonly #pending = new PendingFiles();
  readonly #active = new Map<string, FileRecord>();
  readonly #settled = new SettledFiles();
  /** The number of active files. */
  readonly #begun = perPriority(() => 0);
  #sharesAt: number | null = null;
  #stopped = false;

  constructor(options: EngineOptions) {
    this.#pace = new RestartPace(options.once);
    this.#planner = new RequestPlanner(options.verify);
    this.#lifecycle = new Lifecycle(options, this.#planner, this.#timers, this.stats, this.#out);
  }

  /** Applies a plan: adds, re-weights, replaces and drops files. */
  setPlan(plan: Plan, reasonToDrop: (path: string) => string, now: number): void {
    this.#settle();
    for (const known of [this.#pending.paths(), this.#active.keys(), this.#settled.paths()]) {
      for (const path of [...known]) {
        if (!plan.files.has(path)) this.#drop(path, reasonToDrop(path));
      }
    }
    for (const planned of plan.files.values()) {
      const present = this.#plannedOf(planned.file.path);
      // A file that the server called outdated, but still lists, begins again by its timer.
      if (present && isSameContent(present, planned)) this.#replan(present, planned);
      else if (present && present.file.version !== planned.file.version) {
        this.#takeChange(planned, now);
      } else this.#queue(planned, 0, now);
    }
  }

  /** Takes a new connection. */
  connected(id: number, limits: ConnectionLimits): void {
    this.#planner.connected(id, limits);
  }

  /** Sends no further requests over a connection; the server still answers the open ones. */
  closing(id: number): void {
    this.#planner.closing(id);
  }

  /** Takes the end of a connection: its open requests are sent again over another one. */
  disconnected(id: number, now: number): void {
    for (const request of this.#planner.disconnected(id, now)) this.#lifecycle.onLost(request);
  }

  /** Takes a chunk; `bytes` stay valid until the actions that follow are performed. */
  onChunk(request: GetRequest, bytes: Uint8Array, checksum: number, now: number): void {
    this.#planner.onChunk(request, now);
    this.#lifecycle.onChunk(request, bytes, checksum);
  }

  /** Takes a digest; after the digest of a GET, its chunk follows. */
  onDigest(request: ServerRequest, digest: string, now: number): void {
    if (request.type === "digest") this.#planner.onAnswered(request);
    this.#lifecycle.onDigest(request, digest, now);
  }

  /** Takes the server's refusal of a request. */
  onRefused(request: ServerRequest, error: WireError, now: number): void {
    this.#planner.onAnswered(request);
    this.#lifecycle.onRefused(request, error, now);
  }

  /** Takes the result of an action on the disk. */
  onDisk(result: DiskResult, now: number): void {
    if (result.type === "released" && result.record.phase === "stopped") {
      result.record.received = result.resumable;
      this.#out.moved.add(result.record);
    }
    this.#lifecycle.onDisk(result, now);
  }

  /** Ends the run: releases all files, and sends no further requests. */
  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
    this.#settle();
    for (const record of this.#active.values()) this.#lifecycle.ending.cutOff(record, "stopped");
  }

  /** Takes the actions that are due. Call it after inputs until there are none. */
  takeActions(now: number): Actions {
    for (const retry of this.#timers.take(now)) {
      if (retry.type === "rest") this.#pending.wake(retry.path);
      else if (retry.type === "file") this.#beginAgain(retry.record);
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

  /** The latest time for the next `takeActions`; Infinity if only an input can cause actions. */
  get wakeAt(): number {
    return this.#timers.next;
  }

  /** Takes the positions of the files that have changed since the last call. */
  takeProgress(): FileProgress[] {
    const { moved } = this.#out;
    const files = Array.from(moved, ({ file: { path }, received }) => ({ path, received }));
    moved.clear();
    return files;
  }

  /** Takes the shares since they were last taken; null if they are not due. */
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

  /** Numbers of files by state. */
  get counts(): FileCounts {
    return { underway: this.#pending.size + this.#active.size, ...this.#settled.counts };
  }

  /** Whether every file is done or failed. */
  get isSettled(): boolean {
    this.#settle();
    return this.#pending.size === 0 && this.#active.size === 0;
  }

  /** The files that are neither done nor failed, with the bytes known to be on disk. */
  get unfinished(): UnfinishedFile[] {
    const waiting = Array.from(this.#pending.all(), (planned) => ({ planned, received: 0 }));
    return [...this.#active.values(), ...waiting].map(({ planned, received }) => {
      const { file: { path, size }, priority } = planned;
      return { path, priority, size, resumableBytes: received };
    });
  }

  #plannedOf(path: string): PlannedFile | undefined {
    return this.#pending.get(path) ?? this.#active.get(path)?.planned ??
      this.#settled.get(path);
  }

  /** Takes another version of a file. */
  #takeChange(planned: PlannedFile, now: number): void {
    const { path } = planned.file;
    // Versions that never began do not count.
    if (this.#pending.get(path)) return this.#queue(planned, 0, now);
    const pause = this.#pace.onChanged(path, this.#active.has(path), now);
    if (pause === null) this.#giveUp(planned);
    else this.#queue(planned, pause, now);
  }

  /** Ends a file that keeps changing, or lets it rest in its end. */
  #giveUp(planned: PlannedFile): void {
    const { path } = planned.file;
    const isNew = !this.#settled.get(path);
    this.#remove(path);
    this.#settled.put(planned, "failed");
    if (isNew) this.#lifecycle.ending.report(path, new UnstableFileError());
  }

  /** Queues a file, in place of the one with its path, after a pause in milliseconds. */
  #queue(planned: PlannedFile, pause: number, now: number): void {
    const { path, size } = planned.file;
    if (pause > 0) this.#timers.add(now + pause, { type: "rest", path });
    const rests = pause > 0 || this.#pending.isResting(path);
    this.#remove(path);
    if (rests) this.#pending.rest(planned);
    else this.#pending.put(planned);
    this.stats.onQueued(path, now);
    const { priority, line } = planned;
    this.#out.events.push({ type: "queued", path, priority, line, size });
  }

  /** Begins as many files as may be active. */
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

  /** Begins a file again that the server called outdated. */
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
    if (record) record.planned = planned;
    else if (this.#settled.get(path)) this.#settled.replan(planned);
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
    this.#pace.forget(path);
    this.stats.onDropped(path);
    this.#out.events.push({ type: "dropped", path, reason });
  }

  #remove(path: string): void {
    this.#pending.remove(path);
    this.#settled.remove(path);
    const record = this.#active.get(path);
    if (!record) return;
    this.#active.delete(path);
    this.#begun[record.planned.priority]--;
    this.#out.moved.delete(record);
    this.#lifecycle.ending.cutOff(record, "dropped");
  }

  /** Moves files that have ended from the active to the settled ones. */
  #settle(): void {
    for (const { record: { planned, phase, file: { path } }, at } of this.#out.settled.splice(0)) {
      this.#pace.onEnded(path, at);
      this.#active.delete(path);
      this.#begun[planned.priority]--;
      this.#settled.put(planned, phase);
    }
  }
}
