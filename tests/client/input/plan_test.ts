import assert from "node:assert/strict";
import fc from "fast-check";
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import { makePlan, type Plan } from "../../../lib/client/input/plan.ts";
import type { ListedFile } from "../../../lib/protocol/payloads.ts";
import { foldedName, refusalOf } from "../../../lib/fs/safe_path.ts";
import type { Platform } from "../../../lib/platform.ts";

const HEX = "0123456789abcdef".repeat(4);

function listOf(paths: readonly string[]): Map<string, ListedFile> {
  return new Map(paths.map((path) => [path, { path, size: 1, modified: 0, version: "v" }]));
}

/** The plan for an input file and a server's paths. */
function planOf(input: string, paths: readonly string[], platform: Platform = "linux"): Plan {
  const { entries } = parseInputList(new TextEncoder().encode(input));
  return makePlan(entries, listOf(paths), platform);
}

/** The planned files, as "path priority". */
function chosen({ files }: Plan): string[] {
  return Array.from(files, ([path, { priority }]) => `${path} ${priority}`);
}

function reasonFor({ refused }: Plan, path: string): string {
  return refused.find((file) => file.path === path)?.reason ?? "none";
}

function hintFor(input: string, paths: readonly string[]): string | null | undefined {
  const { waiting } = planOf(input, paths);
  assert.equal(waiting.length, 1, input);
  return waiting[0]?.hint;
}

Deno.test("makePlan plans what the entries name, with their attributes", () => {
  const plan = planOf(`a HIGH sha256:${HEX}\n\nb`, ["b", "a", "c"]);
  assert.deepEqual([...plan.files], [
    ["a", { file: listOf(["a"]).get("a"), priority: "HIGH", sha256: HEX, line: 1 }],
    ["b", { file: listOf(["b"]).get("b"), priority: "NORMAL", sha256: null, line: 3 }],
  ]);
  assert.deepEqual([plan.waiting, plan.refused], [[], []]);
});

Deno.test("makePlan orders by line, then as the server does", () => {
  const plan = planOf("*.x HIGH\nb\n*.y", ["2.y", "b", "2.x", "1.y", "1.x"]);
  assert.deepEqual(chosen(plan), ["2.x HIGH", "1.x HIGH", "b NORMAL", "2.y NORMAL", "1.y NORMAL"]);
});

Deno.test("makePlan prefers an entry with a file's own name to any glob, and the last glob to others", () => {
  const paths = ["a.x", "b.x"];
  assert.deepEqual(chosen(planOf("*.x\na.x CRITICAL", paths)), ["b.x NORMAL", "a.x CRITICAL"]);
  assert.deepEqual(chosen(planOf("a.x CRITICAL\n*.x", paths)), ["a.x CRITICAL", "b.x NORMAL"]);
  assert.deepEqual(chosen(planOf("*.x\na.* HIGH\n?.x", paths)), ["a.x NORMAL", "b.x NORMAL"]);
  assert.deepEqual(planOf("a.x CRITICAL\n*.x", paths).waiting, []);
});

Deno.test("makePlan matches a name that is on the server with that file only", () => {
  assert.deepEqual(chosen(planOf("[a].txt", ["[a].txt", "a.txt"])), ["[a].txt NORMAL"]);
  assert.deepEqual(chosen(planOf("[a].txt", ["a.txt"])), ["a.txt NORMAL"]);
  assert.deepEqual(chosen(planOf("a{", ["a{"])), ["a{ NORMAL"]);
});

Deno.test("makePlan expects a glob's digest of each of its files", () => {
  const { files } = planOf(`*.x sha256:${HEX}`, ["a.x", "b.x"]);
  assert.deepEqual([...files.values()].map(({ sha256 }) => sha256), [HEX, HEX]);
});

Deno.test("makePlan lists entries that mean no file, by line", () => {
  const { waiting, files } = planOf("x\na\n*.y\nz", ["a"]);
  assert.deepEqual(waiting.map(({ entry, hint }) => [entry.line, entry.name, hint]), [
    [1, "x", null],
    [3, "*.y", null],
    [4, "z", null],
  ]);
  assert.deepEqual([...files.keys()], ["a"]);
});

