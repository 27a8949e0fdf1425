import assert from "node:assert/strict";
import { assertWellFormed } from "../../support/well_formed.ts";
import type { Frame } from "../../../tools/pictures/recording.ts";
import { mergeFrames, renderRun } from "../../../tools/pictures/run_svg.ts";
import type { Row } from "../../../tools/pictures/screen.ts";

const SIZE = { columns: 20, rows: 2 };

function row(text: string, style = ""): Row {
  return text === "" ? [] : [{ column: 0, width: text.length, text, style }];
}

/** Frames of two lines, a tenth of a second apart. */
function framesOf(...screens: readonly (readonly [string, string])[]): Frame[] {
  return screens.map((lines, index) => ({
    at: 100 * index,
    rows: lines.map((text) => row(text)),
  }));
}

function countOf(svg: string, text: string): number {
  return svg.split(`>${text}</text>`).length - 1;
}

Deno.test("mergeFrames omits frames that equal the one before, and empty ones at the beginning", () => {
  const frames = framesOf(["", ""], ["a", ""], ["a", ""], ["b", ""], ["a", ""]);
  const merged = mergeFrames(frames);
  assert.deepEqual(merged.map(({ at }) => at), [0, 200, 300]);
  assert.deepEqual(merged.map(({ rows }) => rows[0]![0]!.text), ["a", "b", "a"]);
});

Deno.test("renderRun draws a row once for as long as it stays the same", () => {
  const svg = renderRun(framesOf(["stays", "1"], ["stays", "2"], ["stays", "1"]), SIZE);
  assertWellFormed(svg);
  assert.equal(countOf(svg, "stays"), 1);
  assert.equal(countOf(svg, "1"), 2);
  assert.equal(countOf(svg, "2"), 1);
});

Deno.test("renderRun shows each row from its first frame to the one that ends it", () => {
  const svg = renderRun(framesOf(["", "1"], ["", "2"], ["", "3"]), SIZE);
  // 200 ms of frames and 5 s of rest: 100 ms are 1.92 % of it.
  const rules = [...svg.matchAll(/@keyframes (\S+) { (.*) }/g)].map(([, name, keys]) =>
    `${name} ${keys}`
  );
  assert.deepEqual(rules, [
    "f0-1 0% { visibility: visible } 1.92% { visibility: hidden } 100% { visibility: hidden }",
    "f1-2 0% { visibility: hidden } 1.92% { visibility: visible } 3.85% { visibility: hidden } " +
    "100% { visibility: hidden }",
    "f2-3 0% { visibility: hidden } 3.85% { visibility: visible } 100% { visibility: visible }",
  ]);
  assert.match(svg, /<g class="last f2-3"><text [^>]*>3<\/text>/);
  assert.match(svg, /<g class="past f0-1"><text [^>]*>1<\/text>/);
});

Deno.test("renderRun escapes special characters of XML", () => {
  const svg = renderRun(framesOf([`<a & "b">`, ""]), SIZE);
  assertWellFormed(svg);
  assert.match(svg, />&lt;a &amp; &quot;b&quot;&gt;</);
});

Deno.test("renderRun draws bars as shapes as wide as their blocks", () => {
  const frames = [{ at: 0, rows: [row("▕██▌", "cyan"), row("")] }];
  const svg = renderRun(frames, SIZE);
  assertWellFormed(svg);
  const [, d] = svg.match(/<path class="cyan" d="([^"]*)"/)!;
  // Cells of 8.4 pixels: an eighth, two whole ones, a half.
  assert.deepEqual([...d!.matchAll(/h(\d[\d.]*)v/g)].map(([, width]) => width), [
    "1.05",
    "16.8",
    "4.2",
  ]);
});

Deno.test("renderRun draws an empty screen for no frames", () => {
  const svg = renderRun([], SIZE);
  assertWellFormed(svg);
  assert.doesNotMatch(svg, /<text|<g/);
});
