import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import fc from "fast-check";
import { isWirePath } from "../../lib/protocol/payloads.ts";
import { foldedName, formRefusalOf, refusalOf } from "../../lib/fs/safe_path.ts";
import type { Platform } from "../../lib/platform.ts";

const PLATFORMS = ["linux", "darwin", "windows"] as const satisfies readonly Platform[];

/** A path, the platforms that refuse it, and a part of the reason. */
type Row = readonly [
  path: string,
  refusedBy: "all" | "windows" | "posix" | "none",
  reason?: RegExp,
];

const LONG = /longer than/;
const OWN = /own data/;
const CONTROL = /control character/;
const ABSOLUTE = /absolute/;
const DOTS = /segment "\.\.?"/;
const EMPTY = /empty segment/;
const DEVICE = /device/;
const LETTER = /Windows allows no/;
const ENDING = /Windows drops/;

const ROWS: readonly Row[] = [
  // Absolute, in every style.
  ["/etc/passwd", "all", ABSOLUTE],
  ["/", "all", ABSOLUTE],
  ["//server/share/x", "all", ABSOLUTE],
  ["/../x", "all", ABSOLUTE],
  ["\\\\server\\share\\x", "windows", LETTER],
  ["\\\\?\\C:\\x", "windows", LETTER],
  ["\\\\.\\PhysicalDrive0", "windows", LETTER],
  ["\\Windows\\system32", "windows", LETTER],
  ["C:\\x", "windows", LETTER],
  ["C:/x", "windows", LETTER],
  ["C:x", "windows", LETTER],
  ["c:", "windows", LETTER],
  ["a/C:/x", "windows", LETTER],
  ["~/x", "none"],
  ["~root/.ssh/authorized_keys", "none"],
  ["$HOME/x", "none"],
  ["%USERPROFILE%/x", "none"],
  // Segments that lead upwards.
  ["..", "all", DOTS],
  [".", "all", DOTS],
  ["../x", "all", DOTS],
  ["../../../.bashrc", "all", DOTS],
  ["a/../b", "all", DOTS],
  ["a/..", "all", DOTS],
  ["a/../../b", "all", DOTS],
  ["./a", "all", DOTS],
  ["a/./b", "all", DOTS],
  ["..\\..\\x", "windows", LETTER],
  ["a\\..\\..\\x", "windows", LETTER],
  ["a/..\\x", "windows", LETTER],
  ["..%2f..%2fx", "none"],
  ["...", "windows", ENDING],
  ["...x", "none"],
  ["..x/a..b", "none"],
  [".. /x", "windows", ENDING],
  ["../", "all", DOTS],
  ["\uff0e\uff0e/x", "none"],
  ["..\u2215x", "none"],
  // Empty parts.
  ["", "all", /it is empty/],
  ["a//b", "all", EMPTY],
  ["a/", "all", /it ends in "\/"/],
  ["a//", "all", /ends|empty/],
  // Control characters and invalid Unicode.
  ["a\0.txt", "all", CONTROL],
  ["a\nb", "all", CONTROL],
  ["a\rb", "all", CONTROL],
  ["a\tb", "all", CONTROL],
  ["\x1b[2J", "all", CONTROL],
  ["\x1b]0;title\x07", "all", CONTROL],
  ["a\x7f", "all", CONTROL],
  ["a/\x9b31m", "all", CONTROL],
  ["a\x85", "all", CONTROL],
  ["a\ud800", "all", /not valid Unicode/],
  ["\udc00/a", "all", /not valid Unicode/],
  ["invoice\u202efdp.exe", "none"],
  ["a\u2028b", "none"],
  ["a\u200bb", "none"],
  // The client's own folder.
  [".sluice", "all", OWN],
  [".sluice/x", "all", OWN],
  [".sluice/0123.journal", "all", OWN],
  [".SLUICE/x", "all", OWN],
  [".Sluice", "all", OWN],
  [".sluice./x", "all", OWN],
  [".sluice /x", "all", OWN],
  [".sluice. .", "all", OWN],
  [".s\u200cluice/x", "all", OWN],
  ["\ufeff.sluice/x", "all", OWN],
  [".slu\u00adice/x", "all", OWN],
  [".\uff53\uff4c\uff55\uff49\uff43\uff45/x", "all", OWN],
  [".\u017fluice/x", "all", OWN],
  [".slu\u0131ce/x", "all", OWN],
  [".sluice::$INDEX_ALLOCATION/x", "windows", LETTER],
  ["SLUICE~1/x", "windows", OWN],
  ["sluice~2", "windows", OWN],
  ["SL3F0A~1/x", "windows", OWN],
  ["slides~1", "none"],
  ["a/.sluice/x", "none"],
  [".sluice2/x", "none"],
  ["sluice/x", "none"],
  [".sluice.txt", "none"],
  // Windows: letters.
  ["a<b", "windows", LETTER],
  ["a>b", "windows", LETTER],
  ['a"b', "windows", LETTER],
  ["a|b", "windows", LETTER],
  ["what?", "windows", LETTER],
  ["*.jpg", "windows", LETTER],
  ["a.txt:stream", "windows", LETTER],
  ["a.txt::$DATA", "windows", LETTER],
  ["12:30.txt", "windows", LETTER],
  // Windows: devices.
  ["nul", "windows", DEVICE],
  ["NUL.txt", "windows", DEVICE],
  ["nul.tar.gz", "windows", DEVICE],
  ["NUL .txt", "windows", DEVICE],
  ["a/aux/b", "windows", DEVICE],
  ["a/b/con", "windows", DEVICE],
  ["Con.log", "windows", DEVICE],
  ["prn", "windows", DEVICE],
  ["com1", "windows", DEVICE],
  ["COM0.x", "windows", DEVICE],
  ["com\u00b9", "windows", DEVICE],
  ["com\u00b3.txt", "windows", DEVICE],
  ["lpt9.txt", "windows", DEVICE],
  ["LPT\u00b2", "windows", DEVICE],
  ["CONIN$", "windows", DEVICE],
  ["conout$.txt", "windows", DEVICE],
  ["nul\u00a0.txt", "none"],
  ["null", "none"],
  ["com10", "none"],
  ["com", "none"],
  ["auxiliary/console", "none"],
  ["a.nul", "none"],
  // Windows: endings.
  ["a.", "windows", ENDING],
  ["a ", "windows", ENDING],
  ["a./b", "windows", ENDING],
  ["a /b", "windows", ENDING],
  ["a. .", "windows", ENDING],
  [" a", "none"],
  [".a", "none"],
  // Lengths.
  ["a".repeat(255), "none"],
  ["a".repeat(256), "all", LONG],
  [`a/${"a".repeat(256)}/b`, "all", LONG],
  ["é".repeat(127), "none"],
  ["é".repeat(128), "posix", LONG],
  ["😀".repeat(63), "none"],
  ["😀".repeat(64), "posix", LONG],
  ["😀".repeat(128), "all", LONG],
  [Array(2049).fill("a").join("/"), "all", LONG],
  [Array(2048).fill("a").join("/"), "none"],
  // Unusual names that are allowed.
  ["-rf", "none"],
  ["--output=x", "none"],
  [".bashrc", "none"],
  [".git/hooks/post-checkout", "none"],
  ["`id`;$(id)&", "none"],
  ["photo (1).jpg", "none"],
  ["日本語/한국어.txt", "none"],
  ["👩\u200d👧.png", "none"],
  ["__proto__", "none"],
  ["constructor", "none"],
];

