/**
 * Invariants of every run of the engine, checked while it runs.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Range, Ranges } from "../../lib/client/disk/byte_ranges.ts";
import type { DiskAction, DiskResult } from "../../lib/client/engine/actions.ts";
import {
  type FileRecord,
  hasMore,
  isFinal,
  NEXT_PHASES,
  type Phase,
} from "../../lib/client/engine/file_record.ts";
import type { ConnectionLimits, ServerRequest } from "../../lib/client/engine/request_planner.ts";
import type { ClientEvent } from "../../lib/client/events.ts";
import type { PlannedFile } from "../../lib/client/input/plan.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import { perPriority, PRIORITIES } from "../../lib/client/priority.ts";

/** A connection as a server sees it. */
export interface VirtualConnection {
  readonly id: number;
  readonly limits: ConnectionLimits;
  /** Open requests, in the order in which they were sent. */
  readonly open: Set<ServerRequest>;
  isClosing: boolean;
}

/** With fewer bytes than this in flight, and a free place, every connection has room. */
const ALWAYS_ROOM = 128 * 1024;
/** The shortest and the longest pause before a retry, in milliseconds. */
const SHORTEST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4_000;
/** The longest pause before a file begins again. */
const LONGEST_REST_MS = 60_000;
/** The maximum number of active files of one priority. */
const MAX_ACTIVE_FILES = 512;

/** Checks one engine. */
export class EngineChecks {
  /** The transitions that occurred, as "phase → phase". */
  readonly transitions: Set<string>;
  /** Files that have begun and not ended, by path. */
  readonly live = new Map<string, FileRecord>();
  /** The most of them at any time. */
  mostLive = 0;
  /** The state of every planned file according to its events. */
  readonly states = new Map<string, "underway" | "done" | "failed">();
  /** Files that may rest before they begin again. */
  readonly #resting = new Set<string>();
  readonly #records = new WeakSet<FileRecord>();
  /** Bytes that were requested and not given back, by file. */
  readonly #held = new WeakMap<FileRecord, Ranges>();
  readonly #pauses = new WeakMap<FileRecord, readonly (Range & { readonly until: number })[]>();
  /** Files whose digest is requested. */
  readonly #asked = new Set<FileRecord>();
  /** Files whose digest failed: how often, and until when they wait. */
  readonly #refused = new Map<FileRecord, { times: number; until: number }>();

  /** @param transitions Takes the transitions that occur. */
  constructor(transitions: Set<string> = new Set()) {
    this.transitions = transitions;
  }

