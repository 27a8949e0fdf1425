import assert from "node:assert/strict";
import {
  eventually,
  interruptTest,
  type ProgramResult,
  runProgram,
  startClient,
  startServer,
  waitForDone,
} from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

const IMPATIENT = ["--once", "--retry-for", "1"];

/** Asserts that a client gave up and printed the reason in one line. */
function assertGivenUp({ code, stdout, stderr }: ProgramResult, wanted: RegExp): void {
  assert.equal(code, 3, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /^[^\n]+\n$/, `it is not one line:\n${stderr}`);
  assert.match(stderr, wanted);
  assert.doesNotMatch(stderr, /\bat file:|Uncaught|Error:/);
}

/** Runs a client whose input list names a file. */
async function runAgainst(server: string, args: readonly string[]): Promise<ProgramResult> {
  await using workspace = await Workspace.create();
  await workspace.setInput("a.bin\n");
  const own = ["--input", workspace.input, "--output", workspace.output, "--server", server];
  return await runProgram("client", [...own, ...args], workspace.root);
}

/** The address of a port without a listener. */
function deadAddress(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `127.0.0.1:${listener.addr.port}`;
}

Deno.test("client without a server reports it in one line with --progress none", async () => {
  const address = deadAddress();
  const result = await runAgainst(address, [...IMPATIENT, "--progress", "none"]);
  assertGivenUp(result, new RegExp(`annot reach ${address}.*refused`));
});

Deno.test("client without a server reports in plain lines that it retries, and once that it ends", async () => {
  const address = deadAddress();
  const { code, stderr } = await runAgainst(address, [...IMPATIENT, "--progress", "plain"]);
  assert.equal(code, 3, stderr);
  const lines = stderr.split("\n").filter((line) => /annot reach/.test(line));
  assert.equal(lines.filter((line) => line.endsWith("; trying again")).length, 1, stderr);
  assert.equal(lines.filter((line) => !line.endsWith("; trying again")).length, 1, stderr);
  for (const line of lines) assert.ok(line.includes(address), stderr);
});

Deno.test("client --list without a server reports it in one line", async () => {
  const address = deadAddress();
  assertGivenUp(
    await runAgainst(address, ["--list"]),
    new RegExp(`annot reach ${address}.*refused`),
  );
});

for (const args of [["--once"], [], ["--list"], ["--progress", "none"]]) {
  const name = ["client", ...args].join(" ");
  Deno.test(`${name} reports in one line that there is no such host`, async () => {
    const result = await runAgainst("no-such-host.invalid", args);
    assertGivenUp(result, /no-such-host\.invalid.*--server/);
  });
}

for (const args of [IMPATIENT, ["--list"], ["--progress", "none"]]) {
  const name = ["client", ...args].join(" ");
  Deno.test(`${name} reports in one line that a server is not a Sluice server`, async () => {
    const result = await runAgainstText(
      "HTTP/1.1 400 Bad Request\r\n\r\n<h1>No</h1>".repeat(4),
      args,
    );
    assertGivenUp(result, /Sluice.*--server/);
  });
}

Deno.test("client gives up on a server that disconnects at once", async () => {
  const result = await runAgainstText("", [...IMPATIENT, "--progress", "none"]);
  assertGivenUp(result, /annot reach/);
});

for (const args of [["--once"], [], ["--list", "--retry-for", "60"]]) {
  const name = ["client", ...args].join(" ");
  const test = args.length === 0 ? interruptTest : Deno.test;
  test(`${name} tries again until the server is there`, async () => {
    await using workspace = await Workspace.create({ "a.bin": 1000 });
    await workspace.setInput("a.bin\n");
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await using client = startClient({ ...workspace, port, args });
    (await listener.accept()).close();
    listener.close();
    await using _server = await eventually(() => startServer({ dir: workspace.dir, port }));
    if (args.includes("--list")) await client.waitForOutput("a.bin");
    else await waitForDone(client, "a.bin");
    if (args.length === 0) client.interrupt();
    const { code, stderr } = await client.ended();
    assert.equal(code, 0, stderr);
  });
}

/** Runs a client against a server that sends every client the same text and disconnects. */
async function runAgainstText(words: string, args: readonly string[]): Promise<ProgramResult> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answering = answerAll(listener, new TextEncoder().encode(words));
  const result = await runAgainst(`127.0.0.1:${listener.addr.port}`, args);
  listener.close();
  await answering;
  return result;
}

async function answerAll(listener: Deno.Listener, words: Uint8Array): Promise<void> {
  for await (const conn of listener) {
    try {
      await conn.write(words);
      await conn.closeWrite();
      await conn.read(new Uint8Array(1024));
    } catch {
      // The client has disconnected first.
    }
    conn.close();
  }
}
