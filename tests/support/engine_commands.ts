/**
 * All inputs of an engine as random commands, and the completion of a run of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES } from "../../lib/client/priority.ts";
import type { ServerRequest } from "../../lib/client/engine/request_planner.ts";
import type { ErrorCode } from "../../lib/errors.ts";
import { digestOf } from "./virtual_disk.ts";
import { rightDigest, VirtualRun } from "./virtual_run.ts";

const KB = 1024;
const PATHS = ["a", "b", "c", "d", "e", "f"];
const VERSIONS = ["v1", "v2", "v3", "v1'", "log1", "log2"];
const SIZES = [0, 1, 500, 16 * KB, 40 * KB, 100 * KB, 300 * KB];
/** A digest in the input list that no content has. */
const LISTED_WRONG = "a mistyped digest";
const MAX_CONNECTIONS = 3;
/** Rounds without a mishap that are enough to end any run. */
const MAX_LAST_ROUNDS = 10_000;

/** A command; there is no model beside the engine, but checks that hold in every state. */
export type EngineCommand = fc.Command<object, CommandRun>;

/** A run, with the effects of the commands. */
export class CommandRun extends VirtualRun {
  /** Bytes of received chunks. */
  bytesGiven = 0;

  constructor(readonly verify: boolean, once: boolean) {
    super({ verify, once });
  }

  give(request: ServerRequest, isWrong = false): void {
    if (request.type === "digest") {
      return this.giveDigest(request, isWrong ? "a wrong digest" : rightDigest(request));
    }
    this.bytesGiven += request.length;
    // Without a digest the damage would go unnoticed.
    this.giveChunk(request, isWrong && this.verify);
  }

  /** The requests that may be answered next: chunks in their order, digests in any. */
  get next(): ServerRequest[] {
    return Array.from(this.connections.values(), ({ open }) => {
      const requests = [...open];
      const first = requests.find(({ type }) => type === "get");
      return requests.filter((request) => request.type === "digest" || request === first);
    }).flat();
  }
}

const index = fc.nat({ max: 1_000 });
const count = fc.nat({ max: 40 });
const path = fc.constantFrom(...PATHS);
const priority = fc.constantFrom(...PRIORITIES);
const code = fc.constantFrom<ErrorCode[]>(
  "read-failed",
  "read-failed",
  "changed",
  "not-found",
  "bad-request",
);
const limits = fc.record({
  maxRequests: fc.constantFrom(1, 2, 3, 4, 8, 256),
  maxChunk: fc.constantFrom(KB, 16 * KB, 64 * KB, KB * KB),
  inlineDigest: fc.boolean(),
  rangeDigest: fc.boolean(),
});
const wantedFile = fc.record({
  path,
  version: fc.constantFrom(...VERSIONS),
  priority,
  listed: fc.constantFrom("nothing", "nothing", "nothing", "right", "wrong"),
});

type Wanted = typeof wantedFile extends fc.Arbitrary<infer T> ? T : never;

/** The commands, repeated by their frequency. */
export const ENGINE_COMMANDS: readonly fc.Arbitrary<EngineCommand>[] = [
  ...command(3, "want", wantedFile, want),
  ...command(1, "unwant", path, (run, path) => {
    if (!run.isStopped) run.unwant(path);
  }),
  ...command(1, "reprioritize", fc.tuple(path, priority), (run, [path, priority]) => {
    if (run.wanted.has(path) && !run.isStopped) run.reprioritize(priority, path);
  }),
  ...command(2, "connect", limits, (run, limits) => {
    if (run.connections.size < MAX_CONNECTIONS) run.connect(limits);
  }),
  ...command(1, "disconnect", index, (run, at) => {
    const id = pick([...run.connections.keys()], at);
    if (id !== undefined) run.disconnect(id);
  }),
  ...command(1, "close", index, (run, at) => {
    const id = pick([...run.connections.keys()], at);
    if (id !== undefined) run.close(id);
  }),
  ...command(3, "give", index, (run, at) => {
    const request = pick(run.next, at);
    if (request) run.give(request);
  }),
  ...command(1, "give wrong", index, (run, at) => {
    const request = pick(run.next, at);
    if (request) run.give(request, true);
  }),
  ...command(2, "give many", count, giveMany),
  ...command(1, "give many together", count, (run, count) => {
    run.batch(() => giveMany(run, count));
  }),
  ...command(1, "give and want together", fc.tuple(count, wantedFile), (run, [count, wanted]) => {
    run.batch(() => {
      giveMany(run, count);
      want(run, wanted);
      giveMany(run, count);
    });
  }),
  ...command(2, "refuse", fc.tuple(index, code), (run, [at, code]) => {
    const request = pick(run.next, at);
    if (request) run.refuse(request, code);
  }),
  ...command(1, "refuse all", code, refuseAll),
  ...command(1, "refuse all together", code, (run, code) => {
    run.batch(() => refuseAll(run, code));
  }),
  ...command(1, "slow disk", fc.boolean(), (run, isSlow) => {
    run.performsAtOnce = () => !isSlow;
  }),
  ...command(3, "step disk", index, (run, at) => {
    const waiting = pick(run.disk.waiting, at);
    if (waiting) run.stepDisk(waiting[0]);
  }),
  ...command(1, "step all of the disk", fc.constant(null), stepAll),
  ...command(1, "fail disk", index, (run, at) => {
    const waiting = pick(run.disk.waiting, at);
    if (!waiting) return;
    run.disk.fails = (action) => action === waiting[1];
    run.stepDisk(waiting[0]);
    run.disk.fails = () => false;
  }),
  ...command(1, "damage", fc.tuple(path, fc.nat({ max: 300 * KB })), (run, [path, start]) => {
    const phase = run.checks.live.get(path)?.phase;
    // Damage goes unnoticed where nothing is compared, or once it has been.
    const isSeen = phase === undefined || phase === "fetching" || phase === "inspecting";
    if (!run.verify || !isSeen || !run.disk.partials.has(path)) return;
    run.disk.damage(path, { start, end: start + 1_000 });
  }),
  ...command(1, "block", fc.tuple(path, fc.boolean()), (run, [path, isBlocked]) => {
    if (isBlocked) run.disk.obstacles.set(path, "something is in the way");
    else run.disk.obstacles.delete(path);
  }),
  ...command(2, "wait", fc.constantFrom(0, 1, 100, 500, 1_000, 4_000), (run, time) => {
    run.wait(time);
  }),
];