  onAction({ type, record }: DiskAction, isStopped: boolean): void {
    const { path } = record.file;
    if (isStopped) assert.equal(type, "release", `${path}: ${type} after the stop`);
    if (this.#records.has(record)) return;
    assert.equal(type, "inspect", `${path} begins with ${type}`);
    this.#records.add(record);
    this.#held.set(record, new Ranges());
    this.#observe(record);
    this.live.set(path, record);
    this.#resting.delete(path);
    this.mostLive = Math.max(this.mostLive, this.live.size);
  }

  onRequest(
    request: ServerRequest,
    { limits, open, isClosing }: VirtualConnection,
    now: number,
  ): void {
    const { record, path } = request;
    assert.ok(!isClosing, `${path} is asked for over a connection that is closing`);
    assert.ok(open.size <= limits.maxRequests, "More requests are open than the server allows");
    assert.ok(!isFinal(record.phase), `${path} is asked for and ${record.phase}`);
    assert.deepEqual([path, request.version], [record.file.path, record.file.version]);
    if (request.type === "digest") {
      const { part, fresh } = request;
      const isTrial = part !== null;
      assert.equal(isTrial, record.phase === "trying");
      if (isTrial) assert.deepEqual(part, { offset: 0, length: record.trial!.length });
      assert.ok(limits.rangeDigest || !(isTrial || fresh), "The server lacks the feature");
      const isNew = (isTrial || record.serverDigest === null) && !this.#asked.has(record);
      assert.ok(isNew, `The digest of ${path} is asked for again`);
      this.#asked.add(record);
      return;
    }
    const { offset, length, digest } = request;
    assert.equal(record.phase, "fetching");
    const range = { start: request.offset, end: request.offset + request.length };
    for (const pause of this.#pausesOf(record)) {
      const isPaused = pause.start < range.end && range.start < pause.end && now < pause.until;
      assert.ok(!isPaused, `${path} is asked for bytes during their pause`);
    }
    assert.ok(length > 0 && length <= limits.maxChunk && offset + length <= record.file.size);
    if (digest) assert.ok(limits.inlineDigest && length === record.file.size);
    const held = this.#held.get(record)!;
    const before = held.size;
    held.add({ start: offset, end: offset + length });
    assert.equal(held.size, before + length, `Bytes of ${path} are asked for twice`);
  }

  /** Takes a request that was answered, refused, or lost with its connection. */
  onClosed(request: ServerRequest, outcome: "answered" | ErrorCode | "lost", now: number): void {
    const { record } = request;
    if (request.type === "digest") {
      this.#asked.delete(record);
      if (outcome !== "read-failed" && outcome !== "busy") return;
      const times = (this.#refused.get(record)?.times ?? 0) + 1;
      const pause = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** (times - 1));
      this.#refused.set(record, { times, until: now + pause });
    } else if (outcome !== "answered") {
      // The bytes were not received: they may be requested again.
      const { offset, length } = request;
      const range = { start: offset, end: offset + length };
      this.#held.get(record)!.remove(range);
      if (outcome === "read-failed") {
        const until = now + SHORTEST_PAUSE_MS;
        this.#pauses.set(record, [...this.#pausesOf(record), { ...range, until }]);
      }
    }
  }

  /** Takes the bytes on disk: the rest may be requested again. */
  onResult(result: DiskResult): void {
    if (result.type !== "opened" && result.type !== "discarded") return;
    const { record } = result;
    const held = new Ranges({ start: 0, end: record.file.size });
    const lacking = result.type === "opened" ? result.lacking : [...held];
    for (const range of lacking) held.remove(range);
    this.#held.set(record, held);
  }

  onEvent(event: ClientEvent): void {
    if (!("path" in event)) return;
    const { type, path } = event;
    const state = this.states.get(path);
    switch (type) {
      case "queued":
        if (state !== undefined && !this.live.has(path)) this.#resting.add(path);
        this.states.set(path, "underway");
        return;
      case "dropped":
        this.#resting.delete(path);
        assert.notEqual(state, undefined, `${path} is dropped and was not wanted`);
        this.states.delete(path);
        return;
      case "finished":
      case "failed":
        this.#resting.delete(path);
        assert.equal(state, "underway", `${path} is ${type} and was ${state}`);
        this.states.set(path, type === "failed" ? "failed" : "done");
        return;
      case "reprioritized":
        assert.notEqual(state, undefined, `${path} is ${type} and was not wanted`);
        return;
      default:
        assert.equal(state, "underway", `${path} is ${type} and was ${state}`);
    }
  }

  /** Checks that no action or file is left over. */
  afterTurn(
    wanted: ReadonlyMap<string, PlannedFile>,
    connections: Iterable<VirtualConnection>,
    wakeAt: number,
    now: number,
  ): void {
    this.#checkTimers(wakeAt, now);
    for (const connection of connections) {
      if (!connection.isClosing) this.#checkConnection(connection, now);
    }
    this.#checkBeginnings(wanted);
  }

  /** Records each transition from now on, which must be in the table. */
  #observe(record: FileRecord): void {
    let { phase } = record;
    const move = (next: Phase) => {
      const isEnd = next === "dropped" || next === "stopped";
      const isAllowed = isEnd
        ? !isFinal(phase) || phase === "outdated"
        : NEXT_PHASES[phase].includes(next);
      assert.ok(isAllowed, `${record.file.path} goes from ${phase} to ${next}`);
      if (!isEnd) this.transitions.add(`${phase} → ${next}`);
      phase = next;
      const { path } = record.file;
      const hasEnded = isFinal(next) && next !== "outdated";
      if (hasEnded && this.live.get(path) === record) this.live.delete(path);
    };
    Object.defineProperty(record, "phase", { get: () => phase, set: move, enumerable: true });
  }

