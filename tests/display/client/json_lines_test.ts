import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { droppedLine, JsonDisplay } from "../../../lib/display/client/json_lines.ts";
import { EVENTS, type JsonLine, parseJsonLines } from "../../support/event_schema.ts";
import {
  CONNECTED,
  failed,
  FakeClock,
  finished,
  moved,
  queued,
  started,
  summary,
} from "../../support/fake_terminal.ts";

const DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const SHARES = {
  took: 1234.5,
  bytes: 15,
  priorities: [
    { priority: "CRITICAL", bytes: 10, expectedShare: 2 / 3, actualShare: 2 / 3 },
    { priority: "NORMAL", bytes: 5, expectedShare: 1 / 3, actualShare: 1 / 3 },
  ],
} as const;

/** At least one event of each type. */
const ALL_EVENTS: readonly ClientEvent[] = [
  { type: "entry", change: "added", line: 1, name: "a", priority: "HIGH", sha256: DIGEST },
  { type: "input", entries: 1 },
  { type: "warning", kind: "line", message: "line 3: no" },
  { type: "lackOfSpace", free: 5, needed: 10 },
  { type: "connecting", server: "[::1]:9009" },
  { type: "disconnected", reason: "refused", retryIn: 1234.567 },
  CONNECTED,
  { type: "list", files: 2, size: 30, changed: 2, removed: 0 },
  { type: "waiting", names: ["b*"] },
  queued("a", 1000),
  { type: "reprioritized", path: "a", priority: "CRITICAL" },
  started("a", 100),
  moved("a", 500),
  { type: "refetching", path: "a", reason: "it has changed" },
  { type: "replaced", path: "a", size: 5 },
  { type: "verifying", path: "a" },
  { type: "verified", path: "a", sha256: DIGEST, by: "input" },
  finished("a", 1000, 12.5),
  failed("b", "disk full"),
  { type: "dropped", path: "c", reason: "its line is gone" },
  { type: "shares", ...SHARES },
  { type: "idle" },
  { type: "interrupted" },
  { type: "disconnected", reason: "refused", retryIn: null },
  { type: "leftovers", files: 1, size: 5, command: "client --clean" },
  summary({
    failed: [{ path: "b", reason: "disk full", advice: "make room" }],
    refused: [{ path: "con", reason: "no" }],
    unfinished: [{ path: "d", priority: "NORMAL", size: 9, resumableBytes: 3 }],
    waiting: ["x"],
    bytes: 1000,
    took: 2000.25,
    activeTime: 1000.4,
    shares: SHARES,
    resume: "client --once",
    error: "no server",
  }),
];

function setUp() {
  const clock = new FakeClock();
  const decoder = new TextDecoder();
  const written = { text: "" };
  const output = {
    writeSync(bytes: Uint8Array): number {
      written.text += decoder.decode(bytes, { stream: true });
      return bytes.length;
    },
  };
  const date = () => new Date(clock.now());
  return { clock, written, display: new JsonDisplay({ output, clock, date }) };
}

/** The lines printed for events one second apart. */
function linesOf(events: readonly ClientEvent[]): JsonLine[] {
  const { clock, written, display } = setUp();
  for (const event of events) {
    display.handle(event);
    clock.pass(1000);
  }
  display.close();
  return parseJsonLines(written.text);
}

Deno.test("JsonDisplay prints exactly the documented events", () => {
  const lines = [...linesOf(ALL_EVENTS), ...parseJsonLines(`${droppedLine(3)}\n`)];
  assert.deepEqual(new Set(lines.map(({ event }) => event)), new Set(EVENTS.keys()));
});

Deno.test("JsonDisplay rounds times and shares, and stamps each line", () => {
  const lines = linesOf([
    { type: "disconnected", reason: "refused", retryIn: 1234.567 },
    { type: "shares", ...SHARES },
  ]);
  assert.deepEqual(lines[0], {
    v: 2,
    time: "1970-01-01T00:00:01.000Z",
    event: "reconnecting",
    reason: "refused",
    inMs: 1235,
  });
  assert.deepEqual((lines[1]!.priorities as unknown[])[0], {
    priority: "CRITICAL",
    bytes: 10,
    expectedShare: 0.6667,
    actualShare: 0.6667,
  });
});

Deno.test("JsonDisplay samples progress once a second, and before the summary", () => {
  const { clock, written, display } = setUp();
  for (const event of [queued("a", 1000), queued("b", 1000), started("a")]) display.handle(event);
  for (let step = 1; step <= 25; step++) {
    display.handle(moved("a", step * 10));
    clock.pass(100);
  }
  display.handle(moved("b", 7));
  display.handle(summary());
  display.close();
  const samples = parseJsonLines(written.text).filter(({ event }) => event === "progress");
  assert.deepEqual(samples.map(({ receivedBytes }) => receivedBytes), [100, 200, 257]);
  const [first, , last] = samples.map(({ files }) => files as { path: string }[]);
  assert.deepEqual(first, [
    { path: "a", receivedBytes: 100, repeatedBytes: 0, size: 1000, rate: 100 },
  ]);
  assert.deepEqual(last!.map(({ path }) => path), ["a", "b"]);
});

Deno.test("JsonDisplay reports bytes on disk now, and repeated bytes apart", () => {
  const lines = linesOf([
    queued("a", 1000),
    started("a"),
    moved("a", 600),
    { type: "refetching", path: "a", reason: "damaged" },
    moved("a", 100),
  ]);
  const [file] = lines.at(-1)!.files as Record<string, unknown>[];
  assert.deepEqual([file!.receivedBytes, file!.repeatedBytes], [100, 500]);
  assert.equal(lines.at(-1)!.receivedBytes, 100);
});

Deno.test("JsonDisplay prints any name within one line", () => {
  const path = 'a\n\r\u2028\u0085\u202e\x1b[2J\u{e0041}"\\ 日本 👩‍👧.txt';
  const { written, display } = setUp();
  display.handle(queued(path, 1));
  display.close();
  assert.equal(parseJsonLines(written.text)[0]!.path, path);
  assert.doesNotMatch(written.text.slice(0, -1), /[\p{C}\p{Zl}\p{Zp}]/u);
  assert.ok(written.text.includes("日本"));
});

Deno.test("JsonDisplay writes within 100 ms, closes once and ignores a broken output", () => {
  const { clock, written, display } = setUp();
  display.handle({ type: "idle" });
  clock.pass(100);
  assert.equal(parseJsonLines(written.text).length, 1);
  display.close();
  display.close();
  display.handle({ type: "idle" });
  clock.pass(5000);
  assert.equal(parseJsonLines(written.text).length, 1);
  assert.equal(clock.timers, 0);
  const output = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  const broken = new JsonDisplay({ output, clock });
  broken.handle({ type: "idle" });
  broken.close();
});

Deno.test("JsonDisplay says once that a run stands still", () => {
  const { clock, written, display } = setUp();
  for (const event of [CONNECTED, queued("a", 1000), started("a"), moved("a", 500)]) {
    display.handle(event);
  }
  clock.pass(10_000);
  display.handle(moved("a", 600));
  clock.pass(10_000);
  display.close();
  const stalls = parseJsonLines(written.text).filter(({ event }) => event === "stalled");
  assert.deepEqual(stalls.map(({ forMs }) => forMs), [2_000, 2_000]);
});