for (const platform of PLATFORMS) {
  Deno.test(`refusalOf refuses hostile names on ${platform}`, () => {
    for (const [path, refusedBy, wanted] of ROWS) {
      const isRefused = refusedBy === "all" ||
        (refusedBy === "windows") === (platform === "windows") && refusedBy !== "none";
      const reason = refusalOf(path, platform);
      if (!isRefused) assert.equal(reason, null, JSON.stringify(path));
      else assert.match(reason ?? "", wanted ?? /./, JSON.stringify(path));
    }
  });

  Deno.test(`refusalOf allows nothing outside the output folder on ${platform}`, () => {
    const { join, sep } = platform === "windows" ? win32 : posix;
    const root = join(sep, "out");
    fc.assert(fc.property(hostilePath, (path) => {
      if (refusalOf(path, platform) !== null) return;
      assert.ok(isWirePath(path));
      assert.equal(join(root, path), [root, ...path.split("/")].join(sep));
      assert.notEqual(path.split("/")[0]?.toLowerCase(), ".sluice");
    }));
  });

  Deno.test(`refusalOf gives a reason in one printable line on ${platform}`, () => {
    fc.assert(fc.property(hostilePath, (path) => {
      assert.match(refusalOf(path, platform) ?? "none", /^[\p{L}\p{N}\p{P}\p{S} ]+$/u);
    }));
  });
}

