import assert from "node:assert/strict";
import { reportPage } from "../../../lib/display/report/report_page.ts";
import { ReportRecord } from "../../../lib/display/report/report_record.ts";
import { renderReport } from "../../../tools/pictures/report_svg.ts";
import { CONNECTED, moved, queued, started, summary } from "../../support/fake_terminal.ts";
import { assertWellFormed } from "../../support/well_formed.ts";

const NAME = `<a & "b">`;

/** The page of a run of two seconds, in which the list was edited. */
function pageOf(bytes: number): string {
  const record = new ReportRecord(0);
  record.handle({ type: "input", entries: 0 }, 0);
  record.handle(CONNECTED, 0);
  for (const event of [queued(NAME, 4000, "HIGH"), started(NAME)]) record.handle(event, 0);
  const entry = { change: "added", line: 1, name: NAME, priority: "HIGH", sha256: null } as const;
  record.handle({ type: "entry", ...entry }, 1000);
  record.handle({ type: "input", entries: 1 }, 1000);
  if (bytes > 0) record.handle(moved(NAME, bytes), 2000);
  const end = summary({ bytes, took: 2000, activeTime: 2000 });
  return reportPage(record, end as typeof end & { type: "summary" }, new Date(0));
}

Deno.test("renderReport draws a page's plot with its axes, its edits and the priorities", () => {
  const svg = renderReport(pageOf(3000));
  assertWellFormed(svg);
  assert.match(svg, /<path class="high" d="M[^"]+"><title>&lt;a &amp; /);
  assert.match(svg, /<line class="edit" /);
  assert.match(svg, />0:01 input: &lt;a &amp; &quot;b&quot;&gt; added \(HIGH\)<\/text>/);
  for (const text of ["0 B/s", "0:00", "0:02", "CRITICAL", "HIGH", "NORMAL"]) {
    assert.ok(svg.includes(`>${text}</text>`), text);
  }
});

Deno.test("renderReport throws if there is no plot", () => {
  assert.throws(() => renderReport(pageOf(0)), /its page has no plot/);
});