Deno.test("makePlan takes an empty input, an empty list, and names like members of objects", () => {
  assert.equal(planOf("", ["a"]).files.size, 0);
  assert.equal(planOf("*", []).waiting.length, 1);
  assert.deepEqual(chosen(planOf("__proto__", ["__proto__"])), ["__proto__ NORMAL"]);
  assert.equal(planOf("constructor", []).waiting[0]?.hint, null);
});

Deno.test("makePlan refuses names that may not be written, and does not wait for them", () => {
  const hostile = ["../x", "/etc/passwd", "a/../b", ".sluice/x", "a\x1bb", "ok"];
  const plan = planOf("**\n.sluice/x", hostile);
  assert.deepEqual([...plan.files.keys()], ["ok"]);
  assert.deepEqual(plan.waiting, []);
  for (const path of hostile.slice(0, -1)) {
    assert.equal(reasonFor(plan, path), refusalOf(path, "linux"));
  }
  assert.equal(plan.refused.length, 5);
});

Deno.test("makePlan refuses by the rules of its platform", () => {
  const paths = ["aux.txt", "a:b", "x\\y"];
  assert.equal(planOf("*", paths, "linux").files.size, 3);
  assert.equal(planOf("*", paths, "windows").refused.length, 3);
});

Deno.test("makePlan accepts the first path of those that the platform takes for one name", () => {
  for (const platform of ["darwin", "windows"] as const) {
    const plan = planOf("*", ["b", "readme", "README", "Readme"], platform);
    assert.deepEqual([...plan.files.keys()], ["b", "README"]);
    assert.match(reasonFor(plan, "readme"), /same here as "README"/);
    assert.match(reasonFor(plan, "Readme"), /same here as "README"/);
  }
  assert.equal(planOf("*", ["readme", "README"], "linux").files.size, 2);
  assert.equal(planOf("*", ["\u00e9", "e\u0301"], "darwin").files.size, 1);
  assert.deepEqual([...planOf("readme", ["readme", "README"], "darwin").files.keys()], ["readme"]);
});

Deno.test("makePlan refuses a file where a folder is needed", () => {
  const plan = planOf("**", ["a/b", "a/c/d", "a", "ab"]);
  assert.deepEqual([...plan.files.keys()], ["a", "ab"]);
  assert.match(reasonFor(plan, "a/b"), /folder is a file here, "a"/);
  assert.match(reasonFor(plan, "a/c/d"), /folder is a file here, "a"/);
  const folded = planOf("**", ["a", "A/b", "a/c"], "windows");
  assert.deepEqual([...folded.files.keys()], ["A/b", "a/c"]);
  assert.match(reasonFor(folded, "a"), /is a folder here, for "A\/b"/);
});

Deno.test("makePlan does not let a refused file refuse others", () => {
  const plan = planOf("**", ["a", "A/b", "a/b", "a/b/c", "aux", "b"], "windows");
  assert.deepEqual([...plan.files.keys()], ["A/b", "b"]);
  assert.match(reasonFor(plan, "a/b/c"), /folder is a file here, "A\/b"/);
  assert.deepEqual([...planOf("**", ["nul", "x", "X/nul"], "windows").files.keys()], ["x"]);
});

Deno.test("makePlan takes the name of a folder for all files in it", () => {
  const paths = ["a/b", "a/c/d", "ab", "c"];
  for (const input of ["a", "a/", '"a/"', "./a/"]) {
    assert.deepEqual([...planOf(input, paths).files.keys()].sort(), ["a/b", "a/c/d"], input);
  }
  // Folders named by a glob, a file of that name, and a folder that does not exist.
  assert.deepEqual([...planOf("?/", paths).files.keys()].sort(), ["a/b", "a/c/d"]);
  assert.deepEqual([...planOf("c", paths).files.keys()], ["c"]);
  assert.equal(planOf("c/", paths).waiting.length, 1);
});

