import assert from "node:assert/strict";
import { REPOSITORY } from "../../tools/programs.ts";
import { startRelay } from "../../tools/relay.ts";
import { writeLine } from "../../lib/cli/main.ts";
import { GetRecorder } from "../support/get_recorder.ts";
import { eventually, Program } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

const MB = 1_000_000;

/** Runs a task of the repository as a terminal does: in a process group of its own. */
function startTask(name: "server" | "client", args: readonly string[]): Program {
  const command = { command: Deno.execPath(), args: ["task", name, ...args] };
  return new Program(command, { cwd: REPOSITORY, ownGroup: true });
}

function startServerTask(workspace: Workspace): Program {
  return startTask("server", ["--port", "0", "--dir", workspace.dir]);
}

async function portOf(server: Program): Promise<number> {
  const line = await server.waitForOutput(/^sluice server listening on \S+:\d+\n/);
  return Number(line.match(/:(\d+)\n/)![1]);
}

/** The child of a process, or null if this system cannot list processes. */
async function childOf(pid: number): Promise<number | null> {
  const ps = new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid="], stderr: "null" });
  try {
    const { stdout } = await ps.output();
    const rows = new TextDecoder().decode(stdout).trim().split("\n");
    const row = rows.map((row) => row.trim().split(/\s+/).map(Number))
      .find(([, parent]) => parent === pid);
    return row?.[0] ?? null;
  } catch {
    return null;
  }
}

Deno.test("deno task server shares a folder, and ends with 0 at Ctrl+C", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1 * MB, "b.bin": 3 });
  await workspace.setInput("*.bin\n");
  await using server = startServerTask(workspace);
  const address = `127.0.0.1:${await portOf(server)}`;
  await using client = startTask("client", [
    ...["--server", address, "--input", workspace.input, "--output", workspace.output, "--once"],
  ]);
  const done = await client.ended();
  assert.equal(done.code, 0, done.stderr);
  await workspace.assertArrived("a.bin", "b.bin");
  server.killGroup("SIGINT");
  const { code, signal, stderr } = await server.ended();
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stderr, / {2}server_stopped {2}clients=1 {2}files=2 {2}bytes=1000003$/m);
});

for (const target of ["deno task", "the program that it started"] as const) {
  Deno.test(`deno task server ends with 0 at SIGINT to ${target}`, async () => {
    await using workspace = await Workspace.create();
    await using server = startServerTask(workspace);
    await portOf(server);
    const pid = target === "deno task" ? server.pid : await childOf(server.pid);
    if (pid === null) {
      writeLine(Deno.stderr, "Skipped: there is no ps to find the program with");
      return;
    }
    Deno.kill(pid, "SIGINT");
    const { code, signal, stderr } = await server.ended();
    assert.deepEqual([code, signal], [0, null], stderr);
    assert.match(stderr, / {2}server_stopped {2}/);
  });
}

/** A client that downloads from `deno task server` over a slow line. */
class TaskRun implements AsyncDisposable {
  readonly #disposables: AsyncDisposableStack;

  private constructor(
    readonly workspace: Workspace,
    readonly server: Program,
    readonly client: Program,
    disposables: AsyncDisposableStack,
  ) {
    this.#disposables = disposables;
  }

  static async start(): Promise<TaskRun> {
    await using disposables = new AsyncDisposableStack();
    const workspace = disposables.use(await Workspace.create({ "a.bin": 20 * MB }));
    await workspace.setInput("a.bin\n");
    const server = disposables.use(startServerTask(workspace));
    const recorder = new GetRecorder();
    const relay = disposables.use(startRelay({
      port: await portOf(server),
      bytesPerSecond: 8 * MB,
      fromClient: recorder.take,
    }));
    const address = `127.0.0.1:${relay.port}`;
    const client = disposables.use(startTask("client", [
      ...["--server", address, "--input", workspace.input, "--output", workspace.output],
    ]));
    await eventually(() => assert.ok(recorder.bytesOf("a.bin") > 6 * MB, client.stderr));
    return new TaskRun(workspace, server, client, disposables.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposables.disposeAsync();
  }
}

Deno.test("deno task client ends with 130 at Ctrl+C while it downloads", async () => {
  await using run = await TaskRun.start();
  run.client.killGroup("SIGINT");
  const { code, signal, stderr } = await run.client.ended();
  assert.deepEqual([code, signal], [130, null], stderr);
  assert.match(stderr, /^0 files done, 1 unfinished: /m, "it ended without a summary");
  assert.ok(await run.workspace.workFolderBytes() > 1 * MB);
});

Deno.test("deno task server ends with 0 at Ctrl+C while a client downloads", async () => {
  await using run = await TaskRun.start();
  run.server.killGroup("SIGINT");
  const { code, signal, stderr } = await run.server.ended();
  assert.deepEqual([code, signal], [0, null], stderr);
  assert.match(stderr, / {2}server_stopped {2}clients=\d+ {2}files=0 {2}bytes=[1-9]\d+$/m);
  await run.client.waitFor(/^lost the server: /m);
});
