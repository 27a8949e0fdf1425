import assert from "node:assert/strict";
import { join } from "@std/path";
import { startRelay } from "../../tools/relay.ts";
import {
  errorOf,
  eventually,
  Program,
  programCommand,
  type ProgramResult,
  runClient,
  startClient,
  startServer,
} from "../support/harness.ts";
import type { ProgramCommand } from "../support/program_command.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

Deno.test("client fails files whose names are blocked, and continues with the others", async () => {
  await using workspace = await Workspace.create({
    "a": 10,
    "b": MB,
    "folder/c": 20,
    "good": MB + 1,
  });
  await workspace.setInput("**\n");
  await Deno.mkdir(join(workspace.output, "a", "mine"), { recursive: true });
  await Deno.writeTextFile(join(workspace.output, "folder"), "mine");
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 1, stderr);
  const failed = stderr.split("\n").filter((line) => line.startsWith("failed "));
  assert.equal(failed.length, 2, stderr);
  assert.match(stderr, /^failed +a +a folder stands where "a" belongs; move it away$/m);
  assert.match(stderr, /^failed +folder\/c +.*folder" is not a folder; move it away$/m);
  await workspace.assertArrived("b", "good");
  assert.ok((await Deno.stat(join(workspace.output, "a", "mine"))).isDirectory);
  assert.equal(await Deno.readTextFile(join(workspace.output, "folder")), "mine");
  await workspace.assertNoLeftovers();
});

Deno.test("client fails a file over the limit of file sizes, and continues with the others", async () => {
  if (Deno.build.os === "windows") return skip("this system has no limit for the size of files");
  const limit = 8 * MB;
  await using workspace = await Workspace.create({ "large": limit + 4 * MB, "good": MB });
  await workspace.setInput("*\n");
  await using server = await startServer(workspace);
  // Ignored, the signal becomes an error of the write. Blocks have 512 bytes, in some shells 1,024.
  const script = `trap '' XFSZ; ulimit -f ${Math.floor(limit / 1024)}; exec "$0" "$@"`;
  const { code, stderr } = await runInShell(script, workspace, server.port);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^failed +large +\S/m);
  assert.equal(stderr.match(/^failed /mg)!.length, 1, stderr);
  await workspace.assertArrived("good");
  await workspace.assertAbsent("large");

  const second = await runClient({ ...workspace, port: server.port });
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, /^resumed +large /m);
  await workspace.assertArrived("large", "good");
  await workspace.assertNoLeftovers();
});

Deno.test("client fails files that do not fit on a full disk, and keeps the others", async () => {
  await using workspace = await Workspace.create({ "large": 12 * MB, "small": MB, "tiny": 10 });
  const cannot = await whyNoSmallDisk(workspace.output);
  if (cannot) return skip(cannot);
  // The small ones are complete before the disk is full.
  await workspace.setInput("tiny CRITICAL\nsmall CRITICAL\nlarge NORMAL\n");
  await using server = await startServer(workspace);
  const kept = join(workspace.root, "kept");
  const script = `mount -t tmpfs -o size=6m none "${workspace.output}" || exit 99
    "$0" "$@"; code=$?; cp -r "${workspace.output}" "${kept}"; exit $code`;
  const { code, stderr } = await runInShell(script, workspace, server.port, ["unshare", "-rm"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /^failed +large +.*[Nn]o space left/m);
  assert.equal(stderr.match(/^failed /mg)!.length, 1, stderr);
  for (const path of ["small", "tiny"]) {
    assert.deepEqual(
      await Deno.readFile(join(kept, path)),
      await Deno.readFile(workspace.shared(path)),
    );
  }
  await assert.rejects(Deno.lstat(join(kept, "large")), Deno.errors.NotFound);
});

Deno.test("client fails a file whose output folder is deleted during its download, and continues", async () => {
  await using workspace = await Workspace.create({ "a.bin": 3 * MB });
  await workspace.setInput("*\n");
  await using server = await startServer(workspace);
  await using relay = startRelay({ port: server.port, bytesPerSecond: 2 * MB });
  await using client = startClient({ ...workspace, port: relay.port });
  await eventually(async () => assert.ok(await workspace.workFolderBytes() > 0.1 * MB));
  await Deno.remove(workspace.output, { recursive: true });
  await workspace.share("later.bin", 1_000);
  await client.waitFor(/^failed +a\.bin +(the partial file cannot be read|its data was removed)/m);
  await eventually(() => workspace.assertArrived("later.bin"));
  client.interrupt();
  const { code, stderr } = await client.ended();
  assert.equal(code, 1, stderr);
  await workspace.assertAbsent("a.bin");

  const second = await runClient({ ...workspace, port: server.port });
  assert.equal(second.code, 0, second.stderr);
  await workspace.assertArrived("a.bin", "later.bin");
  await workspace.assertNoLeftovers();
});

Deno.test("client refuses an output folder that cannot be written to", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1_000 });
  await workspace.setInput("*\n");
  const cannot = await whyNoSmallDisk(workspace.output);
  if (cannot) return skip(cannot);
  await using server = await startServer(workspace);
  const script = `mount -t tmpfs -o ro none "${workspace.output}" || exit 99; "$0" "$@"`;
  const { code, stderr } = await runInShell(script, workspace, server.port, ["unshare", "-rm"]);
  assert.equal(code, 2, stderr);
  assert.match(
    stderr,
    errorOf("client", /Cannot write to the output folder .*[Rr]ead-only.*--output\n$/),
  );
});

