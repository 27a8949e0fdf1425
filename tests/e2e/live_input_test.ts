import assert from "node:assert/strict";
import { runClient, startServer } from "../support/harness.ts";
import { programCommand } from "../support/program_command.ts";
import { Workspace } from "../support/workspace.ts";
import { MB, ThrottledRun } from "../support/throttled_run.ts";

Deno.test("client starts the file of a line that is added while another file downloads", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 12 * MB, "b.bin": 1 * MB },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  await run.workspace.addLines("b.bin\n");
  await run.done("b.bin");
  await run.workspace.assertAbsent("a.bin");
  await run.done("a.bin");
});

Deno.test("client stops the file of a line that is deleted, and resumes it once the line is back", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 3 * MB, "b.bin": 12 * MB },
    input: "a.bin\nb.bin CRITICAL\n",
  });
  await run.underWay("b.bin", 4 * MB);
  await run.workspace.setInput("a.bin\n");
  await run.client.waitFor(/^stopped +b\.bin /m);
  await run.done("a.bin");
  await run.workspace.assertAbsent("b.bin");
  const before = run.recorder.gets.length;
  await run.workspace.setInput("a.bin\nb.bin\n");
  await run.client.waitFor(/^resumed +b\.bin /m);
  await run.done("b.bin");
  const requestedAgain = run.recorder.gets.slice(before)
    .reduce((sum, { length }) => sum + length, 0);
  assert.ok(requestedAgain < 12 * MB, `${requestedAgain} bytes were requested again`);
  await run.end();
});

Deno.test("client re-weights a running download when its priority is edited", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 12 * MB, "b.bin": 12 * MB },
    input: "a.bin\nb.bin\n",
  });
  await run.underWay("a.bin", 1 * MB);
  await run.underWay("b.bin", 1 * MB);
  await run.workspace.setInput("a.bin\nb.bin critical\n");
  await run.client.waitFor(/^priority +b\.bin +CRITICAL$/m);
  await run.done("b.bin");
  await run.workspace.assertAbsent("a.bin");
  await run.done("a.bin");
});

Deno.test("client follows an editor that replaces input.txt", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  for (const text of ["# nothing\n", "a.bin\nb.bin\n"]) {
    const fresh = `${run.workspace.input}.tmp`;
    await Deno.writeTextFile(fresh, text);
    await Deno.rename(fresh, run.workspace.input);
    if (text.startsWith("#")) await run.client.waitFor(/^stopped +a\.bin /m);
  }
  await run.done("a.bin", "b.bin");
});

Deno.test("client continues while input.txt is missing, and follows it once it is back", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  await Deno.remove(run.workspace.input);
  await run.client.waitFor(/^warning .*any more/m);
  await run.workspace.setInput("a.bin\nb.bin\n");
  await run.done("b.bin", "a.bin");
  assert.doesNotMatch(run.stderr, /^stopped /m);
});

Deno.test("client ignores that input.txt was missing for a moment", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  Deno.removeSync(run.workspace.input);
  Deno.writeTextFileSync(run.workspace.input, "");
  Deno.writeTextFileSync(run.workspace.input, "a.bin\nb.bin\n");
  await run.done("b.bin", "a.bin");
  assert.doesNotMatch(run.stderr, /^(stopped|warning) /m);
});

Deno.test("client takes an unfinished last line, and takes it again once it is longer", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 1000, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.done("a.bin");
  await run.workspace.addLines("b.b");
  await run.client.waitFor(/^waiting for 1 file .*: b\.b$/m);
  await run.workspace.addLines("in");
  await run.done("b.bin");
});

Deno.test("client warns of a bad line that is added, and continues", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  await run.workspace.addLines('../secret\n"b.bin\nb.bin sha256:12\nb.bin HIGH\n');
  await run.done("b.bin", "a.bin");
  for (const line of [2, 3, 4]) {
    assert.match(run.stderr, new RegExp(`^warning .*input\\.txt, line ${line}: `, "m"));
  }
  assert.doesNotMatch(run.stderr, /line [15]: /);
});

Deno.test("client cancels nothing while a line of the list is not understood", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000, "c.bin": 9 * MB },
    input: "a.bin\nc.bin\n",
  });
  await run.underWay("a.bin");
  await run.workspace.setInput('"a.bin\nb.bin\nc.bin HIGH\n');
  await run.client.waitFor(/^priority +c\.bin +HIGH$/m);
  await run.done("b.bin");
  await run.workspace.setInput("b.bin\nc.bin HIGH\n");
  await run.client.waitFor(/^stopped +a\.bin /m);
  assert.equal(run.stderr.match(/^stopped /gm)!.length, 1);
  await run.done("c.bin");
});

