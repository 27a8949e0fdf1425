import assert from "node:assert/strict";
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import { matcherOfEntries } from "../../../lib/client/input/name_meaning.ts";

Deno.test("matcherOfEntries tells which partial files the list still names", () => {
  const text = "a.iso\nphotos/\n*.txt\n!photos/raw\n!b.txt\n!c.txt\nphotos/raw/1\nmusic\n";
  const { entries } = parseInputList(new TextEncoder().encode(text));
  const isNamed = matcherOfEntries(entries);
  for (const path of ["a.iso", "photos/1", "photos/x/2", "a.txt", "photos/raw/1", "music/a"]) {
    assert.ok(isNamed(path), path);
  }
  for (const path of ["b.iso", "photos/raw/2", "b.txt", "c.txt", "x/a.txt", "musical"]) {
    assert.ok(!isNamed(path), path);
  }
});
