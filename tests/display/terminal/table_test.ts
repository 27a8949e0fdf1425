import assert from "node:assert/strict";
import fc from "fast-check";
import { type Column, renderTable } from "../../../lib/display/terminal/table.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";

const COLUMNS: readonly Column[] = [
  { title: "line", align: "right" },
  { title: "size", align: "right", dropOrder: 1 },
  { title: "name", fit: "shorten" },
  { title: "what happens", fit: "wrap" },
];

const ROWS = [
  ["1", "5 B", "a.bin", "download"],
  ["12", "1.00 MiB", "photos/summer/日本 in the evening.jpg", "there: its digest decides"],
].map((row) => row.map((text) => ({ text })));

function render(columns: number, paintTitles?: (text: string) => string): string[] {
  return renderTable(COLUMNS, ROWS, { columns, unicode: true, ...paintTitles && { paintTitles } });
}

Deno.test("renderTable shortens nothing without a limit", () => {
  assert.deepEqual(render(Infinity), [
    "line      size  name                                   what happens",
    "   1       5 B  a.bin                                  download",
    "  12  1.00 MiB  photos/summer/日本 in the evening.jpg  there: its digest decides",
  ]);
});

Deno.test("renderTable shortens names before it drops a column", () => {
  assert.deepEqual(render(70), [
    "line      size  name                         what happens",
    "   1       5 B  a.bin                        download",
    "  12  1.00 MiB  photos/summer…e evening.jpg  there: its digest decides",
  ]);
});

Deno.test("renderTable drops columns before it shortens names to fewer than 16 columns", () => {
  assert.deepEqual(render(56), [
    "line  name                      what happens",
    "   1  a.bin                     download",
    "  12  photos/summe…evening.jpg  there: its digest",
    "                                decides",
  ]);
});

Deno.test("renderTable wraps sentences where there is little room", () => {
  assert.deepEqual(render(40), [
    "line  name              what happens",
    "   1  a.bin             download",
    "  12  photos/s…ing.jpg  there: its",
    "                        digest decides",
  ]);
});

Deno.test("renderTable puts sentences below their rows where there is hardly any room", () => {
  assert.deepEqual(render(24), [
    "line  name",
    "   1  a.bin",
    "      download",
    "  12  photos/su…ning.jpg",
    "      there: its digest",
    "      decides",
  ]);
});

Deno.test("renderTable colours cells and titles without shifting them", () => {
  const strong = (text: string) => `\x1b[1m${text}\x1b[22m`;
  const [title, row] = renderTable(
    [{ title: "a", align: "right" }, { title: "name" }],
    [[{ text: "12", paint: strong }, { text: "x" }]],
    { columns: 80, unicode: true, paintTitles: strong },
  );
  assert.equal(title, " \x1b[1ma\x1b[22m  \x1b[1mname\x1b[22m");
  assert.equal(row, "\x1b[1m12\x1b[22m  x");
});

Deno.test("renderTable leaves out empty columns, and titles if asked to", () => {
  const columns = [{ title: "a" }, { title: "" }, {
    title: "c",
    minWidth: 3,
    align: "right",
  }] as const;
  const rows = [[{ text: "x" }, { text: "" }, { text: "z" }]];
  const options = { columns: 80, unicode: true };
  assert.deepEqual(renderTable(columns, rows, options), ["a    c", "x    z"]);
  assert.deepEqual(renderTable(columns, rows, { ...options, hasTitles: false }), ["x    z"]);
  assert.deepEqual(renderTable([], [], options), [""]);
});

Deno.test("renderTable never exceeds its columns", () => {
  const text = fc.oneof(fc.string({ maxLength: 60 }), fc.stringMatching(/^[日本語 ab🎉é]{0,40}$/u));
  const rows = fc.array(fc.tuple(text, text, text, text), { maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 120 }), fc.boolean(), (rows, columns, unicode) => {
      const paint = (text: string) => `\x1b[31m${text}\x1b[39m`;
      const cells = rows.map((row) => row.map((text) => ({ text, paint })));
      for (const line of renderTable(COLUMNS, cells, { columns, unicode, paintTitles: paint })) {
        assert.ok(widthOf(line) <= columns, `${widthOf(line)} of ${columns}: ${line}`);
      }
    }),
  );
});
