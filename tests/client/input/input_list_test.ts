import assert from "node:assert/strict";
import fc from "fast-check";
import { PRIORITIES } from "../../../lib/client/priority.ts";
import {
  type InputEntry,
  inputLines,
  type InputList,
  parseInputList,
} from "../../../lib/client/input/input_list.ts";

const HEX = "0123456789abcdef".repeat(4);
const OTHER_HEX = "f".repeat(64);

function parse(text: string): InputList {
  return parseInputList(new TextEncoder().encode(text));
}

/** The only entry of a text without problems. */
function entryOf(text: string): InputEntry {
  const { entries, problems } = parse(text);
  assert.deepEqual(problems, [], text);
  assert.equal(entries.length, 1, text);
  return entries[0] as InputEntry;
}

/** The only problem of a text without entries. */
function problemOf(text: string): string {
  const { entries, problems } = parse(text);
  assert.deepEqual(entries, [], text);
  assert.equal(problems.length, 1, text);
  return problems[0]?.message ?? "";
}

const NORMAL = { priority: "NORMAL", sha256: null } as const;

Deno.test("parseInputList reads the documented example", () => {
  const list = parse(`# name or glob        [priority]   [expected digest]
ubuntu.iso            CRITICAL     sha256:${HEX}
photos/*.jpg          HIGH
"two words HIGH.txt"
notes from May.txt    normal
`);
  assert.deepEqual(list, {
    entries: [
      { line: 2, name: "ubuntu.iso", priority: "CRITICAL", sha256: HEX },
      { line: 3, name: "photos/*.jpg", priority: "HIGH", sha256: null },
      { line: 4, name: "two words HIGH.txt", ...NORMAL },
      { line: 5, name: "notes from May.txt", ...NORMAL },
    ],
    problems: [],
  });
});

Deno.test("parseInputList skips comments and blank lines, and counts them", () => {
  assert.deepEqual(parse("").entries, []);
  assert.deepEqual(parse("\n \t\n# a\n\t # b\n#\n"), { entries: [], problems: [] });
  assert.equal(entryOf("\n# x\n\na").line, 4);
  assert.equal(entryOf("a#b").name, "a#b");
  assert.equal(entryOf('"#a"').name, "#a");
});

Deno.test("parseInputList accepts CRLF, a byte-order mark and a missing last newline", () => {
  const expected = [{ line: 1, name: "a", ...NORMAL }, { line: 2, name: "b", ...NORMAL }];
  for (const text of ["a\nb", "a\nb\n", "a\r\nb\r\n", "a\r\nb", "\ufeffa\nb", "\ufeffa\n\ufeffb"]) {
    assert.deepEqual(parse(text), { entries: expected, problems: [] }, JSON.stringify(text));
  }
  assert.deepEqual(parse("\ufeff# comment\r\n\r\n"), { entries: [], problems: [] });
});

Deno.test("parseInputList accepts priorities in any case", () => {
  for (const priority of PRIORITIES) {
    for (const word of [priority, priority.toLowerCase()]) {
      assert.deepEqual(entryOf(`a ${word}`), { line: 1, name: "a", priority, sha256: null });
    }
  }
  assert.equal(entryOf("a\tHiGh").priority, "HIGH");
});

Deno.test("parseInputList accepts digest and priority in either order", () => {
  const expected = { line: 1, name: "a b", priority: "HIGH", sha256: HEX };
  assert.deepEqual(entryOf(`a b HIGH sha256:${HEX}`), expected);
  assert.deepEqual(entryOf(`a b sha256:${HEX} HIGH`), expected);
  assert.deepEqual(entryOf(`"a b"\t SHA256:${HEX.toUpperCase()}  high \t`), expected);
});

Deno.test("parseInputList takes only one priority and keeps the inner blanks of a name", () => {
  const entry = entryOf("a HIGH NORMAL");
  assert.deepEqual([entry.name, entry.priority], ["a HIGH", "NORMAL"]);
  assert.equal(entryOf("  a  b   c  ").name, "a  b   c");
  assert.equal(entryOf("a\u00a0HIGH").name, "a\u00a0HIGH");
  assert.equal(entryOf("a URGENT").name, "a URGENT");
});

Deno.test("parseInputList reads quoted names", () => {
  const rows = [
    ['"HIGH"', "HIGH"],
    ['"a HIGH" CRITICAL', "a HIGH"],
    ['" a "', " a "],
    ['"say \\"hi\\".txt"', 'say "hi".txt'],
    ['"a\\\\b"', "a\\b"],
    ['"a\\b"', "a\\b"],
    [`"a sha256:${HEX}"`, `a sha256:${HEX}`],
    ['"sha256:x" HIGH', "sha256:x"],
    ['a "b" c', 'a "b" c'],
    ['a"', 'a"'],
    ["'a b'", "'a b'"],
  ];
  for (const [text = "", name] of rows) assert.equal(entryOf(text).name, name, text);
});

