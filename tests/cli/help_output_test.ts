import assert from "node:assert/strict";
import { helpOutputFor } from "../../lib/cli/help_output.ts";
import { PROGRAM } from "../../lib/version.ts";

const MANUAL = {
  name: "sluice-x",
  help: "Usage: {command} [options]\n",
  options: [{ name: "dir", summary: "" }],
};
const NOTHING = { help: false, version: false, completions: null };

Deno.test("helpOutputFor returns null if no output is requested", () => {
  assert.equal(helpOutputFor(NOTHING, MANUAL, "./sluice-x"), null);
});

Deno.test("helpOutputFor returns the help first, with the command that starts the program", () => {
  const all = { help: true, version: true, completions: "bash" } as const;
  assert.equal(helpOutputFor(all, MANUAL, "./sluice-x"), "Usage: ./sluice-x [options]");
});

Deno.test("helpOutputFor returns the version, and completions for the program's name", () => {
  assert.equal(helpOutputFor({ ...NOTHING, version: true }, MANUAL, "./sluice-x"), PROGRAM);
  const script = helpOutputFor({ ...NOTHING, completions: "fish" }, MANUAL, "./sluice-x")!;
  assert.match(script, /sluice-x.* dir/);
  assert.equal(script, script.trimEnd());
});
