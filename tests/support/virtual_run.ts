/**
 * The engine with a virtual server and a virtual disk: a test decides which inputs arrive, and
 * when. A turn follows each input, as in the driver, and `EngineChecks` checks each turn.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { DiskAction, DiskResult } from "../../lib/client/engine/actions.ts";
import { Engine } from "../../lib/client/engine/engine.ts";
import type {
  ConnectionLimits,
  DigestRequest,
  GetRequest,
  ServerRequest,
} from "../../lib/client/engine/request_planner.ts";
import type { ClientEvent } from "../../lib/client/events.ts";
import type { PlannedFile } from "../../lib/client/input/plan.ts";
import type { Priority } from "../../lib/client/priority.ts";
import { type ErrorCode, WireError } from "../../lib/errors.ts";
import { EngineChecks, type VirtualConnection } from "./engine_checks.ts";
import { digestOf, prefixDigestOf, timeOf, VirtualDisk, WRONG } from "./virtual_disk.ts";

/** Limits of a server by default. */
export const LIMITS: ConnectionLimits = {
  maxChunk: 1024 * 1024,
  maxRequests: 256,
  inlineDigest: false,
  rangeDigest: false,
};

/** More turns without an end than this are an endless loop. */
const MAX_ROUNDS = 10_000;

const RIGHT_BYTES = new Uint8Array(4 * 1024 * 1024);
const WRONG_BYTES = new Uint8Array(RIGHT_BYTES.length).fill(WRONG);

/** One file to want. */
export interface WantedFile {
  readonly path: string;
  /** Bytes. @default 100,000 */
  readonly size?: number;
  /** @default "NORMAL" */
  readonly priority?: Priority;
  /** @default "v1" */
  readonly version?: string;
  /** The digest that the input list names. @default null */
  readonly sha256?: string | null;
}

/** Settings of a run. */
export interface VirtualRunOptions {
  /** Whether files are compared with the server's digest. @default true */
  readonly verify?: boolean;
  /** Whether the run ends by itself. @default false */
  readonly once?: boolean;
  /** Whether files that are not Sluice's stay. @default {false} */
  readonly keepExisting?: boolean;
  /** Takes the transitions of phases that occur. */
  readonly transitions?: Set<string>;
  /** Whether to check all files after each turn, which is slow for many. @default true */
  readonly checksAll?: boolean;
}

/** The server's answer to a request for a digest. */
export function rightDigest(request: DigestRequest): string {
  return request.part ? prefixDigestOf(request, request.part.length) : digestOf(request);
}

/** One client's run. Times are in milliseconds. */
export class VirtualRun {
  readonly engine: Engine;
  readonly disk = new VirtualDisk();
  readonly checks: EngineChecks;
  readonly wanted = new Map<string, PlannedFile>();
  readonly connections = new Map<number, VirtualConnection>();
  /** All events, in order. */
  readonly events: ClientEvent[] = [];
  /** All requests ever sent, in order. */
  readonly sent: ServerRequest[] = [];
  now = 0;
  isStopped = false;
  /** Whether an action is performed at once; else `stepDisk` performs it. */
  performsAtOnce: (action: DiskAction) => boolean = () => true;
  /** Called with each request, and each action that is not performed at once. */
  onRequest: (request: ServerRequest) => void = () => {};
  onDelayed: (action: DiskAction) => void = () => {};
  readonly #checksAll: boolean;
  #lastId = 0;
  #isBatching = false;

  constructor(
    { verify = true, once = false, keepExisting = false, transitions, checksAll = true }:
      VirtualRunOptions = {},
  ) {
    this.engine = new Engine({ verify, once, keepExisting });
    this.checks = new EngineChecks(transitions);
    this.#checksAll = checksAll;
  }

  /** Adds files to the plan, in place of those with their names. */
  want(...files: readonly WantedFile[]): void {
    for (const [index, wanted] of files.entries()) {
      const { path, size = 100_000, priority = "NORMAL", version = "v1", sha256 = null } = wanted;
      const file = { path, size, modified: timeOf(version), version };
      this.wanted.set(path, { file, priority, sha256, line: index + 1 });
    }
    this.replan();
  }

  /** Removes files from the plan. */
  unwant(...paths: readonly string[]): void {
    for (const path of paths) this.wanted.delete(path);
    this.replan();
  }

  /** Gives files another priority. */
  reprioritize(priority: Priority, ...paths: readonly string[]): void {
    for (const path of paths) this.wanted.set(path, { ...this.wanted.get(path)!, priority });
    this.replan();
  }

  /** Passes the plan to the engine. */
  replan(): void {
    const plan = { files: new Map(this.wanted), waiting: [], refused: [] };
    this.engine.setPlan(plan, () => "it is not wanted any more", this.now);
    this.turn();
  }

  /** The number of the next connection. */
  get nextConnection(): number {
    return this.#lastId + 1;
  }

  /** @returns The connection's number. */
  connect(limits: Partial<ConnectionLimits> = {}): number {
    const id = ++this.#lastId;
    const all = { ...LIMITS, ...limits };
    this.connections.set(id, { id, limits: all, open: new Set(), isClosing: false });
    this.engine.connected(id, all);
    this.turn();
    return id;
  }

  disconnect(id: number): void {
    const { open } = this.connections.get(id)!;
    this.connections.delete(id);
    for (const request of open) this.checks.onClosed(request, "lost", this.now);
    this.engine.disconnected(id, this.now);
    this.turn();
  }

