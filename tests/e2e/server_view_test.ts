import assert from "node:assert/strict";
import { startRelay } from "../../tools/relay.ts";
import { startClient } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";
import { MB } from "../support/throttled_run.ts";
import { TerminalProgram, terminalTest } from "../support/terminal.ts";

terminalTest(
  "server shows its clients below its log, and leaves the terminal as it was",
  async () => {
    await using workspace = await Workspace.create({ "a.bin": 30 * MB, "b.bin": 30 * MB });
    await workspace.setInput("*\n");
    const args = ["--dir", workspace.dir, "--port", "0"];
    const size = { columns: 100, rows: 20, cwd: workspace.root };
    await using server = await TerminalProgram.start("server", args, size);
    const [first] = await server.screen((lines) => {
      assert.ok(lines.includes("no client yet; Ctrl+C to stop"));
    });
    const port = Number(first!.match(/^sluice server listening on 127\.0\.0\.1:(\d+)$/)![1]);
    assert.ok(!server.terminal.cursorVisible);

    await using relay = startRelay({ port, bytesPerSecond: 2 * MB });
    await using client = startClient({ ...workspace, port: relay.port });
    await server.screen((lines) => {
      const table = lines.slice(-3).map((line) => line.split(/ {2,}/));
      assert.deepEqual(table[0], ["client", "files", "rate", "total", "connected"]);
      assert.match(table[1]!.join("|"), /^127\.0\.0\.1:\d+\|2\|[\d.]+ .iB\/s\|[\d.]+ .iB\|0:\d\d$/);
      assert.match(table[2]!.join("|"), /^1 client\|2\|[\d.]+ .iB\/s\|[\d.]+ .iB$/);
      assert.match(lines.at(-4)!, / {2}client_connected {2}client=127\.0\.0\.1:\d+$/);
    });
    client.interrupt();
    await client.ended();
    await server.screen((lines) => {
      assert.match(
        lines.at(-1)!,
        /^no client now, 1 so far: 0 files, [\d.]+ .iB; Ctrl\+C to stop$/,
      );
      assert.match(lines.join(""), / {2}client_disconnected {2}/);
    });

    await server.interrupt();
    assert.equal(await server.ended(), 0);
    const lines = await server.terminal.screen();
    assert.match(lines.at(-1)!, / {2}server_stopped {2}clients=1 {2}files=0 {2}bytes=\d+$/);
    assert.doesNotMatch(lines.join("\n"), /no client|connected$/m);
    assert.ok(server.terminal.cursorVisible && server.terminal.wraps);
  },
);

terminalTest("server --log json draws nothing on a terminal", async () => {
  await using workspace = await Workspace.create({ "a.bin": 1 });
  const args = ["--dir", workspace.dir, "--port", "0", "--log", "json"];
  const size = { columns: 200, rows: 20, cwd: workspace.root };
  await using server = await TerminalProgram.start("server", args, size);
  await server.screen((lines) => assert.match(lines[1] ?? "", /"sharing"/));
  await new Promise((resolve) => setTimeout(resolve, 500));
  await server.interrupt();
  assert.equal(await server.ended(), 0);
  const [listening, ...lines] = await server.terminal.everything();
  assert.match(listening!, /^sluice server listening/);
  for (const line of lines) JSON.parse(line.replace(/^\^C/, ""));
  assert.doesNotMatch(server.terminal.writes.join(""), /\?25l/);
});
