import assert from "node:assert/strict";
import { type InputEntry, parseInputList } from "../../../lib/client/input/input_list.ts";
import { diffEntries } from "../../../lib/client/input/input_diff.ts";

function entries(text: string): readonly InputEntry[] {
  return parseInputList(new TextEncoder().encode(text)).entries;
}

function changes(before: string, now: string): string[] {
  return diffEntries(entries(before), entries(now))
    .map(({ change, entry }) => `${change} ${entry.name} ${entry.priority} ${entry.line}`);
}

Deno.test("diffEntries returns every entry of a first list as added", () => {
  assert.deepEqual(changes("", "a\nb HIGH\n"), ["added a NORMAL 1", "added b HIGH 2"]);
});

Deno.test("diffEntries returns entries that are new, differ and are gone", () => {
  assert.deepEqual(changes("a\nb HIGH\nc\n", "c\nb CRITICAL\nd\n"), [
    "changed b CRITICAL 2",
    "added d NORMAL 3",
    "removed a NORMAL 1",
  ]);
});

Deno.test("diffEntries counts another digest as a change, and another line as none", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  assert.deepEqual(changes("a\n", `# x\na ${digest}\n`), ["changed a NORMAL 2"]);
  assert.deepEqual(changes(`a ${digest}\n`, "a\n"), ["changed a NORMAL 1"]);
  assert.deepEqual(changes("a\nb\n", "b\n\n# moved\na normal\n"), []);
});
