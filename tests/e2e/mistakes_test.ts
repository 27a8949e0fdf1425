import assert from "node:assert/strict";
import { writeLine } from "../../lib/cli/main.ts";
import {
  errorOf,
  type ProgramResult,
  runProgram,
  startClient,
  startServer,
  tempFolder,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

/** Asserts that a program ended with one line that names the mistake. */
function assertOneLine(
  { code, signal, stdout, stderr }: ProgramResult,
  wantedCode: number,
  wanted: RegExp,
): void {
  assert.deepEqual([code, signal], [wantedCode, null], stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^[^\n]+\n$/, `it is not one line:\n${stderr}`);
  assert.match(stderr, wanted);
  assert.doesNotMatch(stderr, /\bat file:|Uncaught|Error:/);
}

/** Wrong command lines of each program, and the message about each. */
const COMMAND_LINES: readonly (readonly ["server" | "client", readonly string[], RegExp])[] = [
  ["server", ["--prot", "1"], /"--prot".*--port\?/],
  ["server", ["--direktory=x"], /"--direktory"/],
  ["server", ["--port", "70000"], /--port .*0 to 65535.*"70000"/],
  ["server", ["--port=http"], /--port .*"http"/],
  ["server", ["--port", "-1"], /--port/],
  ["server", ["--port"], /--port needs a value/],
  ["server", ["--dir"], /--dir needs a value/],
  ["server", ["--dir", "--hidden"], /--dir needs a value/],
  ["server", ["files"], /"files"/],
  ["server", ["--hidden=maybe"], /--hidden/],
  ["client", ["--inptu", "x"], /"--inptu".*--input\?/],
  ["client", ["--once=maybe"], /--once/],
  ["client", ["--server"], /--server needs a value/],
  ["client", ["--output="], /--output needs a value/],
  ["client", ["--server", "host:0"], /--server .*HOST:PORT.*"host:0"/],
  ["client", ["--server", "host:70000"], /--server .*"host:70000"/],
  ["client", ["--server", "http://host:1"], /--server .*"http:\/\/host:1"/],
  ["client", ["--server", "::1:9009"], /--server .*\[::1\]/],
  ["client", ["--verify", "md5"], /--verify .*sha256.*none.*"md5"/],
  ["client", ["--progress", "pretty"], /--progress .*bars.*"pretty"/],
  ["client", ["--retry-for", "soon"], /--retry-for .*"soon"/],
  ["client", ["../a.bin"], /"\.\.\/a\.bin"/],
  ["client", ["--list", "a.bin"], /--list.*"a\.bin"/],
];

for (const [name, args, wanted] of COMMAND_LINES) {
  Deno.test(`${name} reports in one line what is wrong with ${args.join(" ")}`, async () => {
    await using folder = await tempFolder();
    const result = await runProgram(name, args, folder.path);
    assertOneLine(result, 2, wanted);
    assert.match(result.stderr, errorOf(name, /./));
  });
}

for (const name of ["server", "client"] as const) {
  Deno.test(`${name} prints help and version`, async () => {
    await using folder = await tempFolder();
    const help = await runProgram(name, ["--help"], folder.path);
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    assert.match(
      help.stdout,
      new RegExp(`^Usage: .*\\b(?:${name}\\.ts|sluice-${name}\\S*) \\[options\\]( |$)`, "m"),
    );
    assert.match(help.stdout, /^Examples:$/m);
    const version = await runProgram(name, ["--version"], folder.path);
    assert.deepEqual([version.code, version.stderr], [0, ""]);
    assert.match(version.stdout, /^sluice\S* ?\d+\.\d+\.\d+\n$/);
    assert.deepEqual(await namesIn(folder.path), []);
  });
}

Deno.test("server reports in one line that its folder is missing", async () => {
  await using folder = await tempFolder();
  const result = await runProgram("server", ["--port", "0", "--dir", "nowhere"], folder.path);
  assertOneLine(result, 2, /"nowhere".*does not exist.*--dir/);
});

Deno.test("server reports in one line that the default folder is missing", async () => {
  await using folder = await tempFolder();
  assertOneLine(await runProgram("server", [], folder.path), 2, /"files".*does not exist.*--dir/);
});

for (const below of ["", "/below"]) {
  Deno.test(`server reports in one line that its folder is a file${below && " or below one"}`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1 });
    const dir = workspace.shared("a.bin") + below;
    const result = await runProgram("server", ["--port", "0", "--dir", dir], workspace.root);
    assertOneLine(result, 2, /a\.bin.*not a folder.*--dir/);
  });
}

