import assert from "node:assert/strict";
import { growthIn } from "../../../tools/bench/growth.ts";
import { renderGrowth } from "../../../tools/bench/growth_svg.ts";
import { assertWellFormed } from "../../support/well_formed.ts";
import { SAMPLE_REPORT } from "../../support/sample_report.ts";

/** The points of all curves. */
function pointsIn(svg: string): { x: number; y: number }[] {
  return [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, points]) =>
    points!.split(" ").map((point) => {
      const [x, y] = point.split(",").map(Number);
      return { x: x!, y: y! };
    })
  );
}

Deno.test("renderGrowth draws a well-formed picture of a report", () => {
  const svg = renderGrowth(growthIn(SAMPLE_REPORT));
  assertWellFormed(svg);
  assert.match(svg, /prefers-color-scheme: dark/);
  // A column: one curve of throughput, and memory and processor of those that there are.
  assert.equal([...svg.matchAll(/<polyline /g)].length, 3 + 5 + 5);
});

Deno.test("renderGrowth escapes special characters of XML", () => {
  const [growth] = growthIn(SAMPLE_REPORT);
  const svg = renderGrowth([{ ...growth!, title: "a < b & c" }]);
  assertWellFormed(svg);
  assert.match(svg, /a &lt; b &amp; c/);
});

Deno.test("renderGrowth keeps every point inside its panel", () => {
  const points = pointsIn(renderGrowth(growthIn(SAMPLE_REPORT)));
  assert.ok(points.length > 20);
  for (const { x, y } of points) {
    assert.ok(x >= 52 && x <= 274 && y >= 30 && y <= 148, `${x},${y} is outside`);
  }
});

Deno.test("renderGrowth draws larger values higher up", () => {
  const [clients] = growthIn(SAMPLE_REPORT);
  const throughput = { ...clients!, panels: clients!.panels.slice(0, 1) };
  const [one, ten, hundred] = pointsIn(renderGrowth([throughput]));
  assert.ok(one!.y < ten!.y && ten!.y < hundred!.y && one!.x < ten!.x && ten!.x < hundred!.x);
});

Deno.test("growthIn omits growth without cases in the report", () => {
  const cases = SAMPLE_REPORT.cases.filter(({ id }) => id === "s");
  const growths = growthIn({ ...SAMPLE_REPORT, cases });
  assert.deepEqual(growths.map(({ title }) => title), ["size of each file"]);
  assert.deepEqual(growthIn({ ...SAMPLE_REPORT, cases: [] }), []);
});

Deno.test("growthIn gives the processor time of a file in milliseconds", () => {
  const files = growthIn(SAMPLE_REPORT).find(({ title }) => title === "files of 4 KiB");
  const server = files!.panels[2]!.curves.find(({ owner }) => owner === "server");
  assert.deepEqual(server!.points, [{ x: 1, y: 500 }, { x: 1000, y: 0.5 }]);
});