Deno.test("makePlan leaves out what a later exclusion means, and no file named by itself", () => {
  const paths = ["a/1.raw", "a/2.jpg", "a/b/3.raw", "c.raw"];
  const rows: [string, string[]][] = [
    ["**\n!*.raw", ["a/1.raw", "a/2.jpg", "a/b/3.raw"]],
    ["**\n!**/*.raw", ["a/2.jpg"]],
    ["**\n!a/", ["c.raw"]],
    ["!a\n**", paths],
    ["**\n!a\na/b/", ["a/b/3.raw", "c.raw"]],
    ["a/1.raw\n**\n!**/*.raw", ["a/1.raw", "a/2.jpg"]],
    ["!a/1.raw\n**", ["a/2.jpg", "a/b/3.raw", "c.raw"]],
    ['**\n!"a/2.jpg"', ["a/1.raw", "a/b/3.raw", "c.raw"]],
  ];
  for (const [input, expected] of rows) {
    const plan = planOf(input, paths);
    assert.deepEqual([...plan.files.keys()].sort(), expected, input);
    assert.deepEqual(plan.waiting, [], input);
  }
});

Deno.test("makePlan takes a name for the only file that differs in Unicode form", () => {
  const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"];
  assert.deepEqual([...planOf(composed, [decomposed]).files.keys()], [decomposed]);
  assert.deepEqual([...planOf(`${decomposed} HIGH`, ["x", composed]).files.keys()], [composed]);
  // With both, each means itself.
  const both = planOf(composed, [composed, decomposed]);
  assert.deepEqual([...both.files.keys()], [composed]);
});