for (
  const [kind, list] of Object.entries({
    "an open quote": '"b.bin\na.bin\n',
    "an absolute path": "/b.iso\na.bin\n",
    "a binary line": "\u0000\u0001\u0002\na.bin\n",
    "a wrong digest": "b.bin sha256:12\na.bin\n",
  })
) {
  Deno.test(`client ends with 2 after ${kind}, and fetches the rest`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1000, "b.bin": 2000 });
    await workspace.setInput(list);
    await using server = await startServer(workspace);
    const { code, stderr } = await runClient({ ...workspace, port: server.port });
    assert.equal(code, 2, stderr);
    await workspace.assertArrived("a.bin");
    assert.match(stderr, /^warning .*input\.txt, line 1: /m);
    assert.match(stderr, /^1 file done, 1 line of the list not understood: /m);
    const args = ["--once", "--progress", "none"];
    const quiet = await runClient({ ...workspace, port: server.port, args });
    assert.equal(quiet.code, 2);
    assert.match(quiet.stderr, /^client: .*input\.txt, line 1: .*\n$/);
  });
}

Deno.test("client says that an empty list names no file", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000 });
  await workspace.setInput("# nothing yet\n");
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0);
  assert.match(stderr, /^0 files done, the list names no file$/m);
});

/** Input lists that all name `a.bin`, `b.bin` and `c.bin`. */
const FORMS: Readonly<Record<string, string>> = {
  "with CRLF": "a.bin HIGH\r\nb.bin\r\nc.bin\r\n",
  "with CR alone": "a.bin HIGH\rb.bin\rc.bin\r",
  "with a byte-order mark": "\ufeffa.bin\nb.bin\nc.bin\n",
  "without a last newline": "a.bin\nb.bin\nc.bin critical",
  "with comments and blanks": "# all\n\n  a.bin\t High \n   \n#b\n\tb.bin\n \t# c\nc.bin\n",
  "of quoted names": '"a.bin"\n"b.bin" HIGH\n "c.bin" \n',
  "of globs": "[ab].bin\n{c,d}.bin HIGH\n?.b\n",
};

for (const [form, text] of Object.entries(FORMS)) {
  Deno.test(`client reads an input list ${form}`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1000, "b.bin": 2000, "c.bin": 3000 });
    await workspace.setInput(text);
    await using server = await startServer(workspace);
    const { stderr } = await runClient({ ...workspace, port: server.port });
    await workspace.assertArrived("a.bin", "b.bin", "c.bin");
    assert.doesNotMatch(stderr, /^warning /m);
  });
}

Deno.test("client takes the last of two lines with one name, and warns", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000, "b.bin": 2000 });
  await workspace.setInput(`a.bin sha256:${"0".repeat(64)}\nb.bin\na.bin HIGH\n`);
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived("a.bin", "b.bin");
  assert.match(stderr, /^warning .*input\.txt, line 1: "a\.bin" is named again in line 3/m);
});

Deno.test("client only ever reads input.txt", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000 });
  await workspace.setInput("a.bin\nmissing.bin\nbad sha256:1\n");
  await Deno.chmod(workspace.input, 0o444);
  const before = await Deno.stat(workspace.input);
  await using server = await startServer(workspace);
  await runClient({ ...workspace, port: server.port });
  const after = await Deno.stat(workspace.input);
  assert.equal(await Deno.readTextFile(workspace.input), "a.bin\nmissing.bin\nbad sha256:1\n");
  assert.deepEqual([after.mtime, after.ctime, after.ino], [before.mtime, before.ctime, before.ino]);
});

Deno.test("client continues with the last entries while a folder stands in place of input.txt", async () => {
  await using run = await ThrottledRun.start({
    files: { "a.bin": 9 * MB, "b.bin": 1000 },
    input: "a.bin\n",
  });
  await run.underWay("a.bin");
  await Deno.remove(run.workspace.input);
  await Deno.mkdir(run.workspace.input);
  await run.client.waitFor(
    /^warning .*input\.txt" any more, its last text stays in effect: it is a folder; name a file with --input$/m,
  );
  await Deno.remove(run.workspace.input);
  await run.workspace.setInput("a.bin\nb.bin\n");
  await run.done("b.bin", "a.bin");
  await run.end();
});

Deno.test("client reads the list from standard input once, and ends when it is done", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000, "b.bin": 2000 });
  await using server = await startServer(workspace);
  const place = ["--server", `127.0.0.1:${server.port}`, "--output", workspace.output];
  const { command, args } = programCommand("client", [...place, "--input", "-", "-1q"]);
  const child = new Deno.Command(command, { args: [...args], stdin: "piped", stderr: "piped" })
    .spawn();
  await new Blob(["*.bin HIGH\n!b.bin\n"]).stream().pipeTo(child.stdin);
  const { code, stderr } = await child.output();
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
  await workspace.assertArrived("a.bin");
  await workspace.assertAbsent("b.bin");
});