/** A stop of the run, which random runs reach soon. */
export const STOP = command(2, "stop", fc.constant(null), (run) => {
  if (!run.isStopped) run.stop();
});

/** Completes the run without further mishaps, and checks the end of every file. */
export function comeToAnEnd(run: CommandRun): void {
  run.performsAtOnce = () => true;
  stepAll(run);
  if (run.isStopped) return checkStopped(run);
  for (let round = 0; !run.engine.isSettled; round++) {
    assert.ok(round < MAX_LAST_ROUNDS, `It comes to no end: ${run.engine.unfinished[0]?.path}`);
    if ([...run.connections.values()].every(({ isClosing }) => isClosing)) run.connect();
    const request = run.next[0];
    if (request) run.give(request);
    else if (run.engine.wakeAt < Infinity) run.wait(run.engine.wakeAt - run.now);
  }
  let failed = 0;
  for (const [path, { file, sha256 }] of run.wanted) {
    const state = run.checks.states.get(path);
    assert.ok(state === "done" || state === "failed", `${path} is ${state} in the end`);
    if (state === "failed") failed++;
    else assert.equal(run.disk.finals.get(path)?.digest, sha256 ?? digestOf(file));
  }
  const { counts, unfinished, stats } = run.engine;
  assert.deepEqual([counts.underway, counts.failed + counts.unverified], [0, failed]);
  assert.deepEqual(unfinished, []);
  assert.deepEqual([run.checks.live.size, run.disk.open], [0, 0]);
  // The pauses of dropped files end without consequences.
  const sent = run.sent.length;
  run.wait(60_000);
  assert.deepEqual([run.engine.wakeAt, run.sent.length], [Infinity, sent]);
  assert.equal(stats.received, run.bytesGiven);
}

/** Checks that each file is in one state, and nothing is open. */
function checkStopped(run: CommandRun): void {
  const unfinished = new Set(run.engine.unfinished.map(({ path }) => path));
  assert.equal(run.engine.counts.underway, unfinished.size);
  for (const path of run.wanted.keys()) {
    const isUnderway = run.checks.states.get(path) === "underway";
    assert.equal(unfinished.has(path), isUnderway, `${path} is underway: ${isUnderway}`);
  }
  assert.deepEqual([run.checks.live.size, run.disk.open], [0, 0]);
}

function want(run: CommandRun, { path, version, priority, listed }: Wanted): void {
  if (run.isStopped) return;
  // A file that was only touched has its size.
  const at = VERSIONS.indexOf(version) % 3;
  const size = SIZES[(PATHS.indexOf(path) + 3 * at + (version === "log2" ? 1 : 0)) % SIZES.length]!;
  const right = listed === "right" ? digestOf({ path, version }) : null;
  run.want({ path, size, version, priority, sha256: listed === "wrong" ? LISTED_WRONG : right });
}

function giveMany(run: CommandRun, count: number): void {
  for (let i = 0; i < count && run.next[0]; i++) run.give(run.next[0]);
}

function refuseAll(run: CommandRun, code: ErrorCode): void {
  for (const { open } of [...run.connections.values()]) {
    for (const request of [...open]) if (open.has(request)) run.refuse(request, code);
  }
}

function stepAll(run: CommandRun): void {
  for (let [first] = run.disk.waiting; first; [first] = run.disk.waiting) run.stepDisk(first[0]);
}

function pick<T>(items: readonly T[], at: number): T | undefined {
  return items.length === 0 ? undefined : items[at % items.length];
}

function command<T>(
  frequency: number,
  name: string,
  parameters: fc.Arbitrary<T>,
  act: (run: CommandRun, parameters: T) => void,
): fc.Arbitrary<EngineCommand>[] {
  const arbitrary = parameters.map((values) => ({
    check: () => true,
    run: (_: object, run: CommandRun) => act(run, values),
    toString: () => `${name} ${fc.stringify(values)}`,
  }));
  return Array(frequency).fill(arbitrary);
}