Deno.test("parseInputList drops a leading ./", () => {
  for (const text of ["./a/b", "././a/b", '"./a/b"']) assert.equal(entryOf(text).name, "a/b");
});

Deno.test("parseInputList describes the mistake in a line", () => {
  const rows: [string, RegExp][] = [
    ["HIGH", /names no file: if a file is called "HIGH"/],
    [`sha256:${HEX}`, /names no file/],
    [`normal sha256:${HEX}`, /names no file/],
    ["a sha256:123", /digest "sha256:123" is not/],
    ["a sha256:", /digest "sha256:" is not/],
    [`a HIGH sha256:${HEX}0`, /is not sha256: and 64/],
    [`a sha256:${"g".repeat(64)}`, /is not sha256: and 64/],
    ["a sha256:123 HIGH", /digest "sha256:123" is not/],
    [`a sha256:${HEX} sha256:${OTHER_HEX}`, /two digests/],
    [`a sha256:${HEX} HIGH sha256:${OTHER_HEX}`, /two digests/],
    ['"a', /quote is not closed/],
    ['"', /quote is not closed/],
    ['"a HIGH', /quote is not closed/],
    ['"a\\"', /quote is not closed/],
    ['"a"HIGH', /after the closing quote stands "HIGH"/],
    ['"a" b HIGH', /after the closing quote stands " b HIGH"/],
    ['"a" HIGH HIGH', /after the closing quote/],
    ['"a" URGENT', /after the closing quote/],
    ['"hi".txt', /after the closing quote/],
    ['""', /it is empty/],
    ["./", /it is empty/],
    ["/etc/passwd", /it is absolute/],
    ["//server/share", /it is absolute/],
    ["/", /it is absolute/],
    ["../a", /segment "\.\."/],
    ["a/../b HIGH", /segment "\.\."/],
    ["..", /segment "\.\."/],
    ["../", /segment "\.\."/],
    [".", /segment "\."/],
    ["a//b", /empty segment/],
    ["!", /excludes no name: write the name in quotes if it begins with "!"/],
    ["!a HIGH", /an exclusion has no priority and no digest/],
    ["!../a", /cannot be a file of the server/],
    ["a\0b", /"a\\x00b" .* control character/],
    ["a\tb", /control character/],
    ["\x1b[2J", /^"\\x1b\[2J" .* control character/],
    ["a\x9b", /control character/],
    ["a".repeat(4097), /longer than 4096 bytes/],
    ["{0,1}".repeat(10), /more than 1000 names/],
  ];
  for (const [text, expected] of rows) {
    assert.match(problemOf(text), expected, JSON.stringify(text));
  }
});

Deno.test("parseInputList reads folders, exclusions, and lines of sha256sum", () => {
  const { entries, problems } = parse([
    "./photos/ HIGH",
    "!photos/raw/",
    '! "two words"',
    '"!a"',
    `${HEX.toUpperCase()}  b c.txt`,
    `${HEX} *d HIGH`,
    `e HIGH ${HEX}`,
    HEX,
  ].join("\n"));
  assert.deepEqual(problems, []);
  assert.deepEqual(entries.map(({ line: _, ...entry }) => entry), [
    { name: "photos/", priority: "HIGH", sha256: null },
    { name: "photos/raw/", ...NORMAL, excludes: true },
    { name: "two words", ...NORMAL, excludes: true },
    { name: "!a", ...NORMAL },
    { name: "b c.txt", priority: "NORMAL", sha256: HEX },
    { name: "d HIGH", priority: "NORMAL", sha256: HEX },
    { name: "e", priority: "HIGH", sha256: HEX },
    { name: HEX, ...NORMAL },
  ]);
});

Deno.test("parseInputList continues after wrong lines", () => {
  const { entries, problems } = parse('a\n"b\n../c\nd HIGH\n');
  assert.deepEqual(entries.map(({ name }) => name), ["a", "d"]);
  assert.deepEqual(problems.map(({ line }) => line), [2, 3]);
});

Deno.test("parseInputList keeps the last of several lines with one name", () => {
  const { entries, problems } = parse('a HIGH\nb\n./a\n"a" CRITICAL\n');
  assert.deepEqual(entries, [
    { line: 2, name: "b", ...NORMAL },
    { line: 4, name: "a", priority: "CRITICAL", sha256: null },
  ]);
  assert.deepEqual(problems.map(({ line }) => line), [1, 3]);
  for (const { message } of problems) assert.match(message, /"a" is named again in line 4/);
});

