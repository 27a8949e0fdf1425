import assert from "node:assert/strict";
import {
  type ExplainedFile,
  explainFiles,
  explainLines,
  type Fate,
  type Findings,
  totalsOf,
} from "../../../lib/client/explain/explanation.ts";
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import type { LocalState } from "../../../lib/client/disk/local_state.ts";
import { makePlan } from "../../../lib/client/input/plan.ts";
import type { ListedFile } from "../../../lib/protocol/payloads.ts";

const HEX = "0123456789abcdef".repeat(4);
const encoder = new TextEncoder();

const NOTHING: LocalState = {
  hasJournal: false,
  present: "nothing",
  existing: null,
  resumableBytes: 0,
  discardReason: null,
  kept: [],
  obstacle: null,
};

function serverOf(input: string, sizes: Readonly<Record<string, number>>) {
  const files = new Map<string, ListedFile>(
    Object.entries(sizes).map((
      [path, size],
    ) => [path, { path, size, modified: 0, version: "v" }]),
  );
  const { entries } = parseInputList(encoder.encode(input));
  return { files, plan: makePlan(entries, files, "linux") };
}

/** The meaning of each line of an input, for a server with these files. */
function meaningsOf(input: string, sizes: Readonly<Record<string, number>>): unknown[] {
  return explainLines(encoder.encode(input), serverOf(input, sizes)).map(({ meaning }) =>
    meaning.type === "entry" ? meaning.found : meaning.type
  );
}

/** The explanation of each file, with the local states `found`, by path. */
function filesOf(
  input: string,
  sizes: Readonly<Record<string, number>>,
  found: Readonly<Record<string, Partial<LocalState>>> = {},
  verify = true,
): ExplainedFile[] {
  const { plan } = serverOf(input, sizes);
  const states = new Map<string, LocalState>();
  for (const path of plan.files.keys()) states.set(path, { ...NOTHING, ...found[path] });
  return explainFiles(plan, states, { verify, canTry: true, keepExisting: false });
}

const NONE: Findings = { files: 0, size: 0, elsewhere: 0, refused: 0, hint: null };

Deno.test("explainLines returns every line with its number and its text", () => {
  const input = '\ufeff# files \r\n\r\n  a HIGH\t\n"b\nc\xff\n';
  const lines = explainLines(encoder.encode(input), null);
  assert.deepEqual(lines.map(({ line, text }) => [line, text]), [
    [1, "# files"],
    [2, ""],
    [3, "a HIGH"],
    [4, '"b'],
    [5, "cÿ"],
  ]);
  const types = lines.map(({ meaning }) => meaning.type);
  assert.deepEqual(types, ["comment", "blank", "entry", "mistake", "entry"]);
});

Deno.test("explainLines returns nothing for an empty list, and reads UTF-16", () => {
  assert.deepEqual(explainLines(new Uint8Array(), null), []);
  const lines = explainLines(Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0), null);
  assert.deepEqual(lines.map(({ line, meaning }) => [line, meaning.type]), [[1, "entry"]]);
});

Deno.test("explainLines replaces invalid UTF-8 with U+FFFD", () => {
  const [line] = explainLines(Uint8Array.of(0x61, 0xff, 0x62), null);
  assert.deepEqual([line!.text, line!.meaning.type], ["a\ufffdb", "mistake"]);
});

Deno.test("explainLines finds no files without a server", () => {
  const [line] = explainLines(encoder.encode(`*.bin HIGH sha256:${HEX}`), null);
  assert.deepEqual(line!.meaning, {
    type: "entry",
    entry: { line: 1, name: "*.bin", priority: "HIGH", sha256: HEX },
    isGlob: true,
    found: null,
  });
});

Deno.test("explainLines counts the files of each line once, where it decides", () => {
  const sizes = { "a.x": 1, "b.x": 20, "c.x": 300, "d": 4 };
  assert.deepEqual(meaningsOf("*.x\na.x CRITICAL\n[bc].x\nd", sizes), [
    { ...NONE, elsewhere: 3 },
    { ...NONE, files: 1, size: 1 },
    { ...NONE, files: 2, size: 320 },
    { ...NONE, files: 1, size: 4 },
  ]);
});

