import assert from "node:assert/strict";
import fc from "fast-check";
import type { ServerEvent } from "../../lib/server/events.ts";
import { boundedLog, formatJsonLine, formatLogLine, lineLog } from "../../lib/server/log.ts";

/** Any code point; the built-in arbitrary for this takes a second to create. */
const ANY_LETTER = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));

const TIME = new Date("2026-02-03T04:05:06.007Z");

Deno.test("formatLogLine writes time, event and details in their order", () => {
  const line = formatLogLine(
    { event: "file_sent", client: "127.0.0.1:50000", path: "a/b.txt", bytes: 123, last: true },
    TIME,
  );
  assert.equal(
    line,
    "2026-02-03T04:05:06.007Z  file_sent  client=127.0.0.1:50000  path=a/b.txt  bytes=123  last=true",
  );
  assert.equal(
    formatLogLine({ event: "server_stopped" }, TIME),
    "2026-02-03T04:05:06.007Z  server_stopped",
  );
});

for (
  const [text, shown] of [
    ["two words", '"two words"'],
    ["", '""'],
    ["a=b", '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["Zoë", "Zoë"],
    ["no\u00a0break", '"no\u00a0break"'],
  ] as const
) {
  Deno.test(`formatLogLine shows the text ${JSON.stringify(text)} as ${shown}`, () => {
    assert.equal(
      formatLogLine({ event: "e", text }, TIME),
      `2026-02-03T04:05:06.007Z  e  text=${shown}`,
    );
  });
}

Deno.test("formatLogLine makes a peer's text safe for a terminal, and one line", () => {
  const path = "a\n2026-01-01T00:00:00.000Z  server_stopped\x1b[2J\r\u202e\x9b";
  const line = formatLogLine({ event: "request_refused", path }, TIME);
  assert.ok(!/[\p{Cc}\u202e]/u.test(line), line);
  assert.ok(line.includes("\\n") && line.includes("\\x1b[2J"));
});

Deno.test("formatLogLine writes one line without control characters, whatever a peer says", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: ANY_LETTER }));
  fc.assert(fc.property(text, text, (path, reason) => {
    const line = formatLogLine({ event: "request_refused", path, reason }, TIME);
    assert.ok(!/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line));
    assert.match(line, /^\S+ {2}request_refused {2}path=.* {2}reason=./u);
  }));
});

Deno.test("lineLog writes a line for each event, with the time of writing", () => {
  const lines: string[] = [];
  const log = lineLog("text", (line) => lines.push(line));
  const before = Date.now();
  log({ event: "client_connected", client: "127.0.0.1:1" });
  log({ event: "folder_changed", changed: 5, removed: 0 });
  const after = Date.now();
  const words = lines.map((line) => line.split("  "));
  assert.deepEqual(words.map(([, ...rest]) => rest), [
    ["client_connected", "client=127.0.0.1:1"],
    ["folder_changed", "changed=5", "removed=0"],
  ]);
  for (const [time] of words) {
    assert.ok(Date.parse(time!) >= before && Date.parse(time!) <= after);
  }
});

Deno.test("formatJsonLine writes one object: time, event and details in their order", () => {
  const line = formatJsonLine({ event: "file_sent", path: "a b.txt", size: 123 }, TIME);
  assert.equal(
    line,
    '{"time":"2026-02-03T04:05:06.007Z","event":"file_sent","path":"a b.txt","size":123}',
  );
});

Deno.test("formatJsonLine writes a peer's text safe for a terminal, and it parses back", () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: ANY_LETTER }));
  fc.assert(fc.property(text, text, (path, reason) => {
    const line = formatJsonLine({ event: "request_refused", path, reason }, TIME);
    assert.ok(!/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line));
    const { time, ...rest } = JSON.parse(line);
    assert.deepEqual(rest, { event: "request_refused", path, reason });
    assert.equal(time, TIME.toISOString());
  }));
});

Deno.test("formatJsonLine leaves the longest path whole, and cuts longer texts", () => {
  const parse = (reason: string) => JSON.parse(formatJsonLine({ event: "e", reason }, TIME)).reason;
  assert.equal(parse("a".repeat(4096)), "a".repeat(4096));
  assert.equal(parse("a".repeat(70_000)), "a".repeat(4096) + "…");
});

Deno.test("lineLog writes JSON in the style json", () => {
  const lines: string[] = [];
  lineLog("json", (line) => lines.push(line))({ event: "client_connected", client: "127.0.0.1:1" });
  const { time, ...rest } = JSON.parse(lines[0]!);
  assert.deepEqual(rest, { event: "client_connected", client: "127.0.0.1:1" });
  assert.equal(new Date(time).toISOString(), time);
});

Deno.test("boundedLog bounds what peers cause, and says how many lines it leaves out", () => {
  const logged: ServerEvent[] = [];
  let now = 0;
  const log = boundedLog((event) => logged.push(event), () => now);
  const refused = { event: "client_refused", client: "::1", clients: 9, sameAddress: 9 } as const;
  const connected = { event: "client_connected", client: "::1" } as const;
  const stopped = { event: "server_stopped", clients: 0, files: 0, bytes: 0 } as const;
  for (let i = 0; i < 1_000; i++) log(refused);
  for (let i = 0; i < 200; i++) log(connected);
  now += 10_000;
  for (let i = 0; i < 3; i++) log(refused);
  log(stopped);
  const reason = "more client_refused than are logged";
  assert.deepEqual(logged, [
    ...Array(100).fill(refused),
    ...Array(200).fill(connected),
    { event: "lines_dropped", lines: 900, reason },
    refused,
    { event: "lines_dropped", lines: 2, reason },
    stopped,
  ]);
});