const hostilePath = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(
    fc.constantFrom("a", "..", ".", "/", "\\", ":", "C:", "nul", " ", "~1", ".sluice", "é", "\0"),
    { maxLength: 8 },
  ).map((parts) => parts.join("")),
);

Deno.test("refusalOf treats other systems like Linux", () => {
  assert.equal(refusalOf("a\\b", "freebsd"), null);
  assert.match(refusalOf("../a", "freebsd") ?? "", DOTS);
});

Deno.test("formRefusalOf refuses exactly the texts that are no wire path or have control characters", () => {
  fc.assert(fc.property(hostilePath, (path) => {
    assert.equal(formRefusalOf(path) === null, isWirePath(path) && !/\p{Cc}/u.test(path));
  }));
});

Deno.test("foldedName gives names that differ only in case different keys on linux", () => {
  assert.notEqual(foldedName("A", "linux"), foldedName("a", "linux"));
  assert.notEqual(foldedName("\u00e9", "linux"), foldedName("e\u0301", "linux"));
});

Deno.test("foldedName gives equal names on darwin one key", () => {
  const groups = [
    ["README.md", "readme.MD"],
    ["\u00e9", "e\u0301", "\u00c9", "E\u0301"],
    ["straße", "STRASSE", "straẞe"],
    ["σ", "ς", "Σ"],
    ["a\u200cb", "ab"],
    ["\uac00", "\u1100\u1161"],
    ["\ufb01x", "FIX"],
  ];
  for (const [first = "", ...others] of groups) {
    for (const other of others) {
      assert.equal(foldedName(first, "darwin"), foldedName(other, "darwin"), other);
    }
  }
  assert.notEqual(foldedName("a", "darwin"), foldedName("b", "darwin"));
});

Deno.test("foldedName gives equal names on windows one key, and no others", () => {
  assert.equal(foldedName("README.md", "windows"), foldedName("readme.MD", "windows"));
  assert.equal(foldedName("É/ß.txt", "windows"), foldedName("é/ß.TXT", "windows"));
  assert.equal(foldedName("\u1fb3", "windows"), foldedName("\u1fbc", "windows"));
  assert.notEqual(foldedName("straße", "windows"), foldedName("strasse", "windows"));
  assert.notEqual(foldedName("\u00e9", "windows"), foldedName("e\u0301", "windows"));
});

Deno.test("foldedName ignores the case of every letter on darwin and windows", () => {
  for (let code = 0; code < 0x110000; code++) {
    const letter = String.fromCodePoint(code);
    for (const other of [letter.toUpperCase(), letter.toLowerCase()]) {
      if (other === letter) continue;
      assert.equal(foldedName(other, "darwin"), foldedName(letter, "darwin"), letter);
      if (other.length !== letter.length) continue;
      assert.equal(foldedName(other, "windows"), foldedName(letter, "windows"), letter);
    }
  }
});

Deno.test("foldedName keeps the segments of a path", () => {
  for (const platform of PLATFORMS) {
    const segments = ["Äß", "b", "\u0130"];
    assert.equal(
      foldedName(segments.join("/"), platform),
      segments.map((segment) => foldedName(segment, platform)).join("/"),
    );
  }
});
