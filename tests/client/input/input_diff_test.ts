import assert from "node:assert/strict";
import { parseInputList, type Wish } from "../../../lib/client/input/input_list.ts";
import { wishChanges } from "../../../lib/client/input/input_diff.ts";

function wishes(text: string): readonly Wish[] {
  return parseInputList(new TextEncoder().encode(text)).wishes;
}

function changes(before: string, now: string): string[] {
  return wishChanges(wishes(before), wishes(now))
    .map(({ change, wish }) => `${change} ${wish.name} ${wish.priority} ${wish.line}`);
}

Deno.test("wishChanges takes every line of a first list for new", () => {
  assert.deepEqual(changes("", "a\nb HIGH\n"), ["added a NORMAL 1", "added b HIGH 2"]);
});

Deno.test("wishChanges tells what is new, what differs and what is gone", () => {
  assert.deepEqual(changes("a\nb HIGH\nc\n", "c\nb CRITICAL\nd\n"), [
    "changed b CRITICAL 2",
    "added d NORMAL 3",
    "removed a NORMAL 1",
  ]);
});

Deno.test("wishChanges takes another digest for a change, and another line for none", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  assert.deepEqual(changes("a\n", `# x\na ${digest}\n`), ["changed a NORMAL 2"]);
  assert.deepEqual(changes(`a ${digest}\n`, "a\n"), ["changed a NORMAL 1"]);
  assert.deepEqual(changes("a\nb\n", "b\n\n# moved\na normal\n"), []);
});
