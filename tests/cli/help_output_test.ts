import assert from "node:assert/strict";
import { helpOutputFor } from "../../lib/cli/help_output.ts";
import { PROGRAM } from "../../lib/version.ts";

const MANUAL = {
  name: "sluice-x",
  help: "How to use it.\n",
  options: [{ name: "dir", summary: "" }],
};
const NOTHING = { help: false, version: false, completions: null };

Deno.test("helpOutputFor returns null if no output is requested", () => {
  assert.equal(helpOutputFor(NOTHING, MANUAL), null);
});

Deno.test("helpOutputFor returns the help first", () => {
  const all = { help: true, version: true, completions: "bash" } as const;
  assert.equal(helpOutputFor(all, MANUAL), "How to use it.");
});

Deno.test("helpOutputFor returns the version, and completions for the program's name", () => {
  assert.equal(helpOutputFor({ ...NOTHING, version: true }, MANUAL), PROGRAM);
  const script = helpOutputFor({ ...NOTHING, completions: "fish" }, MANUAL)!;
  assert.match(script, /sluice-x.* dir/);
  assert.equal(script, script.trimEnd());
});