for (
  const [place, mount] of [
    ["another disk", (folder: string) => `mount -t tmpfs none "${folder}"`],
    // Its device is that of the output folder, and yet a rename cannot cross.
    ["a bind mount of the same disk", (folder: string) => `mount --bind "${folder}" "${folder}"`],
  ] as const
) {
  Deno.test(`client copies files to a folder that is ${place}`, async () => {
    await using workspace = await Workspace.create({ "sub/a.bin": 2 * MB, "sub/b": 9, "good": MB });
    await workspace.setInput("**\n");
    const cannot = await whyNoSmallDisk(join(workspace.root, "trial"));
    if (cannot) return skip(cannot);
    await using server = await startServer(workspace);
    const sub = workspace.downloaded("sub");
    await Deno.mkdir(sub, { recursive: true });
    const kept = join(workspace.root, "kept");
    const script = `${mount(sub)} || exit 99
      "$0" "$@"; code=$?; cp -r "${workspace.output}" "${kept}"; exit $code`;
    const { code, stderr } = await runInShell(script, workspace, server.port, ["unshare", "-rm"]);
    assert.equal(code, 0, stderr);
    for (const path of ["sub/a.bin", "sub/b", "good"]) {
      assert.deepEqual(
        await Deno.readFile(join(kept, path)),
        await Deno.readFile(workspace.shared(path)),
      );
    }
    assert.deepEqual(await namesIn(join(kept, "sub")), ["a.bin", "b"]);
    await workspace.assertNoLeftovers();
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

/** Runs a client as `"$0" "$@"` of a shell script, which can limit or fill the disk first. */
async function runInShell(
  script: string,
  { input, output, root }: Workspace,
  port: number,
  around: readonly string[] = [],
): Promise<ProgramResult> {
  const { command, args } = programCommand("client", [
    ...["--server", `127.0.0.1:${port}`, "--input", input, "--output", output, "--once"],
  ]);
  const words = [...around, "sh", "-c", script, command, ...args];
  const shell: ProgramCommand = { command: words[0]!, args: words.slice(1) };
  await using client = new Program(shell, { cwd: root });
  return await client.ended();
}

/** Why no disk of a few megabytes can be mounted at a path; undefined if one can. Makes the path. */
async function whyNoSmallDisk(path: string): Promise<string | undefined> {
  await Deno.mkdir(path);
  const args = ["-rm", "mount", "-t", "tmpfs", "-o", "size=6m", "none", path];
  try {
    const { success, stderr } = await new Deno.Command("unshare", { args }).output();
    return success ? undefined : `no small disk: ${new TextDecoder().decode(stderr).trim()}`;
  } catch {
    return "no small disk: this system has no unshare";
  }
}

function skip(reason: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${reason}\n`));
}
