import assert from "node:assert/strict";
import { join } from "@std/path";
import { CAN_INTERRUPT, programCommand, runClient, startServer } from "../support/harness.ts";
import type { ProgramCommand } from "../support/program_command.ts";
import { Workspace } from "../support/workspace.ts";

/** So many, with names so long, that their lines are more than a pipe holds. */
const FILES = Object.fromEntries(
  Array.from({ length: 600 }, (_, i) => [`${"n".repeat(200)}${i}.txt`, i % 7]),
);

/** A program whose standard output and standard error are pipes that nobody reads until its end. */
function startUnread({ command, args }: ProgramCommand, cwd: string) {
  const child = new Deno.Command(command, {
    args: [...args],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).spawn();
  return {
    child,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
      await Promise.all(
        [child.stdout.cancel(), child.stderr.cancel()].map((end) => end.catch(() => {})),
      );
    },
  };
}

Deno.test({
  name: "server serves and ends while nobody reads its log",
  ignore: !CAN_INTERRUPT,
  async fn() {
    await using workspace = await Workspace.create(FILES);
    await workspace.setInput("*\n");
    const command = programCommand("server", ["--dir", workspace.dir, "--port", "0"]);
    await using server = startUnread(command, workspace.root);
    const port = await portOf(server.child.stdout);
    for (const output of ["first", "second"]) {
      const to = { ...workspace, output: join(workspace.root, output), port };
      const { code, stderr } = await runClient(to);
      assert.equal(code, 0, stderr);
    }
    server.child.kill("SIGTERM");
    assert.equal((await server.child.status).code, 0);
  },
});

for (const progress of ["plain", "json"]) {
  Deno.test(`client --progress ${progress} downloads and ends while nobody reads it`, async () => {
    await using workspace = await Workspace.create(FILES);
    await workspace.setInput("*\n");
    await using server = await startServer(workspace);
    const { input, output, root } = workspace;
    const own = ["--server", `127.0.0.1:${server.port}`, "--input", input, "--output", output];
    const command = programCommand("client", [...own, "--once", "--progress", progress]);
    await using client = startUnread(command, root);
    assert.equal((await client.child.status).code, 0);
    await workspace.assertArrived(...Object.keys(FILES));
  });
}

/** Reads the line about the port, and no more. */
async function portOf(output: ReadableStream<Uint8Array>): Promise<number> {
  const reader = output.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return Number(/:(\d+)\n/.exec(new TextDecoder().decode(value))![1]);
}
