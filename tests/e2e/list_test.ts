import assert from "node:assert/strict";
import { errorOf, runClient, runProgram, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

Deno.test("client --list prints names and sizes, and needs no input list", async () => {
  await using workspace = await Workspace.create({
    "a.bin": 1_048_576,
    "sub/ü [1].txt": 5,
    "empty": 0,
  });
  await workspace.share(".hidden", 10);
  await using server = await startServer(workspace);
  const args = ["--list", "--server", `127.0.0.1:${server.port}`];
  const { code, stdout, stderr } = await runProgram("client", args, workspace.dir);
  assert.deepEqual([code, stderr], [0, ""]);
  const rows = stdout.trimEnd().split("\n").map((row) => row.split(/ {2,}/));
  assert.deepEqual(rows, [["a.bin", "1.00 MiB"], ["empty", "0 B"], ["sub/ü [1].txt", "5 B"]]);
});

Deno.test("client --list of an empty folder prints nothing on standard output", async () => {
  await using workspace = await Workspace.create();
  await using server = await startServer(workspace);
  const args = ["--list", "--server", `127.0.0.1:${server.port}`];
  const { code, stdout } = await runProgram("client", args, workspace.dir);
  assert.deepEqual([code, stdout], [0, ""]);
});

Deno.test("client --once ends with 1 if a file is missing, and fetches the others", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000, "b.bin": 2_000_000 });
  await workspace.setInput("a.bin\nmissing.bin CRITICAL\nno/*.match\nb.bin\n");
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /missing\.bin, no\/\*\.match$/m);
  await workspace.assertArrived("a.bin", "b.bin");
  await workspace.assertNoLeftovers();
});

Deno.test("client --once ends with 0 if the input list is empty", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000 });
  await workspace.setInput("# nothing yet\n");
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  await workspace.assertAbsent("a.bin");
});

Deno.test("client --progress none prints nothing if all is well", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000 });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const args = ["--once", "--progress", "none"];
  const { code, stdout, stderr } = await runClient({ ...workspace, port: server.port, args });
  assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  await workspace.assertArrived("a.bin");
});

Deno.test("server shares hidden files with --hidden only", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1000, ".b/c.bin": 10, ".d": 20 });
  await workspace.setInput("**\n.d\n.b/c.bin\n");
  await using server = await startServer(workspace);
  const without = await runClient({ ...workspace, port: server.port });
  assert.equal(without.code, 1, without.stderr);
  await workspace.assertAbsent(".d");
  await using open = await startServer({ dir: workspace.dir, args: ["--hidden"] });
  const { code, stderr } = await runClient({ ...workspace, port: open.port });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived("a.bin", ".b/c.bin", ".d");
});

Deno.test("client fetches the names that are arguments, needs no list, and ends", async () => {
  await using workspace = await Workspace.create({
    "one HIGH": 1_000,
    "photos/a.jpg": 2_000,
    "photos/b.png": 3_000,
    "other.bin": 4_000,
  });
  await using server = await startServer(workspace);
  const { output, root } = workspace;
  const own = ["--server", `127.0.0.1:${server.port}`, "--output", output];
  const run = (...names: string[]) => runProgram("client", [...own, ...names], root);

  const done = await run("one HIGH", "--priority", "CRITICAL", "photos/", "!**/*.png");
  assert.equal(done.code, 0, done.stderr);
  await workspace.assertArrived("one HIGH", "photos/a.jpg");
  assert.match(done.stderr, /the list names 2 of them/);
  await workspace.assertNoLeftovers();

  const missing = await run("photos/b.png", "absent.bin");
  assert.equal(missing.code, 1, missing.stderr);
  await workspace.assertArrived("photos/b.png");
  assert.match(missing.stderr, /absent\.bin/);

  const wrong = await run("../x");
  assert.equal(wrong.code, 2);
  assert.match(
    wrong.stderr,
    errorOf("client", /Wrong file name: "\.\.\/x" cannot be a file[^\n]*\n$/),
  );

  const explained = await run("--explain", "other.*", "--priority=high");
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(explained.stdout, /other\.bin .*HIGH|HIGH .*other\.bin/);
});
