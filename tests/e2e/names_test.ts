import assert from "node:assert/strict";
import { join } from "@std/path";
import { startFakeServer } from "../support/fake_server.ts";
import { filesUnder, runClient, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

const CONTENT = new TextEncoder().encode("what a server sends");

/** The form of each text on a terminal. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\x1b]0;title\x07evil": "\\x1b]0;title\\x07evil",
  "line\nfake line": "line\\nfake line",
  "\x9b31mred": "\\x9b31mred",
  "nul\0byte": "nul\\x00byte",
  "del\x7f": "del\\x7f",
};

Deno.test("client writes nothing outside its output folder, whatever names a server lists", async () => {
  await using workspace = await Workspace.create();
  await workspace.setInput("**\n");
  const long = "long/" + "e".repeat(300);
  const hostile = [
    "../evil",
    "../../evil",
    "a/../../evil",
    "..",
    ".",
    join(workspace.root, "evil"),
    "/evil",
    "a//evil",
    "a/./evil",
    "evil/",
    ".sluice/evil",
    ".SLUICE/evil",
    long,
    ...Object.keys(ESCAPES),
  ];
  const files = new Map([...hostile, "good.txt", "sub/good.txt"].map((path) => [path, CONTENT]));
  await using server = startFakeServer(files);
  const { code, stdout, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  assert.equal(stdout, "");
  assert.deepEqual(
    await filesUnder(workspace.root),
    ["Output/good.txt", "Output/sub/good.txt", "input.txt"],
  );
  assert.deepEqual(await Deno.readFile(workspace.downloaded("good.txt")), CONTENT);
  assert.deepEqual(new Set(server.requested), new Set(["good.txt", "sub/good.txt"]));
  for (const path of hostile) {
    const shown = path === long ? `"${long.slice(0, 100)}` : `"${ESCAPES[path] ?? path}"`;
    const said = stderr.split("\n").filter((line) => line.startsWith("warning "));
    assert.ok(said.some((line) => line.includes(shown)), `${shown} is not mentioned:\n${stderr}`);
  }
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stderr, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, "control characters came through");
});

Deno.test("client --list shows the control characters of names as escapes", async () => {
  await using workspace = await Workspace.create();
  await using server = startFakeServer(
    new Map(Object.keys(ESCAPES).map((path) => [path, CONTENT])),
  );
  const args = ["--list"];
  const { code, stdout } = await runClient({ ...workspace, port: server.port, args });
  assert.equal(code, 0);
  for (const shown of Object.values(ESCAPES)) assert.ok(stdout.includes(shown), stdout);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, "control characters came through");
});

Deno.test("client refuses all but one of a file and a folder of one name", async () => {
  await using workspace = await Workspace.create();
  await workspace.setInput("**\n");
  await using server = startFakeServer(new Map([["a", CONTENT], ["a/b", CONTENT]]));
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^warning .*"a\/b"/m);
  assert.deepEqual(await Deno.readFile(workspace.downloaded("a")), CONTENT);
});

Deno.test("client follows no link in its output folder", async () => {
  await using workspace = await Workspace.create({
    "link/x.txt": 10,
    "file.txt": 20,
    "good.txt": 30,
  });
  await workspace.setInput("**\n");
  const outside = join(workspace.root, "outside");
  await Deno.mkdir(outside);
  await Deno.writeTextFile(join(outside, "victim.txt"), "untouched");
  await Deno.mkdir(workspace.output);
  await Deno.symlink(outside, workspace.downloaded("link"));
  await Deno.symlink(join(outside, "victim.txt"), workspace.downloaded("file.txt"));
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^failed +link\/x\.txt .*link/m);
  assert.deepEqual(await filesUnder(outside), ["victim.txt"]);
  assert.equal(await Deno.readTextFile(join(outside, "victim.txt")), "untouched");
  await workspace.assertArrived("file.txt", "good.txt");
  assert.ok((await Deno.lstat(workspace.downloaded("file.txt"))).isFile);
});

Deno.test("client replaces no folder by a file", async () => {
  await using workspace = await Workspace.create({ "a": 10, "good.txt": 30 });
  await workspace.setInput("a\ngood.txt\n");
  await Deno.mkdir(workspace.downloaded("a/b"), { recursive: true });
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^failed +a .*folder/m);
  assert.ok((await Deno.lstat(workspace.downloaded("a/b"))).isDirectory);
  await workspace.assertArrived("good.txt");
});

Deno.test("server shares nothing outside its folder", async () => {
  await using workspace = await Workspace.create({ "good.txt": 10 });
  const secret = join(workspace.root, "secret.txt");
  await Deno.writeTextFile(secret, "secret");
  await Deno.symlink(secret, workspace.shared("link.txt"));
  await Deno.symlink(workspace.root, workspace.shared("folder"));
  await workspace.setInput("**\nlink.txt\nfolder/secret.txt\n");
  await using server = await startServer(workspace);
  const { code } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1);
  assert.deepEqual(await filesUnder(workspace.output), ["good.txt"]);
});