  /** Checks that each file that waits for a retry has a timer. */
  #checkTimers(wakeAt: number, now: number): void {
    assert.ok(wakeAt > now, `The time to wake is over: ${wakeAt}, and it is ${now}`);
    if (this.#resting.size > 0) assert.ok(wakeAt <= now + LONGEST_REST_MS, "A file rests for ever");
    for (const record of this.live.values()) {
      const until = this.#pauseOf(record, now);
      const { path } = record.file;
      assert.ok(wakeAt <= until, `${path} waits until ${until}, the engine until ${wakeAt}`);
    }
  }

  /** The latest time of a retry; Infinity if there is none. */
  #pauseOf(record: FileRecord, now: number): number {
    const isPaused = record.phase === "fetching" && record.pauses > 0;
    if (isPaused || record.phase === "outdated") return now + LONGEST_PAUSE_MS;
    return this.#waitsForDigest(record, now) ? this.#refused.get(record)!.until : Infinity;
  }

  /** The ranges that failed a moment ago, and the earliest times at which they may be requested. */
  #pausesOf(record: FileRecord): readonly (Range & { readonly until: number })[] {
    return this.#pauses.get(record) ?? [];
  }

  #waitsForDigest(record: FileRecord, now: number): boolean {
    const isAsked = record.digestState === "asked" || record.phase === "trying";
    return isAsked && (this.#refused.get(record)?.until ?? 0) > now;
  }

  /** Checks that every connection with room is used. */
  #checkConnection({ limits, open }: VirtualConnection, now: number): void {
    if (open.size >= limits.maxRequests) return;
    const requests = [...open];
    const digests = requests.filter(({ type }) => type === "digest").length;
    const inFlight = requests.reduce((sum, get) => sum + (get.type === "get" ? get.length : 0), 0);
    const hasRoom = inFlight < Math.min(ALWAYS_ROOM, 8 * limits.maxChunk);
    const hasDigestRoom = digests < Math.ceil(limits.maxRequests / 4);
    for (const record of this.live.values()) {
      const { phase, digestState, serverDigest, file: { path } } = record;
      const isIdle = hasRoom && phase === "fetching" && hasMore(record);
      assert.ok(!isIdle, `${path} has more, and a connection has room`);
      const isNeeded = phase === "trying"
        ? typeof record.trial?.digest === "string"
        : digestState === "asked" && serverDigest === null && phase !== "outdated";
      const wantsDigest = isNeeded && !this.#asked.has(record) &&
        !this.#waitsForDigest(record, now);
      assert.ok(!(hasDigestRoom && wantsDigest), `${path} waits for its digest, not asked for`);
    }
  }

  /** Checks that files wait only while the maximum number is active. */
  #checkBeginnings(wanted: ReadonlyMap<string, PlannedFile>): void {
    const live = perPriority(() => 0);
    const underway = perPriority(() => 0);
    for (const { planned: { priority } } of this.live.values()) live[priority]++;
    for (const [path, { priority }] of wanted) {
      const isDue = this.states.get(path) === "underway" && !this.#resting.has(path);
      if (isDue) underway[priority]++;
    }
    for (const priority of PRIORITIES) {
      const expected = Math.min(underway[priority], MAX_ACTIVE_FILES);
      assert.ok(live[priority] >= expected, `Of ${priority}, ${underway[priority]} files wait`);
    }
  }
}
