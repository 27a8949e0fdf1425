import assert from "node:assert/strict";
import { runClient, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

Deno.test("client begins a line that is added while another downloads", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 12 * MB, "b.bin": 1 * MB },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  await stage.workspace.addLines("b.bin\n");
  await stage.done("b.bin");
  await stage.workspace.assertAbsent("a.bin");
  await stage.done("a.bin");
});

Deno.test("client stops a line that is deleted, and resumes it once it is back", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 3 * MB, "b.bin": 12 * MB },
    input: "a.bin\nb.bin CRITICAL\n",
  });
  await stage.underWay("b.bin", 4 * MB);
  await stage.workspace.setInput("a.bin\n");
  await stage.client.waitFor(/^stopped +b\.bin /m);
  await stage.done("a.bin");
  await stage.workspace.assertAbsent("b.bin");
  const before = stage.recorder.gets.length;
  await stage.workspace.setInput("a.bin\nb.bin\n");
  await stage.client.waitFor(/^resumed +b\.bin /m);
  await stage.done("b.bin");
  const askedAgain = stage.recorder.gets.slice(before)
    .reduce((sum, { length }) => sum + length, 0);
  assert.ok(askedAgain < 12 * MB, `${askedAgain} bytes were asked for again`);
  await stage.end();
});

Deno.test("client re-weights a download under way when its priority is edited", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 12 * MB, "b.bin": 12 * MB },
    input: "a.bin\nb.bin\n",
  });
  await stage.underWay("a.bin", 1 * MB);
  await stage.underWay("b.bin", 1 * MB);
  await stage.workspace.setInput("a.bin\nb.bin critical\n");
  await stage.client.waitFor(/^priority +b\.bin +CRITICAL$/m);
  await stage.done("b.bin");
  await stage.workspace.assertAbsent("a.bin");
  await stage.done("a.bin");
});

Deno.test("client follows an editor that replaces input.txt", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  for (const text of ["# nothing\n", "a.bin\nb.bin\n"]) {
    const fresh = `${stage.workspace.input}.tmp`;
    await Deno.writeTextFile(fresh, text);
    await Deno.rename(fresh, stage.workspace.input);
    if (text.startsWith("#")) await stage.client.waitFor(/^stopped +a\.bin /m);
  }
  await stage.done("a.bin", "b.bin");
});

Deno.test("client downloads on while input.txt is deleted, and follows it once it is back", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  await Deno.remove(stage.workspace.input);
  await stage.client.waitFor(/^warning .*any more/m);
  await stage.workspace.setInput("a.bin\nb.bin\n");
  await stage.done("b.bin", "a.bin");
  assert.doesNotMatch(stage.said, /^stopped /m);
});

Deno.test("client does not notice that input.txt was away for a moment", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  Deno.removeSync(stage.workspace.input);
  Deno.writeTextFileSync(stage.workspace.input, "");
  Deno.writeTextFileSync(stage.workspace.input, "a.bin\nb.bin\n");
  await stage.done("b.bin", "a.bin");
  assert.doesNotMatch(stage.said, /^(stopped|warning) /m);
});

Deno.test("client reads an unfinished last line, and reads it again once it is longer", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 1000, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.done("a.bin");
  await stage.workspace.addLines("b.b");
  await stage.client.waitFor(/^waiting for 1 file .*: b\.b$/m);
  await stage.workspace.addLines("in");
  await stage.done("b.bin");
});

Deno.test("client warns of a bad line that is added, and goes on", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  await stage.workspace.addLines('../secret\n"b.bin\nb.bin sha256:12\nb.bin HIGH\n');
  await stage.done("b.bin", "a.bin");
  for (const line of [2, 3, 4]) {
    assert.match(stage.said, new RegExp(`^warning .*input\\.txt, line ${line}: `, "m"));
  }
  assert.doesNotMatch(stage.said, /line [15]: /);
});

/** Input lists that mean `a.bin`, `b.bin` and `c.bin`. */
const FORMS: Readonly<Record<string, string>> = {
  "with CRLF": "a.bin HIGH\r\nb.bin\r\nc.bin\r\n",
  "with a byte-order mark": "\ufeffa.bin\nb.bin\nc.bin\n",
  "without a last newline": "a.bin\nb.bin\nc.bin critical",
  "with comments and blanks": "# all\n\n  a.bin\t High \n   \n#b\n\tb.bin\n \t# c\nc.bin\n",
  "of quoted names": '"a.bin"\n"b.bin" HIGH\n "c.bin" \n',
  "of globs": "[ab].bin\n{c,d}.bin HIGH\n?.b\n",
};

for (const [form, text] of Object.entries(FORMS)) {
  Deno.test(`client reads an input list ${form}`, async () => {
    await using site = await Workspace.create({ "a.bin": 1000, "b.bin": 2000, "c.bin": 3000 });
    await site.setInput(text);
    await using server = await startServer(site);
    const { stderr } = await runClient({ ...site, port: server.port });
    await site.assertArrived("a.bin", "b.bin", "c.bin");
    assert.doesNotMatch(stderr, /^warning /m);
  });
}

Deno.test("client takes the last of two lines with one name, and warns", async () => {
  await using site = await Workspace.create({ "a.bin": 1000, "b.bin": 2000 });
  await site.setInput(`a.bin sha256:${"0".repeat(64)}\nb.bin\na.bin HIGH\n`);
  await using server = await startServer(site);
  const { code, stderr } = await runClient({ ...site, port: server.port });
  assert.equal(code, 0, stderr);
  await site.assertArrived("a.bin", "b.bin");
  assert.match(stderr, /^warning .*input\.txt, line 1: "a\.bin" is named again in line 3/m);
});

Deno.test("client only ever reads input.txt", async () => {
  await using site = await Workspace.create({ "a.bin": 1000 });
  await site.setInput("a.bin\nmissing.bin\nbad sha256:1\n");
  await Deno.chmod(site.input, 0o444);
  const before = await Deno.stat(site.input);
  await using server = await startServer(site);
  await runClient({ ...site, port: server.port });
  const after = await Deno.stat(site.input);
  assert.equal(await Deno.readTextFile(site.input), "a.bin\nmissing.bin\nbad sha256:1\n");
  assert.deepEqual([after.mtime, after.ctime, after.ino], [before.mtime, before.ctime, before.ino]);
});

Deno.test("client goes on with what it knows while a folder stands in place of input.txt", async () => {
  await using stage = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await stage.underWay("a.bin");
  await Deno.remove(stage.workspace.input);
  await Deno.mkdir(stage.workspace.input);
  await stage.client.waitFor(
    /^warning .*input\.txt" any more, its last text stays in effect: it is a folder; name a file with --input$/m,
  );
  await Deno.remove(stage.workspace.input);
  await stage.workspace.setInput("a.bin\nb.bin\n");
  await stage.done("b.bin", "a.bin");
  await stage.end();
});
