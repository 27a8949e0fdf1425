import assert from "node:assert/strict";
import {
  NameTrials,
  PossibleNames,
  removeTrials,
} from "../../../lib/client/disk/possible_names.ts";
import { OutputError } from "../../../lib/errors.ts";
import { tempFolder } from "../../support/partial_file_fixture.ts";

Deno.test("NameTrials tries no common name", () => {
  const trials = new NameTrials();
  for (const name of ["a", "IMG_0001.jpg", "a b (1).tar.gz", "x".repeat(64)]) {
    assert.equal(trials.mustTry(name), false, name);
  }
});

Deno.test("NameTrials tries each unusual letter, end and length once", () => {
  const trials = new NameTrials();
  for (const name of ["a:b", "Zoë", "end.", "end ", "😀", "x".repeat(65), "x".repeat(143)]) {
    assert.equal(trials.mustTry(name), true, name);
    trials.passed(name);
    assert.equal(trials.mustTry(name), false, name);
  }
  assert.equal(trials.mustTry("other: ë."), false);
  assert.equal(trials.mustTry("x".repeat(144)), true);
  assert.equal(trials.mustTry("a*b"), true);
});

Deno.test("PossibleNames tries names of files and folders, and leaves nothing", () => {
  using temp = tempFolder();
  const names = new PossibleNames();
  names.assertPossible("plain/name.txt", `${temp.path}/absent`);
  names.assertPossible(`Zoë/${"x".repeat(200)}`, temp.path);
  assert.throws(() => names.assertPossible(`${"ë".repeat(200)}/a`, temp.path), (error) => {
    assert.ok(error instanceof OutputError);
    assert.match(error.message, /cannot hold the name .*: it is too long$/);
    assert.match(error.advice!, /rename it on the server, or .*--output/);
    return true;
  });
  assert.deepEqual([...Deno.readDirSync(temp.path)], []);
});

Deno.test("removeTrials removes the trials of a client that was killed, and nothing else", async () => {
  using temp = tempFolder();
  Deno.mkdirSync(`${temp.path}/.sluice-names-1/deep`, { recursive: true });
  Deno.writeTextFileSync(`${temp.path}/.sluice-names-2`, "mine");
  await removeTrials(temp.path);
  assert.deepEqual([...Deno.readDirSync(temp.path)].map(({ name }) => name), [".sluice-names-2"]);
});
