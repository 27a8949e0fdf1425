import assert from "node:assert/strict";
import { join } from "@std/path";
import { formatBytesOf } from "../../lib/display/terminal/units.ts";
import { errorOf, filesUnder, runClient, runProgram, startServer } from "../support/harness.ts";
import { interruptDownload } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

/** A client's explanation, as rows of cells. */
async function explain(
  workspace: Workspace,
  port: number,
  args: readonly string[] = [],
): Promise<{ code: number; stdout: string; stderr: string; rows: string[][] }> {
  const result = await runClient({ ...workspace, port, args: ["--explain", ...args] });
  const rows = result.stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  return { ...result, rows };
}

/** The names, sizes and times of files and folders, which any write would change. */
async function stateOf(folder: string): Promise<string[]> {
  const states: string[] = [];
  for (const path of [".", ...await filesUnder(folder)]) {
    const { size, mtime } = await Deno.lstat(join(folder, path));
    states.push(`${path} ${size} ${mtime?.getTime()}`);
  }
  return states;
}

Deno.test("client --explain explains lines, files and shares, and writes nothing", async () => {
  await using workspace = await Workspace.create({
    "c.bin": 1000,
    "h 1.bin": 5,
    "h 2.bin": 5,
    "n.bin": 7,
  });
  await workspace.setInput("# all\nc.bin CRITICAL\n\nh*.bin high\nn.bin\nlater.bin\n../x\n");
  await using server = await startServer(workspace);
  const before = await stateOf(workspace.root);
  const { code, stderr, rows } = await explain(workspace, server.port);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await stateOf(workspace.root), before);
  assert.deepEqual(rows, [
    ["line", "text", "meaning"],
    ["1", "# all", "comment"],
    ["2", "c.bin CRITICAL", "CRITICAL: 1 file, 1000 B"],
    ["3", "blank"],
    ["4", "h*.bin high", "HIGH: 2 files, 10 B"],
    ["5", "n.bin", "NORMAL: 1 file, 7 B"],
    ["6", "later.bin", "NORMAL: waits, the server does not have it yet"],
    [
      "7",
      "../x",
      'does not count: "../x" cannot be a file of the server: it has a segment ".."; write names as ' +
      "--list shows them",
    ],
    [""],
    ["line", "priority", "share", "size", "file", "what happens"],
    ["2", "CRITICAL", "66.7%", "1000 B", "c.bin", "downloaded"],
    ["4", "HIGH", "13.3%", "5 B", "h 1.bin", "downloaded"],
    ["4", "HIGH", "13.3%", "5 B", "h 2.bin", "downloaded"],
    ["5", "NORMAL", "6.7%", "7 B", "n.bin", "downloaded"],
    [""],
    ["priority", "share", "files", "size", "to come"],
    ["CRITICAL", "66.7%", "1", "1000 B", "1000 B"],
    ["HIGH", "26.7%", "2", "10 B", "10 B"],
    ["NORMAL", "6.7%", "1", "7 B", "7 B"],
    [""],
  ]);
});

Deno.test("client --explain shows which files are there, which are resumed, and which are left over", async () => {
  const names = ["a.bin", "b.bin", "c.bin"];
  await using workspace = await Workspace.create({
    ...Object.fromEntries(names.map((name) => [name, 4 * MB])),
    "done.bin": 5000,
    "way.bin": 1,
  });
  await workspace.setInput("done.bin\n");
  await using server = await startServer(workspace);
  assert.equal((await runClient({ ...workspace, port: server.port })).code, 0);
  await workspace.setInput("*.bin\n");
  await Deno.mkdir(workspace.downloaded("way.bin"));
  const remains = await interruptDownload(workspace, server, names);
  const before = await stateOf(workspace.output);

  await workspace.setInput("a.bin CRITICAL\nb.bin HIGH\ndone.bin\nway.bin\n");
  const logged = server.stderr.length;
  await workspace.replace("b.bin", 3 * MB, 77);
  await server.waitFor("folder_changed", undefined, logged);
  const { code, stdout, stderr, rows } = await explain(workspace, server.port);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(await stateOf(workspace.output), before);

  const fates = new Map(
    rows.filter(({ length }) => length >= 5).map((row) => row.slice(-2) as [string, string]),
  );
  const { resumableBytes } = remains.find(({ journal }) => journal.subject.path === "a.bin")!;
  assert.equal(fates.get("a.bin"), `resumed: ${formatBytesOf(resumableBytes, 4 * MB)} on disk`);
  const other = remains.find(({ journal }) => journal.subject.path === "b.bin")!;
  assert.equal(
    fates.get("b.bin"),
    `continued if the server's digest of what is here agrees: ${
      formatBytesOf(other.resumableBytes, 3 * MB)
    }`,
  );
  assert.equal(
    fates.get("done.bin"),
    "there already: size and time agree, its digest is compared",
  );
  assert.match(fates.get("way.bin")!, /^fails: a folder stands where "way\.bin" belongs/);
  assert.match(
    stdout,
    /iB of 1 file that no line names are kept; .*: (?:deno run .*client\.ts|\S*sluice-client\S*) --clean --input /,
  );

  const unverified = await explain(workspace, server.port, ["--verify", "none"]);
  assert.match(unverified.stdout, /there already: size and time agree$/m);
});

Deno.test("client --explain without a server explains the lines alone, and ends with 3", async () => {
  await using workspace = await Workspace.create();
  await workspace.setInput('a*.bin\nb.bin HIGH\n"open\n');
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, stderr, rows } = await explain(workspace, port);
  assert.equal(code, 3);
  assert.match(
    stderr,
    errorOf("client", /Cannot reach 127\.0\.0\.1:\d+: .*refused.*; check --server\n$/),
  );
  assert.deepEqual(rows, [
    ["line", "text", "meaning"],
    ["1", "a*.bin", "NORMAL: all files that match"],
    ["2", "b.bin HIGH", "HIGH: one file"],
    ["3", '"open', 'does not count: the quote is not closed: end the name with "'],
    [""],
    ["There is no server list, so only the lines are explained."],
    [""],
  ]);
  await assert.rejects(Deno.stat(workspace.output), Deno.errors.NotFound);
});

Deno.test("client --explain reports in one line why its input or its output is wrong", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1 });
  const noInput = await runProgram("client", ["--explain"], workspace.root);
  assert.deepEqual([noInput.code, noInput.stdout], [2, ""]);
  assert.match(
    noInput.stderr,
    errorOf("client", /Cannot read the input list "input\.txt": [^\n]+\n$/),
  );
  await workspace.setInput("a.bin\n");
  const args = ["--explain", "--output", workspace.shared("a.bin")];
  const noOutput = await runProgram("client", args, workspace.root);
  assert.deepEqual([noOutput.code, noOutput.stdout], [2, ""]);
  assert.match(
    noOutput.stderr,
    errorOf("client", /Cannot write to the output folder [^\n]+--output\n$/),
  );
});
