import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fitting,
  padEnd,
  padStart,
  shorten,
  widthOf,
  wrapLine,
  wrappedRows,
} from "../../../lib/display/terminal/text_width.ts";
import { sanitize } from "../../../lib/text/sanitize.ts";

const TEXT = fc.string({ unit: "grapheme" });

Deno.test("widthOf counts columns", () => {
  assert.equal(widthOf("a.iso"), 5);
  assert.equal(widthOf("日本"), 4);
  assert.equal(widthOf("e\u0301"), 1);
  assert.equal(widthOf("🇩🇪"), 2);
  assert.equal(widthOf("\x1b[31mred\x1b[39m"), 3);
});

Deno.test("padEnd and padStart pad to a width in columns", () => {
  assert.equal(padEnd("日", 4), "日  ");
  assert.equal(padStart("日", 4), "  日");
  assert.equal(padEnd("long", 2), "long");
});

for (
  const [text, width, unicode, short] of [
    ["a.iso", 5, true, "a.iso"],
    ["photos/IMG_0001.jpg", 11, true, "photo…1.jpg"],
    ["photos/IMG_0001.jpg", 11, false, "photo...jpg"],
    ["日本語の名前", 6, true, "日…前"],
    ["日本語", 1, true, "…"],
    ["abc", 0, true, ""],
    ["abc", 1, false, "."],
    ["👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 5, true, "👩‍👩‍👧…👩‍👩‍👧"],
    ["e\u0301e\u0301e\u0301e\u0301", 3, true, "e\u0301…e\u0301"],
  ] as const
) {
  Deno.test(`shorten gives ${JSON.stringify(text)} ${width} columns`, () => {
    assert.equal(shorten(text, width, unicode), short);
  });
}

Deno.test("shorten never exceeds the width, and returns a text that fits unchanged", () => {
  fc.assert(fc.property(TEXT, fc.nat(30), fc.boolean(), (text, width, unicode) => {
    const short = shorten(text, width, unicode);
    assert.ok(widthOf(short) <= width);
    if (widthOf(text) <= width) assert.equal(short, text);
  }));
});

Deno.test("wrappedRows counts the rows of a wrapped line", () => {
  assert.equal(wrappedRows("", 10), 1);
  assert.equal(wrappedRows("0123456789", 10), 1);
  assert.equal(wrappedRows("0123456789a", 10), 2);
  assert.equal(wrappedRows("\x1b[31m0123456789\x1b[39m", 10), 1);
  assert.equal(wrappedRows("\x1b[31m0123456789\x1b[39ma", 5), 3);
});

Deno.test("wrappedRows does not cut a wide character in two", () => {
  assert.equal(wrappedRows("日本語", 3), 3);
  assert.equal(wrappedRows("日本語", 4), 2);
});

for (
  const [text, columns, rows] of [
    ["short", 10, ["short"]],
    ["two words and more", 10, ["two words", "  and more"]],
    ["x".repeat(12), 10, ["x".repeat(10), "  xx"]],
    ["ab " + "x".repeat(12), 10, ["ab", "  xxxxxxxx", "  xxxx"]],
    ["日本語 日本語 日本語", 10, ["日本語", "  日本語", "  日本語"]],
    ["\x1b[31mred words here\x1b[39m", 10, ["\x1b[31mred words", "  here\x1b[39m"]],
    ["abc", 1, ["a", "b", "c"]],
    ["", 5, [""]],
  ] as const
) {
  Deno.test(`wrapLine breaks ${JSON.stringify(text)} at ${columns} columns`, () => {
    assert.deepEqual(wrapLine(text, columns, 2), rows);
  });
}

Deno.test("wrapLine drops only blanks, and fits", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 30 });
  fc.assert(fc.property(fc.array(word), fc.integer({ min: 12, max: 60 }), (words, columns) => {
    const text = sanitize(words.join(" "));
    const rows = wrapLine(text, columns, 2);
    const bare = (value: string) => value.replaceAll(/\s/gu, "");
    assert.equal(bare(rows.join("")), bare(text));
    for (const row of rows) assert.ok(widthOf(row) <= columns, JSON.stringify(row));
  }));
});

Deno.test("fitting takes the first text that fits, or shortens the last", () => {
  const texts = ["日本語 and more", "日本語", "long"];
  assert.deepEqual([20, 14, 6, 5, 3].map((width) => fitting(texts, width, true)), [
    "日本語 and more",
    "日本語",
    "日本語",
    "long",
    "l…g",
  ]);
  assert.equal(fitting([], 5, true), "");
});
