import assert from "node:assert/strict";
import { assertNames, listOf } from "../../../lib/client/input/given_names.ts";
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import { UserError } from "../../../lib/errors.ts";

Deno.test("listOf has an entry for each name, whatever a list would read in it", () => {
  const names = [
    "plain.iso",
    "two words HIGH",
    '"quoted"',
    "a\\b",
    "# no comment",
    " blanks ",
    "photos/*.{jpg,png}",
    "photos/",
    `${"0".repeat(64)}  x`,
    "sha256:0",
  ];
  const { entries, problems } = parseInputList(listOf({ names, priority: "CRITICAL" }));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    entries,
    names.map((name, i) => ({ line: i + 1, name, priority: "CRITICAL", sha256: null })),
  );
});

Deno.test("listOf has exclusions, which have no priority", () => {
  const { entries } = parseInputList(listOf({ names: ["a/", "!a/b c/"], priority: "HIGH" }));
  assert.deepEqual(entries.map(({ name, excludes }) => [name, excludes]), [
    ["a/", undefined],
    ["a/b c/", true],
  ]);
});

Deno.test("assertNames refuses what can be no name of a server, and names it", () => {
  for (const name of ["../x", "/etc/passwd", "", "!", "a\nb", "a\rb", "!../x"]) {
    assert.throws(() => assertNames({ names: ["good", name], priority: "NORMAL" }), (error) => {
      assert.ok(error instanceof UserError, `${error}`);
      assert.match(error.message, /^Wrong file name: /);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  }
});
