import assert from "node:assert/strict";
import fc from "fast-check";
import { quoted, sanitize } from "../../lib/text/sanitize.ts";

const ESCAPED: readonly (readonly [text: string, shown: string])[] = [
  ["a\nb\tc\rd", "a\\nb\\tc\\rd"],
  ["\0", "\\x00"],
  ["\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"],
  ["\x7f", "\\x7f"],
  ["\x80\x9b31m\x9f", "\\x80\\x9b31m\\x9f"],
  ["invoice\u202efdp.exe", "invoice\\u{202e}fdp.exe"],
  ["\u061c\u200e\u200f", "\\u{61c}\\u{200e}\\u{200f}"],
  ["\u202a\u202b\u202c\u202d", "\\u{202a}\\u{202b}\\u{202c}\\u{202d}"],
  ["\u2066\u2067\u2068\u2069", "\\u{2066}\\u{2067}\\u{2068}\\u{2069}"],
  ["\u2028\u2029", "\\u{2028}\\u{2029}"],
  ["a\u200bb\ufeffc\u2060d\u00ade", "a\\u{200b}b\\u{feff}c\\u{2060}d\\xade"],
  ["\u2061\u206f\u180e\ufff9", "\\u{2061}\\u{206f}\\u{180e}\\u{fff9}"],
  ["\u{e0001}\u{e0041}\u{e007f}", "\\u{e0001}\\u{e0041}\\u{e007f}"],
  ["\ud83d-\ude00", "\\u{d83d}-\\u{de00}"],
];

const UNCHANGED: readonly string[] = [
  "",
  "ubuntu-24.04.iso",
  "two words \\x1b ~ \"'",
  "日本語.txt",
  "한국어",
  "naïve e\u0301",
  "👩\u200d👩\u200d👧 ❤\ufe0f 🇩🇪",
  "نمی\u200cخواهم",
  "\u00a0\u3000",
];

/** Uses numbers, so that it does not repeat the pattern under test. */
function isDangerous(code: number): boolean {
  const ranges = [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x61c, 0x61c],
    [0x200b, 0x200b],
    [0x200e, 0x200f],
    [0x2028, 0x2029],
    [0x202a, 0x202e],
    [0x2066, 0x2069],
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xe0000, 0xe007f],
  ] as const;
  return ranges.some(([first, last]) => first <= code && code <= last);
}

const anyText = fc.array(
  fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
)
  .map((characters) => characters.join(""));
const mixedText = fc.oneof(
  fc.string({ unit: "binary" }),
  anyText,
  fc.array(fc.constantFrom(...ESCAPED.map(([text]) => text), ...UNCHANGED)).map((parts) =>
    parts.join("")
  ),
);

Deno.test("sanitize escapes characters that act on a terminal or are invisible", () => {
  for (const [text, shown] of ESCAPED) assert.equal(sanitize(text), shown);
});

Deno.test("sanitize does not change other text", () => {
  for (const text of UNCHANGED) assert.equal(sanitize(text), text);
});

Deno.test("sanitize escapes each dangerous character and no letter", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (isDangerous(code)) assert.match(sanitize(character), /^\\(?:[nrt]|x..|u\{[0-9a-f]+\})$/);
    else if (/[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u.test(character)) {
      assert.equal(sanitize(character), character);
    }
  }
});

Deno.test("sanitize leaves no dangerous character, and is idempotent", () => {
  fc.assert(fc.property(mixedText, (text) => {
    const shown = sanitize(text);
    assert.ok(!Array.from(shown).some((character) => isDangerous(character.codePointAt(0) ?? 0)));
    assert.equal(sanitize(shown), shown);
  }));
});

Deno.test("quoted puts sanitized text in quotes", () => {
  assert.equal(quoted("a\x1b"), '"a\\x1b"');
});

Deno.test("quoted cuts a long text and splits no character", () => {
  assert.equal(quoted("a".repeat(120)), `"${"a".repeat(120)}"`);
  assert.equal(quoted("a".repeat(121)), `"${"a".repeat(119)}…"`);
  assert.equal(quoted("a".repeat(118) + "😀".repeat(9)), `"${"a".repeat(118)}…"`);
  assert.equal(quoted("a".repeat(117) + "😀".repeat(9)), `"${"a".repeat(117)}😀…"`);
});