  close(id: number): void {
    this.connections.get(id)!.isClosing = true;
    this.engine.closing(id);
    this.turn();
  }

  /** The open requests for chunks, of one file or of all. */
  gets(path?: string): GetRequest[] {
    return this.#requests(path).filter((request) => request.type === "get");
  }

  /** The open requests for digests. */
  digests(path?: string): DigestRequest[] {
    return this.#requests(path).filter((request) => request.type === "digest");
  }

  /**
   * Answers a request with its bytes.
   *
   * @param isWrong Whether the bytes are wrong.
   * @param digest Precedes the chunk if the request asks for one; null if the server leaves it out.
   */
  giveChunk(request: GetRequest, isWrong = false, digest: string | null = digestOf(request)): void {
    if (request.digest && digest !== null) this.engine.onDigest(request, digest, this.now);
    this.#close(request, "answered");
    const bytes = (isWrong ? WRONG_BYTES : RIGHT_BYTES).subarray(0, request.length);
    this.engine.onChunk(request, bytes, 0, this.now);
    this.turn();
  }

  /** Answers all open requests for chunks, and those that follow, until there are none. */
  giveAllChunks(path?: string): void {
    for (let gets = this.gets(path); gets.length > 0; gets = this.gets(path)) {
      for (const request of gets) this.giveChunk(request);
    }
  }

  giveDigest(request: DigestRequest, digest: string = rightDigest(request)): void {
    this.#close(request, "answered");
    this.engine.onDigest(request, digest, this.now);
    this.turn();
  }

  refuse(request: ServerRequest, code: ErrorCode): void {
    this.#close(request, code);
    this.engine.onRefused(request, new WireError(code, `no: ${code}`), this.now);
    this.turn();
  }

  /** Performs the next waiting action of a path. */
  stepDisk(path: string): void {
    this.#give(this.disk.step(path));
    this.turn();
  }

  /** Advances the time, with a turn at each `wakeAt` of the engine. */
  wait(time: number): void {
    const end = this.now + time;
    for (let { wakeAt } = this.engine; wakeAt <= end; { wakeAt } = this.engine) {
      this.now = wakeAt;
      this.turn();
    }
    this.now = end;
  }

  stop(): void {
    this.engine.stop();
    this.isStopped = true;
    this.turn();
  }

  /** Passes on inputs that arrive together: one turn follows. */
  batch(inputs: () => void): void {
    this.#isBatching = true;
    inputs();
    this.#isBatching = false;
    this.turn();
  }

  /** Performs a turn, as the driver does. */
  turn(): void {
    if (this.#isBatching) return;
    for (let round = 0;; round++) {
      assert.ok(round < MAX_ROUNDS, "The engine comes to no end");
      const { disk, requests } = this.engine.takeActions(this.now);
      for (const request of requests) this.#send(request);
      if (disk.length === 0 && requests.length === 0) break;
      const results = disk.map((action) => this.#submit(action));
      for (const result of results) this.#give(result);
    }
    for (const event of this.engine.takeEvents()) {
      this.checks.onEvent(event);
      this.events.push(event);
    }
    const { wakeAt } = this.engine;
    if (this.isStopped) assert.equal(wakeAt, Infinity);
    else if (this.#checksAll) {
      this.checks.afterTurn(this.wanted, this.connections.values(), wakeAt, this.now);
    }
  }

  /** The types of a file's events, in order, with the reason if there is one. */
  story(path: string): string[] {
    return this.events.flatMap((event) => {
      if (!("path" in event) || event.path !== path) return [];
      return ["reason" in event ? `${event.type}: ${event.reason}` : event.type];
    });
  }

  /** Checks that a file is published as it is on the server. */
  assertHere(path: string): void {
    const { file } = this.wanted.get(path)!;
    assert.equal(this.disk.finals.get(path)?.digest, digestOf(file), `${path} is not here`);
    assert.equal(this.disk.partials.has(path), false, `Something is left of ${path}`);
  }

  #requests(path?: string): ServerRequest[] {
    const all = Array.from(this.connections.values(), ({ open }) => [...open]).flat();
    return path === undefined ? all : all.filter((request) => request.path === path);
  }

  #send(request: ServerRequest): void {
    assert.ok(!this.isStopped, `${request.path} is asked for after the stop`);
    const connection = this.connections.get(request.connection)!;
    connection.open.add(request);
    this.checks.onRequest(request, connection, this.now);
    this.sent.push(request);
    this.onRequest(request);
  }

  #close(request: ServerRequest, outcome: "answered" | ErrorCode): void {
    const isOpen = this.connections.get(request.connection)?.open.delete(request);
    assert.ok(isOpen, `The request for ${request.path} is not open`);
    this.checks.onClosed(request, outcome, this.now);
  }

  #submit(action: DiskAction): DiskResult | null {
    const { path } = action.record.file;
    this.checks.onAction(action, this.isStopped);
    const isFree = !this.disk.isBusy(path);
    this.disk.submit(action);
    if (isFree && this.performsAtOnce(action)) return this.disk.step(path);
    this.onDelayed(action);
    return null;
  }

  #give(result: DiskResult | null): void {
    if (!result) return;
    this.checks.onResult(result);
    this.engine.onDisk(result, this.now);
  }
}
