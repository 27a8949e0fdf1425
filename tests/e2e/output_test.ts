import assert from "node:assert/strict";
import { join } from "@std/path";
import { startRelay } from "../../tools/relay.ts";
import { parseJsonLines } from "../support/event_schema.ts";
import { assertHarmless } from "../support/hostile/server_row.ts";
import {
  errorOf,
  eventually,
  runClient,
  runProgram,
  startClient,
  startServer,
} from "../support/harness.ts";
import { programCommand } from "../support/program_command.ts";
import { interruptDownload, partialDownloadsIn } from "../support/interrupted_workspace.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

Deno.test("client reports the partial files of unwanted files, and --clean removes only those", async () => {
  const names = ["a.bin", "b.bin", "c.bin"];
  await using workspace = await Workspace.create(
    Object.fromEntries(names.map((name) => [name, 4 * MB])),
  );
  await workspace.setInput("*.bin\n");
  await using server = await startServer(workspace);
  await interruptDownload(workspace, server, names);
  assert.deepEqual(await partialPaths(workspace), names);

  await workspace.setInput("a.bin\n");
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  const [, command] = stderr.match(
    /^kept +.* 2 files .*; to remove it: (?:deno run .*client\.ts|\S*sluice-client\S*) (.*)$/m,
  ) ?? [];
  assert.ok(command, stderr);
  assert.deepEqual(await partialPaths(workspace), ["b.bin", "c.bin"]);

  await workspace.setInput("a.bin\nc.bin\n");
  const args = command.split(" ").map((word) => word.replace(/^"(.*)"$/, "$1"));
  const clean = await runProgram("client", args, workspace.root);
  assert.deepEqual([clean.code, clean.stderr], [0, ""]);
  assert.match(clean.stdout, /^removed .* of "b\.bin"\n$/);
  assert.deepEqual(await partialPaths(workspace), ["c.bin"]);
  await workspace.assertArrived("a.bin");

  const last = await runClient({ ...workspace, port: server.port });
  assert.equal(last.code, 0, last.stderr);
  assert.match(last.stderr, /^resumed +c\.bin /m);
  assert.doesNotMatch(last.stderr, /^kept /m);
  await workspace.assertArrived("a.bin", "c.bin");
  await workspace.assertNoLeftovers();
});

Deno.test("client locks its output folder until it is killed", async () => {
  await using workspace = await Workspace.create({ "a.bin": 4 * MB });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  await using relay = startRelay({ port: server.port, bytesPerSecond: MB });
  await using first = startClient({ ...workspace, port: relay.port });
  await first.waitFor("connected to");
  for (const args of [["--once"], ["--clean"]]) {
    const second = await runClient({ ...workspace, port: server.port, args });
    assert.equal(second.code, 1, second.stderr);
    assert.match(second.stderr, errorOf("client", /Another client .*\n$/));
    assert.ok(second.stderr.includes(`(process ${first.pid})`), second.stderr);
  }
  first.kill("SIGKILL");
  await first.ended();
  const third = await runClient({ ...workspace, port: server.port });
  assert.equal(third.code, 0, third.stderr);
  await workspace.assertArrived("a.bin");
  await workspace.assertNoLeftovers();
});

Deno.test("client --clean removes nothing while a line of the input list is invalid", async () => {
  await using workspace = await Workspace.create({ "a.bin": 4 * MB });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  await interruptDownload(workspace, server, ["a.bin"]);
  await workspace.setInput("a.bin sha256:12\n");
  const { stdout, stderr } = await runClient({
    ...workspace,
    port: server.port,
    args: ["--clean"],
  });
  assert.deepEqual(await partialPaths(workspace), ["a.bin"], stdout);
  assert.match(stderr, /line 1/);
});

