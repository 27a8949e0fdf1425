import assert from "node:assert/strict";
import fc from "fast-check";
import type { Priority } from "../../../lib/client/priority.ts";
import type {
  ExplainedFile,
  Explanation,
  Findings,
  LineMeaning,
} from "../../../lib/client/explain/explanation.ts";
import {
  type ExplanationStyle,
  renderExplanation,
} from "../../../lib/display/client/explanation_lines.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";

const KIB = 1024;
const STYLE: ExplanationStyle = {
  columns: Infinity,
  color: false,
  unicode: true,
  input: "input.txt",
  cleanCommand: "client --clean",
};

const FILE: ExplainedFile = {
  path: "a.bin",
  line: 1,
  priority: "NORMAL",
  size: 10 * KIB,
  fate: "fetch",
  share: 0.25,
  resumableBytes: 0,
  isVerified: true,
  replaces: false,
  reason: null,
};

function entry(name: string, found: Findings | null, priority: Priority = "NORMAL"): LineMeaning {
  const entry = { line: 1, name, priority, sha256: null };
  return { type: "entry", entry, isGlob: name.includes("*"), found };
}

const NONE = { files: 0, size: 0, elsewhere: 0, refused: 0, hint: null };

const EXPLANATION: Explanation = {
  lines: [
    ["# what I want", { type: "comment" }],
    ["", { type: "blank" }],
    [
      "ubuntu.iso CRITICAL",
      entry("ubuntu.iso", { ...NONE, files: 1, size: 3 * KIB ** 3 }, "CRITICAL"),
    ],
    ["فيلم/日本語の映画 👩‍👩‍👧 cafe\u0301.mkv", entry("x", { ...NONE, files: 1, size: 700 * KIB })],
    [
      "photos/** HIGH",
      entry("**", { files: 7, size: KIB, elsewhere: 2, refused: 1, hint: null }, "HIGH"),
    ],
    ["later.bin", entry("later.bin", NONE)],
    ["Photos/*", entry("*", { ...NONE, hint: 'the server has no "Photos/*", but "photos/*"' })],
    ["*.iso HIGH", entry("*.iso", { ...NONE, elsewhere: 1 }, "HIGH")],
    ['"open', { type: "mistake", message: 'the quote is not closed: end the name with "' }],
  ].map(([text, meaning], index) => ({ line: index + 1, text, meaning })) as Explanation["lines"],
  files: [
    {
      ...FILE,
      path: "ubuntu.iso",
      line: 3,
      priority: "CRITICAL",
      size: 3 * KIB ** 3,
      share: 0.667,
    },
    {
      ...FILE,
      path: "فيلم/日本語の映画 👩‍👩‍👧 cafe\u0301.mkv",
      line: 4,
      size: 700 * KIB,
      fate: "resume",
      resumableBytes: 100 * KIB,
      share: 0.0667,
      replaces: true,
    },
    { ...FILE, path: "photos/1.jpg", line: 5, fate: "there", share: null },
    { ...FILE, path: "photos/2.jpg", line: 5, fate: "there", share: null, isVerified: false },
    { ...FILE, path: "photos/3.jpg", line: 5, fate: "compare", share: 0.0004 },
    { ...FILE, path: "photos/4.jpg", line: 5, fate: "restart", share: 0.00004, reason: "why" },
    { ...FILE, path: "photos/5.jpg", line: 5, share: 0.267, priority: "HIGH", replaces: true },
    { ...FILE, path: "photos/6.jpg", line: 5, fate: "blocked", share: null, reason: "a folder" },
    {
      ...FILE,
      path: "photos/\x1b[2J\u202e.jpg",
      line: 5,
      priority: null,
      size: null,
      fate: "refused",
      share: null,
      reason: "it has a control character",
    },
  ],
  leftovers: [
    { path: "old.bin", size: 2 * KIB, files: [] },
    { path: null, size: KIB, files: [] },
  ],
};

const GOLDEN = new URL("golden/", import.meta.url);

for (const columns of [20, 40, 80, 200]) {
  Deno.test(`renderExplanation fills ${columns} columns as in the golden file`, async () => {
    const lines = renderExplanation(EXPLANATION, { ...STYLE, columns });
    const golden = await Deno.readTextFile(new URL(`explanation-${columns}.txt`, GOLDEN));
    assert.equal(lines.join("\n") + "\n", golden);
  });
}

Deno.test("renderExplanation shortens nothing in a pipe, and sanitizes names", () => {
  const text = renderExplanation(EXPLANATION, STYLE).join("\n");
  for (const { path } of EXPLANATION.files!.slice(0, -1)) assert.ok(text.includes(path));
  assert.ok(text.includes("photos/\\x1b[2J\\u{202e}.jpg"));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /\x1b|…/);
});

Deno.test("renderExplanation says how much is continued if the server agrees", () => {
  const file = { ...FILE, path: "a.log", fate: "try", size: 2 * KIB, resumableBytes: KIB } as const;
  const text = renderExplanation({ ...EXPLANATION, files: [file] }, STYLE).join("\n");
  assert.match(text, /continued if the server's digest of what is here agrees: 1\.00\/2\.00 KiB/);
});

Deno.test("renderExplanation shows the same text with colours and without", () => {
  for (const columns of [20, 80]) {
    const plain = renderExplanation(EXPLANATION, { ...STYLE, columns });
    const coloured = renderExplanation(EXPLANATION, { ...STYLE, columns, color: true });
    // deno-lint-ignore no-control-regex
    assert.deepEqual(coloured.map((line) => line.replace(/\x1b\[[0-9;]*m/g, "")), plain);
  }
});

Deno.test("renderExplanation says that without a server only the lines are explained", () => {
  const lines = [{ line: 1, text: "*.x", meaning: entry("*.x", null) }];
  assert.deepEqual(renderExplanation({ lines, files: null, leftovers: [] }, STYLE), [
    "line  text  meaning",
    "   1  *.x   NORMAL: all files that match",
    "",
    "There is no server list, so only the lines are explained.",
  ]);
});

Deno.test("renderExplanation reports an empty input list, and that there is nothing to fetch", () => {
  assert.deepEqual(renderExplanation({ lines: [], files: [], leftovers: [] }, STYLE), [
    "input.txt has no line",
    "",
    "There is nothing to fetch.",
  ]);
});

Deno.test("renderExplanation never exceeds the terminal, whatever the names", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 40 });
  const columns = fc.integer({ min: 1, max: 120 });
  fc.assert(fc.property(name, columns, fc.boolean(), (path, columns, unicode) => {
    const lines = [{ line: 1, text: path, meaning: entry("x", { ...NONE, hint: path }) }];
    const files = [{ ...FILE, path }];
    const style = { ...STYLE, columns, unicode };
    for (const line of renderExplanation({ lines, files, leftovers: [] }, style)) {
      assert.ok(widthOf(line) <= columns, `${widthOf(line)} of ${columns}: ${line}`);
    }
  }));
});
