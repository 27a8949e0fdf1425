/**
 * Lines and disks with delays, for a `VirtualRun`: a simulation in virtual time.
 *
 * A line carries chunks in the order of the requests, with a rate and a round-trip time. Digests
 * travel separately.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { DiskAction } from "../../lib/client/engine/actions.ts";
import type { DigestRequest, ServerRequest } from "../../lib/client/engine/request_planner.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import type { Priority } from "../../lib/client/priority.ts";
import { LIMITS, rightDigest, VirtualRun, type VirtualRunOptions } from "./virtual_run.ts";

/** Nothing takes longer than this, in milliseconds of virtual time. */
const LONGEST_RUN_MS = 3_600_000;

/** A connection with a rate. */
export interface LineOptions extends Partial<typeof LIMITS> {
  /** Bytes a second. */
  readonly rate: number;
  /** Milliseconds. @default 20 */
  readonly roundTrip?: number;
}

interface Line {
  readonly rate: number;
  readonly roundTrip: number;
  /** The time at which all requested chunks are sent. */
  freeAt: number;
}

/** A received chunk. */
export interface Arrival {
  readonly at: number;
  readonly path: string;
  readonly priority: Priority;
  readonly bytes: number;
}

/** A run whose responses and results arrive by themselves. Times are in milliseconds. */
export class TimedRun {
  readonly run: VirtualRun;
  readonly arrivals: Arrival[] = [];
  /** The kind of response to a request: right bytes, wrong bytes, or a refusal. */
  answerTo: (request: ServerRequest) => "right" | "wrong" | ErrorCode = () => "right";
  /** The server's digests. */
  digestOf: (request: DigestRequest) => string = rightDigest;
  /** The duration of an action on the disk. */
  diskTakes: (action: DiskAction) => number = () => 0;
  readonly #lines = new Map<number, Line>();
  readonly #diskFreeAt = new Map<string, number>();
  /** A binary heap, the earliest first. */
  readonly #events: Moment[] = [];
  #order = 0;

  constructor(options?: VirtualRunOptions) {
    this.run = new VirtualRun(options);
    this.run.performsAtOnce = (action) => this.diskTakes(action) === 0;
    this.run.onRequest = (request) => this.#answer(request);
    this.run.onDelayed = (action) => this.#performLater(action);
  }

  connect({ rate, roundTrip = 20, ...limits }: LineOptions): number {
    const { run } = this;
    // The engine sends requests at once.
    const id = run.nextConnection;
    this.#lines.set(id, { rate, roundTrip, freeAt: run.now });
    return run.connect(limits);
  }

  disconnect(id: number): void {
    this.#lines.delete(id);
    this.run.disconnect(id);
  }

  /** Schedules a call. */
  at(time: number, happen: () => void): void {
    push(this.#events, { time, order: this.#order++, happen });
  }

  /** Advances the time up to a moment, or until `isEnough`. */
  passUntil(end: number, isEnough: () => boolean = () => false): void {
    const { run } = this;
    while (!isEnough()) {
      const next = Math.min(this.#events[0]?.time ?? Infinity, run.engine.wakeAt);
      if (next > end) {
        run.now = end;
        return;
      }
      run.now = Math.max(run.now, next);
      run.batch(() => {
        while (this.#events[0] && this.#events[0].time <= run.now) pop(this.#events).happen();
      });
    }
  }

  /** Advances the time until every file is done or failed. */
  finish(): void {
    const { engine } = this.run;
    this.passUntil(LONGEST_RUN_MS, () => engine.isSettled);
    assert.ok(engine.isSettled, `Files are unfinished: ${JSON.stringify(engine.unfinished)}`);
  }

  #answer(request: ServerRequest): void {
    const line = this.#lines.get(request.connection)!;
    const { run } = this;
    const arrives = run.now + line.roundTrip / 2;
    const answer = this.answerTo(request);
    let sent = arrives;
    if (request.type === "get") {
      const takes = answer === "right" || answer === "wrong"
        ? request.length / line.rate * 1000
        : 0;
      sent = Math.max(arrives, line.freeAt) + takes;
      line.freeAt = sent;
    }
    this.at(sent + line.roundTrip / 2, () => {
      // The connection may have ended meanwhile.
      if (!run.connections.get(request.connection)?.open.has(request)) return;
      if (answer !== "right" && answer !== "wrong") return run.refuse(request, answer);
      if (request.type === "digest") return run.giveDigest(request, this.digestOf(request));
      const { path, length: bytes, record: { planned: { priority } } } = request;
      this.arrivals.push({ at: run.now, path, priority, bytes });
      run.giveChunk(request, answer === "wrong");
    });
  }

  #performLater(action: DiskAction): void {
    const { path } = action.record.file;
    const free = Math.max(this.run.now, this.#diskFreeAt.get(path) ?? 0) + this.diskTakes(action);
    this.#diskFreeAt.set(path, free);
    this.at(free, () => this.run.stepDisk(path));
  }
}

interface Moment {
  readonly time: number;
  readonly order: number;
  readonly happen: () => void;
}

function isBefore(a: Moment, b: Moment): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

function push(heap: Moment[], moment: Moment): void {
  let index = heap.push(moment) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (isBefore(heap[parent]!, moment)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = moment;
}

function pop(heap: Moment[]): Moment {
  const first = heap[0]!;
  const moment = heap.pop()!;
  if (heap.length === 0) return first;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (child >= heap.length || isBefore(moment, heap[child]!)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = moment;
  return first;
}
