import assert from "node:assert/strict";
import type { WireError } from "../../lib/errors.ts";
import { ServerClient } from "../support/server_client.ts";
import { join } from "@std/path";
import {
  eventually,
  Program,
  programCommand,
  runClient,
  ServerProgram,
  startClient,
  startServer,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";

/** How many clients disconnect in the middle of a response. */
const CUTS = 50;
/** The limit of open files for a server that lacks descriptors. */
const FEW_FILES = 64;

Deno.test("server keeps no files open for clients that disconnected in the middle", async () => {
  if (Deno.build.os !== "linux") return skip(ONLY_LINUX);
  await using workspace = await Workspace.create({ "a.bin": 8 * MB, "b.bin": 8 * MB });
  await workspace.setInput("*\n");
  await using server = await startServer(workspace);
  const honest = await runClient({ ...workspace, port: server.port });
  assert.equal(honest.code, 0, honest.stderr);
  await server.waitForDisconnects(1);
  const before = await settled(() => openFiles(server.pid));
  await Promise.all(Array.from({ length: CUTS }, () => getAndCut(server.port)));
  await server.waitForDisconnects(1 + CUTS);
  await eventually(async () => {
    const after = await openFiles(server.pid);
    assert.ok(after <= before, `${after} are open, ${before} were`);
  });
});

/** Requests more than the system buffers, and disconnects at the first piece of it. */
async function getAndCut(port: number): Promise<void> {
  using client = await ServerClient.connect(port);
  const files = [...client.connection.files.values()];
  const gets = files.flatMap(({ path, version }) =>
    [0, 1, 2, 3].map((i) => ({
      type: "get" as const,
      path,
      version,
      offset: i * MB,
      length: MB,
      digest: false,
    }))
  );
  const [{ path, version }] = gets as [typeof gets[number]];
  const answers = client.ask(...gets, { type: "digest", path, version });
  await Promise.race(answers);
  client[Symbol.dispose]();
  await Promise.allSettled([...answers, client.ended]);
}

Deno.test("client keeps no files open that failed, vanished or are done", async () => {
  if (Deno.build.os !== "linux") return skip(ONLY_LINUX);
  const names = Array.from({ length: 20 }, (_, i) => `file${i}`);
  await using workspace = await Workspace.create(
    Object.fromEntries(names.map((name) => [name, 2 * MB])),
  );
  await workspace.setInput("\n");
  await using server = await startServer(workspace);
  await using client = startClient({ ...workspace, port: server.port });
  await client.waitFor("connected to");
  // Large enough for the Worker, which has descriptors of its own.
  await workspace.share("first", 1 * MB);
  await workspace.setInput("first\n");
  await client.waitFor("done     first");
  const before = await settled(() => openFiles(client.pid));

  // Half of them cannot be published; some vanish and reappear while they are fetched.
  for (const name of names.slice(0, 10)) {
    await Deno.mkdir(join(workspace.output, name, "mine"), { recursive: true });
  }
  await workspace.setInput("*\n");
  for (const name of names.slice(10, 13)) await Deno.remove(workspace.shared(name));
  for (const name of names.slice(13, 16)) await workspace.replace(name, 3 * MB, 9);
  await workspace.setInput(`${names.slice(0, 18).join("\n")}\n`);
  await eventually(() => workspace.assertArrived(...names.slice(13, 18)));
  await eventually(async () => {
    const after = await openFiles(client.pid);
    assert.ok(after <= before, `${after} are open, ${before} were:\n${client.stderr}`);
  });
});

Deno.test("server survives a lack of descriptors, and logs it", async () => {
  if (Deno.build.os === "windows") return skip("this system has no limit for open files");
  await using workspace = await Workspace.create({ "a.bin": MB });
  await workspace.setInput("*\n");
  const { command, args } = programCommand("server", ["--dir", workspace.dir, "--port", "0"]);
  const script = `ulimit -n ${FEW_FILES}; exec "$0" "$@"`;
  const shell = { command: "sh", args: ["-c", script, command, ...args] };
  await using server = new ServerProgram(shell, { cwd: workspace.root });
  await server.waitUntilListening();
  {
    using stack = new DisposableStack();
    for (let count = 0; count < FEW_FILES; count++) {
      stack.use(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    await server.waitFor(/accept_failed .*[Tt]oo many open files/);
    // Clients that connect later must not find the list empty, though a scan is impossible now.
    await workspace.share("new.bin", 10);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.doesNotMatch(server.stderr, /folder_changed .*removed=[1-9]/);
  }
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr + server.stderr);
  await workspace.assertArrived("a.bin");
  server.interrupt();
  assert.equal((await server.ended()).code, 0, server.stderr);
});

for (const limit of [FEW_FILES, 256]) {
  Deno.test(`client fails no file with at most ${limit} open files`, async () => {
    if (Deno.build.os === "windows") return skip("this system has no limit for open files");
    const names = Array.from({ length: 400 }, (_, i) => `file${i}`);
    // Many in one chunk, many in several, and one that is hashed in the Worker.
    const sizes = names.map((name, i) => [name, i % 2 === 0 ? 1_000 : 200_000] as const);
    const large = limit === FEW_FILES ? [] : [["large", 65 * MB] as const];
    await using workspace = await Workspace.create(Object.fromEntries([...sizes, ...large]));
    await workspace.setInput("*\n");
    await using server = await startServer(workspace);
    const address = `127.0.0.1:${server.port}`;
    const options = ["--input", workspace.input, "--output", workspace.output, "--once"];
    const args = ["--server", address, ...options, "--progress", "plain"];
    const { code, stderr } = await runLimited(limit, args, workspace.root);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /failed|refetch/);
    await workspace.assertArrived(...names, ...large.map(([name]) => name));
    await workspace.assertNoLeftovers();
  });
}

/** Runs a client that can open few files. */
async function runLimited(limit: number, clientArgs: readonly string[], cwd: string) {
  const { command, args } = programCommand("client", clientArgs);
  const script = `ulimit -n ${limit}; exec "$0" "$@"`;
  await using client = new Program({ command: "sh", args: ["-c", script, command, ...args] }, {
    cwd,
  });
  return await client.ended();
}

Deno.test("server answers busy while it lacks descriptors, and the file once it has some", async () => {
  if (Deno.build.os === "windows") return skip("this system has no limit for open files");
  await using workspace = await Workspace.create({ "a.bin": 2 * MB, "b.bin": 2 * MB });
  const { command, args } = programCommand("server", ["--dir", workspace.dir, "--port", "0"]);
  const script = `ulimit -n ${FEW_FILES}; exec "$0" "$@"`;
  const shell = { command: "sh", args: ["-c", script, command, ...args] };
  await using server = new ServerProgram(shell, { cwd: workspace.root });
  await server.waitUntilListening();
  using client = await ServerClient.connect(server.port);
  const files = [...client.connection.files.values()];
  const [get, other] = files.map(({ path, version }) =>
    ({ type: "get", path, version, offset: 0, length: MB, digest: false }) as const
  );
  {
    using stack = new DisposableStack();
    for (let count = 0; count < FEW_FILES; count++) {
      stack.use(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    await server.waitFor(/accept_failed .*[Tt]oo many open files/);
    await assert.rejects(client.ask(get!)[0]!, ({ code }: WireError) => code === "busy");
  }
  await eventually(async () => {
    const answer = await client.ask(other!)[0]!;
    assert.equal(answer.type, "chunk");
  });
});

const ONLY_LINUX = "only Linux says which files a process has open";

async function openFiles(pid: number): Promise<number> {
  const listing = new Deno.Command("ls", { args: [`/proc/${pid}/fd`], stdin: "null" });
  const { success, stdout } = await listing.output();
  assert.ok(success);
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

/** A count, once it is stable for longer than the server keeps unused files open. */
async function settled(count: () => Promise<number>): Promise<number> {
  for (let last = -1;;) {
    const now = await count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  }
}

function skip(reason: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`skipped: ${reason}\n`));
}