Deno.test("client reports in words that a journal of an unwanted file cannot be read", async () => {
  await using workspace = await Workspace.create({ "a.bin": MB });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const stem = join(workspace.output, ".sluice", "0".repeat(32));
  await Deno.mkdir(`${stem}.journal`, { recursive: true });
  await Deno.writeTextFile(`${stem}.data`, "left");
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assertHarmless(stderr);
  assert.equal(code, 0, stderr);
});

async function partialPaths(workspace: Workspace): Promise<string[]> {
  return (await partialDownloadsIn(workspace)).map(({ journal }) => journal.subject.path).sort();
}

Deno.test("client ends when another one took the place of its output folder", async () => {
  if (Deno.build.os === "windows") return;
  await using workspace = await Workspace.create({ "a.bin": 64 * MB });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  await using relay = startRelay({ port: server.port, bytesPerSecond: MB });
  const args = ["--once", "--progress", "plain"];
  await using first = startClient({ ...workspace, port: relay.port, args });
  await eventually(async () => assert.ok(await workspace.workFolderBytes() > 0));
  await Deno.rename(workspace.output, `${workspace.output}.old`);
  await using second = startClient({ ...workspace, port: relay.port, args });
  // Whichever locks the new folder first: the other one ends.
  const { code, stderr } = await Promise.race([first.ended(), second.ended()]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, errorOf("client", /Another client .*is downloading into .*--output$/m));
});

Deno.test("client says that it replaces a file, and keeps it with --keep-existing", async () => {
  await using workspace = await Workspace.create({ "a.bin": MB, "b.bin": 4 });
  await workspace.setInput("*.bin\n");
  await Deno.mkdir(workspace.output);
  for (const path of ["a.bin", "b.bin"]) {
    await Deno.writeTextFile(workspace.downloaded(path), "my notes");
  }
  await using server = await startServer(workspace);
  const kept = await runClient({
    ...workspace,
    port: server.port,
    args: ["--once", "--keep-existing"],
  });
  assert.equal(kept.code, 1, kept.stderr);
  for (const path of ["a.bin", "b.bin"]) {
    assert.match(kept.stderr, new RegExp(`^failed +${path} .*--keep-existing`, "m"));
    assert.equal(await Deno.readTextFile(workspace.downloaded(path)), "my notes");
  }
  const args = ["--once", "--progress", "json"];
  const { code, stdout, stderr } = await runClient({ ...workspace, port: server.port, args });
  assert.equal(code, 0, stderr);
  const replaced = parseJsonLines(stdout).filter(({ event }) => event === "replaced");
  assert.deepEqual(replaced.map(({ path, size }) => [path, size]).sort(), [
    ["a.bin", 8],
    ["b.bin", 8],
  ]);
  await workspace.assertArrived("a.bin", "b.bin");
  const again = await runClient({
    ...workspace,
    port: server.port,
    args: ["--once", "--keep-existing"],
  });
  assert.equal(again.code, 0, again.stderr);
});

Deno.test("client and server fail if a result cannot be written, and not if its reader has gone", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using workspace = await Workspace.create({ "a.bin": 1 });
  await workspace.setInput("a.bin\n");
  await using server = await startServer(workspace);
  const own = ["--server", `127.0.0.1:${server.port}`];
  const run = async (target: string, name: "client" | "server", ...args: string[]) => {
    const { command, args: all } = programCommand(name, args);
    const shell = new Deno.Command("sh", {
      args: ["-c", `{ "$0" "$@"; echo "rc $?" >&2; } ${target}`, command, ...all],
      cwd: workspace.root,
      stderr: "piped",
    });
    return new TextDecoder().decode((await shell.output()).stderr);
  };
  for (
    const command of [
      ["client", ...own, "--list"],
      ["client", ...own, "--explain"],
      ["client", "--help"],
      ["server", "--version"],
    ] as ["client" | "server", ...string[]][]
  ) {
    assert.match(
      await run("> /dev/full", ...command),
      /: Cannot write to .+\nrc 2\n$/,
      `${command}`,
    );
    assert.equal(await run("| true", ...command), "rc 0\n", `${command}`);
  }
});
