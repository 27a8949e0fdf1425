import assert from "node:assert/strict";
import { widthOf } from "../../lib/display/terminal/text_width.ts";
import { startRelay } from "../../tools/relay.ts";
import { startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";
import { TerminalProgram, terminalTest } from "../support/terminal.ts";

const TOTAL = /^(\d+)(?: of |\/)3/;

/** Three files over a slow line, and a client on a terminal of 80 × 24. */
async function setUp(stack: AsyncDisposableStack) {
  const workspace = stack.use(
    await Workspace.create({ "a.bin": MB, "日本.bin": 20 * MB, "c.bin": 20 * MB }),
  );
  await workspace.setInput("a.bin CRITICAL\n日本.bin HIGH\nc.bin\n");
  const server = stack.use(await startServer(workspace));
  const relay = stack.use(startRelay({ port: server.port, bytesPerSecond: 5 * MB }));
  const address = `127.0.0.1:${relay.port}`;
  const args = ["--server", address, "--input", workspace.input, "--output", workspace.output];
  const size = { columns: 80, rows: 24, cwd: workspace.root };
  return { workspace, client: stack.use(await TerminalProgram.start("client", args, size)) };
}

/**
 * Asserts that there are one total line, a row for each file, and the elapsed time, and that all of
 * them fit.
 */
function assertBars(lines: readonly string[], columns: number, files: number): void {
  assert.match(lines.at(-1) ?? "", /^0:\d\d elapsed/);
  assert.match(lines.at(-2) ?? "", TOTAL);
  assert.equal(lines.filter((line) => TOTAL.test(line)).length, 1);
  const bars = lines.filter((line) => /^(C|H|N)\w* +\S.*\d+%/.test(line));
  assert.equal(bars.length, files);
  for (const line of [...bars, ...lines.slice(-2)]) assert.ok(widthOf(line) < columns, line);
}

terminalTest(
  "client on a terminal shows its bars, survives a resize, and cleans up at Ctrl+C",
  async () => {
    await using stack = new AsyncDisposableStack();
    const { client } = await setUp(stack);
    const { terminal } = client;
    const first = await client.screen((lines) => {
      assertBars(lines, 80, 2);
      assert.match(lines.at(-2)!, /^1 of 3 files .* [1-9]\d?% /);
    });
    assert.equal(first.filter((line) => /^✓ done +a\.bin {2}977 KiB/.test(line)).length, 1);
    assert.match(first.at(-4)!, /^HIGH +日本\.bin +▕█*[▏▎▍▌▋▊▉]? *▏ +\d+% .*[KM]iB\/s +\d:\d\d$/);
    assert.equal(terminal.cursorVisible, false);

    await client.resize(44, 12);
    await client.screen((lines) => {
      assertBars(lines, 44, 2);
      assert.ok(widthOf(lines.at(-2)!) > 30);
    });

    await client.interrupt();
    assert.equal(await client.ended(), 130);
    const lines = await terminal.everything();
    assert.equal(terminal.cursorVisible, true);
    assert.equal(terminal.wraps, true);
    assert.equal(lines.filter((line) => /%.*[▕▏]|▕/.test(line)).length, 0, lines.join("\n"));
    const said = lines.join("\n");
    assert.match(said, /\^?C?interrupted: received bytes are kept/);
    assert.match(said, /^1 file done, 2 unfinished: /m);
    assert.match(said, /^ {2}unfinished 日本\.bin: \S+ MiB of\s+19\.1\s+MiB\s+kept$/m);
    assert.match(
      lines.at(-1)!,
      /^ {2}to resume +(?:deno run .*client\.ts|\S*sluice-client\S*) --server 127\.0\.0\.1:\d+ --input \S+ --output \S+$/,
    );
  },
);

terminalTest("client on a terminal leaves one line a file, and then watches", async () => {
  await using stack = new AsyncDisposableStack();
  const { client, workspace } = await setUp(stack);
  await client.screen((lines) => {
    assert.match(lines.at(-1) ?? "", /^watching \S.*; Ctrl\+C to stop$/);
  });
  await workspace.assertArrived("a.bin", "日本.bin", "c.bin");
  await client.interrupt();
  assert.equal(await client.ended(), 0);
  const lines = await client.terminal.everything();
  const done = lines.filter((line) => /^✓ done +\S+ .*sha256:[0-9a-f]{8}$/.test(line));
  assert.equal(done.length, 3, lines.join("\n"));
  assert.match(lines.join("\n"), /^3 files done: 39\.1 MiB in .*\n {2}shares +CRITICAL \d/m);
  assert.equal(client.terminal.cursorVisible, true);
});