Deno.test("makePlan hints at what the user may have meant", () => {
  const paths = [
    "a.iso",
    "two words.txt",
    "photos/2024/a.jpg",
    "Read Me.md",
    "caf\u00e9",
    "scan [1].pdf",
  ];
  const rows: [string, RegExp][] = [
    [
      "a.iso URGENT",
      /no "a\.iso URGENT", but it has "a\.iso"; "URGENT" is not a priority \(CRITICAL, /,
    ],
    ["two words.txt very URGENT", /but it has "two words\.txt"; "very URGENT" is not a priority/],
    ["*.iso URGENT", /but it has "\*\.iso"; "URGENT" is not a priority/],
    ["a.iso HIGH # soon", /but it has "a\.iso"; a comment needs a line of its own/],
    ["a.iso # soon", /but it has "a\.iso"; a comment needs a line of its own/],
    ["a.iso HIGH NORMAL", /but it has "a\.iso"; write one priority/],
    ["a.iso\u00a0HIGH", /but it has "a\.iso"; write one priority, with a plain space/],
    ["Photos", /but it has "photos\/": write it exactly so/],
    ["A.ISO", /no "A\.ISO", but it has "a\.iso": write it exactly so/],
    ["read me.md", /but it has "Read Me\.md"/],
    ["CAFE\u0301", /but it has "caf\u00e9"/],
    ["'a.iso'", /but it has "a\.iso"; only " quotes a name/],
    ["“a.iso”", /but it has "a\.iso"; only " quotes a name/],
    ["HIGH a.iso", /but it has "a\.iso"; write the priority behind the name/],
    ["critical: photos/", /but it has "photos\/"; write the priority behind the name/],
    ["scan [1].*", /but it has "scan \[\[\]1\]\.\*"; in a glob, \[x\] is one character/],
    ["a.iso,", /but it has "a\.iso"; write one name a line/],
    ["photos/2024/*.JPG", /but it has "photos\/2024\/a\.jpg": capital letters matter in globs/],
    ["photos\\2024\\a.jpg", /but it has "photos\/2024\/a\.jpg"/],
    ["photos\\2024\\*.jpg", /but it has "photos\/2024\/\*\.jpg"/],
    ["Photos\\2024\\A.jpg", /but it has "photos\/2024\/a\.jpg"/],
  ];
  for (const [input, wanted] of rows) assert.match(hintFor(input, paths) ?? "none", wanted, input);
  for (const input of ["b.iso", "b.iso URGENT", "*.png", "photos/*.png"]) {
    assert.equal(hintFor(input, paths), null, input);
  }
});

Deno.test("makePlan gives reasons and hints in printable text", () => {
  const plan = planOf("x*\nevil\u202e", ["xa", "xA\u202e", "xa\u202e", "EVIL\u202e"], "windows");
  for (const text of [...plan.refused.map(({ reason }) => reason), plan.waiting[0]?.hint ?? ""]) {
    assert.doesNotMatch(text, /\u202e/);
    assert.match(text, /\\u\{202e\}/);
  }
});

Deno.test("makePlan plans only files that can all be written side by side", () => {
  const paths = fc.array(
    fc.array(fc.constantFrom("a", "A", "b", "é", "e\u0301", "nul", "..", ".sluice"), {
      minLength: 1,
      maxLength: 3,
    }).map((segments) => segments.join("/")),
  );
  const platforms = fc.constantFrom("linux", "darwin", "windows");
  fc.assert(fc.property(paths, platforms, (all, platform) => {
    const { files, waiting, refused } = planOf("**\na\n*/b HIGH", all, platform);
    const keys = [...files.keys()].map((path) => foldedName(path, platform));
    assert.equal(new Set(keys).size, keys.length);
    for (const key of keys) {
      assert.ok(!keys.some((other) => other.startsWith(`${key}/`)), `${key} is also a folder`);
    }
    for (const path of files.keys()) assert.equal(refusalOf(path, platform), null);
    assert.deepEqual(
      [...files.keys(), ...refused.map(({ path }) => path)].sort(),
      [...new Set(all)].sort(),
    );
    if (all.length > 0) assert.ok(waiting.every(({ entry }) => entry.name !== "**"));
  }));
});

Deno.test("makePlan handles 10,000 names and 100,000 files", () => {
  const paths = Array.from({ length: 100_000 }, (_, i) => `photos/day-${i % 300}/IMG_${i}.jpg`);
  const files = listOf(paths);
  const text = paths.filter((_, i) => i % 10 === 0).map((path) => `${path} HIGH`).join("\n");
  const { entries } = parseInputList(new TextEncoder().encode(text));
  assert.equal(makePlan(entries, files, "linux").files.size, 10_000);
  // Ten thousand mistakes must not each take a walk of the whole list.
  const missing = entries.map((entry) => ({ ...entry, name: `${entry.name}.part` }));
  assert.equal(makePlan(missing, files, "darwin").waiting.length, 10_000);
});

Deno.test("makePlan refuses names that the disk takes for one, also on Linux", () => {
  const entries = parseInputList(new TextEncoder().encode("**")).entries;
  const files = listOf(["README.txt", "readme.txt", "caf\u00e9", "cafe\u0301"]);
  assert.equal(makePlan(entries, files, "linux").files.size, 4);
  const folded = makePlan(entries, files, "linux", { foldsNames: true });
  assert.equal(folded.files.size, 2);
  assert.equal(folded.refused.length, 2);
});

Deno.test("makePlan computes a hint once", () => {
  const { entries } = parseInputList(new TextEncoder().encode("readme.txt\nother"));
  const before = makePlan(entries, listOf(["README.txt"]), "linux");
  const hint = before.waiting[0]?.hint;
  assert.match(hint!, /README\.txt/);
  // The file that it names is gone; a new name gets a hint of its own.
  const more = parseInputList(new TextEncoder().encode("readme.txt\nother\nLICENSE")).entries;
  const after = makePlan(more, listOf(["license"]), "linux", { before });
  assert.deepEqual(after.waiting.map(({ hint }) => hint?.includes("license") ?? false), [
    false,
    false,
    true,
  ]);
  assert.equal(after.waiting[0]?.hint, hint);
});

Deno.test("makePlan uses Windows' own rules on Windows, where every disk folds case", () => {
  const entries = parseInputList(new TextEncoder().encode("**")).entries;
  const files = listOf(["stra\u00dfe", "STRASSE", "caf\u00e9", "cafe\u0301", "A", "a"]);
  const { refused } = makePlan(entries, files, "windows", { foldsNames: true });
  assert.deepEqual(refused.map(({ path }) => path), ["a"]);
});
