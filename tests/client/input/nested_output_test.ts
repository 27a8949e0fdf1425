import assert from "node:assert/strict";
import { parseInputList } from "../../../lib/client/input/input_list.ts";
import { nestedCopy } from "../../../lib/client/input/nested_output.ts";
import { makePlan, type Plan } from "../../../lib/client/input/plan.ts";

const { entries } = parseInputList(new TextEncoder().encode("**\n"));

function planOf(files: Readonly<Record<string, readonly [size: number, modified: number]>>): Plan {
  const listed = Object.entries(files).map(([path, [size, modified]]) =>
    [path, { path, size, modified, version: "v" }] as const
  );
  return makePlan(entries, new Map(listed), "linux");
}

const BEFORE = { "a.bin": [5, 7], "sub/b.bin": [6, 8] } as const;

/** The copy that is found if these files appear, and the client has downloaded those of `here`. */
function found(files: Parameters<typeof planOf>[0], here: readonly string[] = ["a.bin"]) {
  const plan = planOf({ ...BEFORE, ...files });
  return nestedCopy(plan, planOf(BEFORE), "Output", ({ path }) => here.includes(path));
}

Deno.test("nestedCopy finds what the client has put into a shared folder", () => {
  const top = { path: "Output/a.bin", folder: "Output/" };
  assert.deepEqual(found({ "Output/a.bin": [5, 7] }), top);
  const deep = { path: "x/Output/sub/b.bin", folder: "x/Output/" };
  assert.deepEqual(found({ "x/Output/sub/b.bin": [6, 8] }, ["sub/b.bin"]), deep);
  const again = { path: "Output/Output/a.bin", folder: "Output/Output/" };
  assert.deepEqual(found({ "Output/Output/a.bin": [5, 7] }), again);
});

Deno.test("nestedCopy finds nothing in other files of such names", () => {
  for (
    const [path, file] of [
      ["Output/a.bin", [5, 8]],
      ["Output/a.bin", [6, 7]],
      ["Output/c.bin", [5, 7]],
      ["MyOutput/a.bin", [5, 7]],
      ["Output", [5, 7]],
    ] as const
  ) {
    assert.equal(found({ [path]: file }), null, path);
  }
  assert.equal(found({ "Output/a.bin": [5, 7] }, []), null);
  assert.equal(found({}), null);
});