Deno.test("explainLines returns a hint for a line that matches nothing, if there is a similar name", () => {
  const [waiting, misspelt] = meaningsOf("later\nA.X", { "a.x": 1 }) as Findings[];
  assert.deepEqual(waiting, NONE);
  assert.match(misspelt!.hint ?? "", /but it has "a\.x"/);
});

Deno.test("explainLines counts the files of a line that are refused", () => {
  const sizes = { "a.x": 1, [`${"n".repeat(300)}.x`]: 1 };
  assert.deepEqual(meaningsOf("*.x", sizes), [{ ...NONE, files: 1, size: 1, refused: 1 }]);
});

for (
  const [fate, found, verify] of [
    ["fetch", {}, true],
    ["there", { present: "same" }, true],
    ["there", { present: "same" }, false],
    ["compare", { present: "same size" }, true],
    ["fetch", { present: "same size" }, false],
    ["fetch", { present: "other" }, true],
    ["resume", { resumableBytes: 5 }, true],
    ["resume", { resumableBytes: 5, present: "other" }, true],
    ["compare", { resumableBytes: 5, present: "same size" }, true],
    ["try", { discardReason: "outdated", kept: [{ source: "partial", length: 5 }] }, true],
    ["try", { present: "other", kept: [{ source: "final", length: 5 }] }, false],
    ["restart", { discardReason: "outdated" }, true],
    ["restart", { discardReason: "unreadable" }, false],
    ["blocked", { obstacle: "a folder stands there" }, true],
    ["blocked", { obstacle: "a folder stands there", present: "same" }, true],
  ] as readonly (readonly [Fate, Partial<LocalState>, boolean])[]
) {
  const what = JSON.stringify(found);
  Deno.test(`explainFiles returns "${fate}" for ${what} ${verify ? "with" : "without"} digests`, () => {
    assert.equal(filesOf("a", { a: 10 }, { a: found }, verify)[0]!.fate, fate);
  });
}

Deno.test("explainFiles counts the bytes that are tried as if they were kept", () => {
  const kept = [{ source: "final", length: 4 }] as const;
  const files = filesOf("a", { a: 10 }, { a: { present: "other", kept } });
  assert.deepEqual([files[0]!.resumableBytes, files[0]!.share], [4, 1]);
  assert.equal(totalsOf(files)[0]!.lacking, 6);
});

Deno.test("explainFiles compares with a digest of the input list, whatever --verify says", () => {
  const [file] = filesOf(`a sha256:${HEX}`, { a: 10 }, { a: { present: "same size" } }, false);
  assert.deepEqual([file!.fate, file!.isVerified], ["compare", true]);
});

Deno.test("explainFiles orders by line, then by path, refused files among the others", () => {
  const long = "b".repeat(300);
  const files = filesOf("*\nc HIGH", { d: 1, c: 1, [long]: 1, a: 1 });
  assert.deepEqual(files.map(({ path, line }) => [path.slice(0, 3), line]), [
    ["a", 1],
    ["bbb", 1],
    ["d", 1],
    ["c", 2],
  ]);
  const { fate, share, priority, size, reason } = files[1]!;
  assert.deepEqual([fate, share, priority, size], ["refused", null, null, null]);
  assert.match(reason ?? "", /longer than 255/);
});

Deno.test("explainFiles shares by weight, and then evenly between files that have to be fetched", () => {
  const input = "c* CRITICAL\nh* HIGH\nn*\n";
  const sizes = { c1: 9, c2: 5, h1: 9, h2: 9, h3: 0, n1: 9, n2: 9, n3: 9 };
  const found = {
    h2: { present: "same" },
    n1: { resumableBytes: 4 },
    n3: { obstacle: "why" },
  } as const;
  const files = filesOf(input, sizes, found);
  assert.deepEqual(files.map(({ path, share }) => [path, share]), [
    ["c1", 10 / 15 / 2],
    ["c2", 10 / 15 / 2],
    ["h1", 4 / 15],
    ["h2", null],
    ["h3", null],
    ["n1", 1 / 15 / 2],
    ["n2", 1 / 15 / 2],
    ["n3", null],
  ]);
  assert.deepEqual(totalsOf(files), [
    { priority: "CRITICAL", files: 2, size: 14, lacking: 14, share: 10 / 15 },
    { priority: "HIGH", files: 3, size: 18, lacking: 9, share: 4 / 15 },
    { priority: "NORMAL", files: 3, size: 27, lacking: 14, share: 1 / 15 },
  ]);
});
