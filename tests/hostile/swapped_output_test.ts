import assert from "node:assert/strict";
import { join } from "@std/path";
import { filesUnder, Program, runClient, startServer } from "../support/harness.ts";
import { writeLine } from "../../lib/cli/main.ts";
import { Workspace } from "../support/workspace.ts";

/** Exchanges two names without pause until it is killed; Deno has no call for that. */
const SWAP = `
import ctypes, sys
call = ctypes.CDLL(None).renameat2
names = [name.encode() for name in sys.argv[1:]]
print(call(-100, names[0], -100, names[1], 2), flush=True)
while True: call(-100, names[0], -100, names[1], 2)
`;

/** Begins to swap two paths; null where this system cannot. */
async function startSwapping(a: string, b: string): Promise<Program | null> {
  try {
    const program = new Program({ command: "python3", args: ["-c", SWAP, a, b] }, { cwd: "/" });
    if (await program.waitForOutput(/^-?\d+\n/) === "0\n") return program;
    await program[Symbol.asyncDispose]();
  } catch {
    // There is no Python, or its C library lacks the call.
  }
  return null;
}

Deno.test("client leaves no file outside while a folder is swapped for a link in a loop", async () => {
  const names = Array.from({ length: 300 }, (_, i) => `sub/${i}`);
  await using workspace = await Workspace.create(
    Object.fromEntries(names.map((name, i) => [name, 1_000 + i])),
  );
  await workspace.setInput("**\n");
  const outside = join(workspace.root, "outside");
  const [folder, link] = [workspace.downloaded("sub"), workspace.downloaded("link")];
  await Deno.mkdir(folder, { recursive: true });
  await Deno.mkdir(outside);
  await Deno.symlink(outside, link);
  await using server = await startServer(workspace);
  await using swapping = await startSwapping(folder, link);
  if (!swapping) return writeLine(Deno.stderr, "Skipped: this system exchanges no names");
  const { stderr } = await runClient({ ...workspace, port: server.port });
  swapping.kill("SIGKILL");
  await swapping.ended();
  assert.deepEqual(await filesUnder(outside), []);
  // The folder has one of the two names now.
  const real = (await Deno.lstat(folder)).isSymlink ? link : folder;
  const done = [...stderr.matchAll(/^done +sub\/(\S+)/mg)].map(([, name]) => name).sort();
  // In doubt a file that is there counts as failed.
  const there = new Set(await filesUnder(real));
  assert.deepEqual(done.filter((name) => !there.has(name!)), [], stderr);
  assert.ok(done.length > 0, stderr);
});