Deno.test("parseInputList keeps a name whose later line is wrong", () => {
  const { entries, problems } = parse("a HIGH\na sha256:1\n");
  assert.deepEqual(entries, [{ line: 1, name: "a", priority: "HIGH", sha256: null }]);
  assert.deepEqual(problems.map(({ line }) => line), [2]);
});

Deno.test("parseInputList reports only the line that is not UTF-8", () => {
  const bytes = new Uint8Array([0x61, 0x0a, 0xe9, 0x2e, 0x0a, 0xc3, 0xa9, 0x0a]);
  const { entries, problems } = parseInputList(bytes);
  assert.deepEqual(entries.map(({ line, name }) => [line, name]), [[1, "a"], [3, "é"]]);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.line, 2);
  assert.match(problems[0]?.message ?? "", /not valid UTF-8/);
});

/** A text in UTF-16, with its byte-order mark. */
function utf16(text: string, isBigEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2));
  for (const [at, unit] of ["\ufeff", ...text].entries()) {
    view.setUint16(2 * at, unit.charCodeAt(0), !isBigEndian);
  }
  return new Uint8Array(view.buffer);
}

Deno.test("parseInputList reads UTF-16 with a byte-order mark", () => {
  for (const isBigEndian of [false, true]) {
    assert.deepEqual(parseInputList(utf16("a HIGH\r\né.txt\r\n", isBigEndian)), {
      entries: [
        { line: 1, name: "a", priority: "HIGH", sha256: null },
        { line: 2, name: "é.txt", ...NORMAL },
      ],
      problems: [],
    });
    assert.deepEqual(inputLines(utf16("a\n# é\n", isBigEndian)), ["a", "# é"]);
  }
});

Deno.test("parseInputList takes a carriage return alone for a line end", () => {
  const { entries, problems } = parse("a HIGH\rb\r\rc\r\nd\n");
  assert.deepEqual(problems, []);
  assert.deepEqual(entries.map(({ line, name }) => [line, name]), [
    [1, "a"],
    [2, "b"],
    [4, "c"],
    [5, "d"],
  ]);
});

Deno.test("parseInputList distinguishes lines that are not understood from repeated ones", () => {
  const { problems } = parse('a\n"b\na HIGH\n../c\n\u0000\u0001\n');
  assert.deepEqual(problems.map(({ line, isMisread }) => [line, isMisread]), [
    [1, false],
    [2, true],
    [4, true],
    [5, true],
  ]);
});

Deno.test("parseInputList reads back any name in quotes", () => {
  const segment = fc.stringMatching(/^[^\p{C}/]{1,20}$/u).filter((text) => !/^\.\.?$/.test(text));
  const names = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  fc.assert(fc.property(names, fc.constantFrom(...PRIORITIES), (name, priority) => {
    const text = `"${name.replace(/["\\]/g, "\\$&")}" ${priority}`;
    assert.deepEqual(entryOf(text), { line: 1, name, priority, sha256: null });
  }));
});

Deno.test("parseInputList accepts any bytes, and reports each line once", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("a", '"', "HIGH", "../x", " ", "#", `sha256:${HEX}`, "*{", "\r", "./a"),
    fc.array(fc.constantFrom("a", '"', "\\", " ", "HIGH", "sha256:", "{", ",", "["))
      .map((parts) => parts.join("")),
  );
  fc.assert(fc.property(fc.array(line), (lines) => {
    const { entries, problems } = parse(lines.join("\n"));
    const numbers = [...entries, ...problems].map((entry) => entry.line);
    assert.equal(new Set(numbers).size, numbers.length);
    assert.equal(new Set(entries.map(({ name }) => name)).size, entries.length);
    for (const { message } of problems) assert.doesNotMatch(message, /\p{Cc}/u);
    for (const list of [entries, problems]) {
      assert.deepEqual(
        list.map((entry) => entry.line),
        list.map((e) => e.line).sort((a, b) => a - b),
      );
    }
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseInputList(bytes)));
});

Deno.test("parseInputList takes time proportional to the file's size", () => {
  const million = 1_000_000;
  // Quadratic time would take hours here.
  parse("a" + " ".repeat(million) + "b");
  parse('"' + "a\\".repeat(million));
  parse("a ".repeat(million));
  const { entries } = parse("\n".repeat(million) + "a");
  assert.equal(entries.length, 1);
});