Deno.test("server reports in one line that it may not read its folder", async () => {
  await using folder = await tempFolder();
  const dir = `${folder.path}/secret`;
  await Deno.mkdir(dir, { mode: 0o000 });
  if (await canReadAnything(dir)) return;
  const result = await runProgram("server", ["--port", "0", "--dir", dir], folder.path);
  assertOneLine(result, 2, /secret.*may not be read.*--dir/);
});

Deno.test("server reports in one line that its port is in use", async () => {
  await using workspace = await Workspace.create();
  await using first = await startServer(workspace);
  const args = ["--port", String(first.port), "--dir", workspace.dir];
  assertOneLine(
    await runProgram("server", args, workspace.root),
    2,
    new RegExp(`:${first.port}.*in use.*--port`),
  );
});

for (const host of ["192.0.2.1", "no-such-host.invalid"]) {
  Deno.test(`server reports in one line that it cannot listen on ${host}`, async () => {
    await using workspace = await Workspace.create();
    const args = ["--port", "0", "--dir", workspace.dir, "--host", host];
    assertOneLine(
      await runProgram("server", args, workspace.root),
      2,
      new RegExp(`${host}.*--host`),
    );
  });
}

Deno.test("client reports in one line that its input list is missing", async () => {
  await using folder = await tempFolder();
  for (const args of [[], ["--input", "input.txt"], ["--once", "--progress", "none"]]) {
    const result = await runProgram("client", args, folder.path);
    assertOneLine(result, 2, /"input\.txt".*does not exist.*--input/);
  }
});

Deno.test("client reports in one line that its input list is a folder", async () => {
  await using workspace = await Workspace.create();
  const result = await runProgram("client", ["--input", workspace.dir], workspace.root);
  assertOneLine(result, 2, /shared".*folder.*--input/);
});

for (const below of ["", "/below"]) {
  Deno.test(`client reports in one line that its output folder is a file${below && " or below one"}`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1 });
    await workspace.setInput("a.bin\n");
    const args = ["--input", workspace.input, "--output", workspace.shared("a.bin") + below];
    assertOneLine(await runProgram("client", args, workspace.root), 2, /a\.bin.*--output/);
  });
}

Deno.test("client reports in one line that it may not write to its output folder", async () => {
  await using workspace = await Workspace.create();
  await workspace.setInput("a.bin\n");
  await Deno.mkdir(workspace.output, { mode: 0o000 });
  if (await canReadAnything(workspace.output)) return;
  const args = ["--input", workspace.input, "--output", workspace.output];
  assertOneLine(await runProgram("client", args, workspace.root), 2, /may not write.*--output/);
});

/** The names in a folder, including hidden ones. */
async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

/** Whether this user is not bound by permissions; then prints that the test is skipped. */
async function canReadAnything(closedFolder: string): Promise<boolean> {
  try {
    await namesIn(closedFolder);
  } catch {
    return false;
  }
  writeLine(Deno.stderr, "Skipped: permissions do not bind this user, who is probably root");
  return true;
}

Deno.test("client ends if its output folder is inside the shared folder, and says so", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1_000, "sub/b.bin": 2_000 });
  await workspace.setInput("**\n");
  await using server = await startServer(workspace);
  const output = workspace.shared("x/dl");
  await using client = startClient({ ...workspace, output, port: server.port });
  const { code, stderr } = await client.ended();
  assert.equal(code, 2, stderr);
  assert.match(
    stderr,
    errorOf(
      "client",
      /The server lists "x\/dl\/.* inside the shared folder; .* or exclude "x\/dl\/" by/m,
    ),
  );
  await assert.rejects(Deno.stat(`${output}/x`), Deno.errors.NotFound);
});
