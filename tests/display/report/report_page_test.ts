import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { escapeHtml } from "../../../lib/display/report/html.ts";
import { reportPage } from "../../../lib/display/report/report_page.ts";
import { MAX_DONE, MAX_MARKS, ReportRecord } from "../../../lib/display/report/report_record.ts";
import {
  CONNECTED,
  failed,
  finished,
  moved,
  queued,
  started,
  summary,
} from "../../support/fake_terminal.ts";

const HOSTILE = `</td><script>alert(1)</script><img src=x onerror='a()'> "&\u202e\x1b[2J`;

const ENDED = new Date("2026-01-02T03:04:05Z");

/** A record of events half a second apart. */
function recordOf(events: readonly ClientEvent[]): ReportRecord {
  const record = new ReportRecord(1000);
  for (const [index, event] of events.entries()) record.handle(event, 1000 + index * 500);
  return record;
}

function pageOf(...events: ClientEvent[]): string {
  const record = recordOf(events);
  return reportPage(record, record.summary ?? summary(), ENDED);
}

Deno.test("escapeHtml escapes everything that HTML or a terminal interprets", () => {
  assert.equal(
    escapeHtml(`<a b='c' d="e">&\x1b\u202e`),
    "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;\\x1b\\u{202e}",
  );
});

Deno.test("reportPage escapes text from a peer everywhere", () => {
  const events: ClientEvent[] = [
    { type: "connecting", server: HOSTILE },
    { type: "input", entries: 0 },
    CONNECTED,
    queued(HOSTILE, 100),
    started(HOSTILE),
    moved(HOSTILE, 50),
    { type: "disconnected", reason: HOSTILE, retryIn: 5 },
    { type: "entry", change: "added", line: 1, name: HOSTILE, priority: "HIGH", sha256: null },
    { type: "input", entries: 1 },
    finished(HOSTILE, 100, 5),
    failed(HOSTILE, HOSTILE),
    summary({
      done: 1,
      failed: [{ path: HOSTILE, reason: HOSTILE, advice: HOSTILE }],
      refused: [{ path: HOSTILE, reason: HOSTILE }],
      unfinished: [{ path: HOSTILE, priority: "HIGH", size: 5, resumableBytes: 3 }],
      waiting: [HOSTILE],
      resume: HOSTILE,
      error: HOSTILE,
      took: 5000,
    }),
  ];
  const page = pageOf(...events);
  const shown = page.split(escapeHtml(HOSTILE)).length - 1;
  assert.ok(shown >= 14, `${shown}`);
  for (const text of ["<script", "<img", "onerror='", "\u202e", "\x1b"]) {
    assert.ok(!page.includes(text), text);
  }
});

Deno.test("reportPage is self-contained", () => {
  const page = pageOf(CONNECTED, queued("a", 10), started("a"), moved("a", 5), summary());
  assert.match(page, /default-src 'none'/);
  assert.doesNotMatch(page, /https?:|src=|href=|@import|url\(/);
});

Deno.test("reportPage draws a file under each priority that it had", () => {
  const page = pageOf(
    queued("a", 100, "HIGH"),
    started("a"),
    moved("a", 50),
    { type: "reprioritized", path: "a", priority: "CRITICAL" },
    moved("a", 100),
    queued("b", 100),
    started("b"),
    moved("b", 30),
    summary({ took: 3500 }),
  );
  const areas = [...page.matchAll(/<path class="(\w+)[^>]*><title>(.*?)<\/title>/g)]
    .map(([, kind, title]) => `${kind}: ${title}`);
  assert.deepEqual(areas, [
    "critical: a (CRITICAL, 50 B)",
    "high: a (HIGH, 50 B)",
    "normal: b (NORMAL, 30 B)",
  ]);
});

Deno.test("reportPage marks edits, lost connections and an interrupt, but not the first list", () => {
  const entry = (name: string): ClientEvent => ({
    ...{ type: "entry", change: "added", line: 1, name, priority: "HIGH", sha256: null },
  });
  const input: ClientEvent = { type: "input", entries: 1 };
  const { marks } = recordOf([
    entry("first"),
    input,
    CONNECTED,
    ...["a", "b", "c", "d", "e"].map(entry),
    input,
    { type: "disconnected", reason: "reset", retryIn: 5 },
    { type: "disconnected", reason: "refused", retryIn: 5 },
    CONNECTED,
    { type: "interrupted" },
  ]);
  assert.deepEqual(marks.map(({ at, text }) => `${at} ${text}`), [
    "4000 a added (HIGH), b added (HIGH), c added (HIGH) and 2 more",
    "4500 lost the server: reset",
    "5500 connected again",
    "6000 interrupted",
  ]);
});

Deno.test("reportPage stays small for any run", () => {
  const paths = Array.from({ length: 5000 }, (_, index) => `photos/${index}.jpg`);
  const page = pageOf(
    CONNECTED,
    ...paths.map((path) => queued(path, 10)),
    ...paths.flatMap((path) => [started(path), finished(path, 10, 1)]),
    ...paths.flatMap((): ClientEvent[] => [
      { type: "disconnected", reason: "reset", retryIn: 5 },
      CONNECTED,
    ]),
    summary({ done: paths.length, took: 1e7 }),
  );
  assert.equal(page.split("<tr>").length - 1, MAX_DONE + 1);
  assert.ok(page.includes("and 4500 more files"));
  assert.equal(page.split('<span class="mark').length - 1, MAX_MARKS);
  assert.ok(page.includes("4976 more (NORMAL"));
  assert.ok(page.length < 300_000, `${page.length}`);
});

Deno.test("reportPage makes a page for a run that received nothing", () => {
  const page = pageOf(summary({ error: "Cannot reach it", exitCode: 3 }));
  assert.ok(page.includes("Cannot reach it"));
  assert.doesNotMatch(page, /NaN|Infinity|undefined|<svg/);
});
