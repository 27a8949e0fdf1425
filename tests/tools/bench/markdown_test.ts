import assert from "node:assert/strict";
import { growthIn } from "../../../tools/bench/growth.ts";
import { renderMarkdown } from "../../../tools/bench/markdown.ts";
import { renderCase } from "../../../tools/bench/table.ts";
import { SAMPLE_REPORT } from "../../support/sample_report.ts";

Deno.test("renderMarkdown writes tables with as many cells in each row as in the head", () => {
  const tables = renderMarkdown(SAMPLE_REPORT, growthIn(SAMPLE_REPORT)).split("\n\n").slice(1);
  assert.ok(tables.length >= 5);
  for (const table of tables) {
    const cells = table.split("\n").map((line) => line.split("|").length);
    assert.equal(new Set(cells).size, 1, table);
  }
});

Deno.test("renderMarkdown shows a peer's median, and the median of the ratios to Sluice", () => {
  const markdown = renderMarkdown(SAMPLE_REPORT, []);
  assert.match(markdown, /^\| sluice none \| 2\.00 \|$/m);
  // 3 / 2 and 3 / 1; in the third round it sat out.
  assert.match(markdown, /^\| nginx & <curl> \| 3\.00 \(2\.25 ×\) \|$/m);
});

Deno.test("renderCase shows spread, rounds and failures", () => {
  const [found] = SAMPLE_REPORT.cases;
  const [sluice, peer] = found!.rows;
  const text = renderCase({ ...found!, rows: [sluice!, { ...peer!, failure: "It broke" }] });
  assert.match(text, /^ {2}sluice none +2\.00 +1\.00–4\.00 +3$/m);
  assert.match(text, /^ {2}nginx & <curl> +3\.00 +3\.00–3\.00 +2 +2\.25 ×$/m);
  assert.match(text, /^ {2}nginx & <curl>: It broke$/m);
});
