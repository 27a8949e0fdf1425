import assert from "node:assert/strict";
import { VIEW_PERIOD } from "../../../lib/display/server/server_view.ts";
import { ServerViewFixture, written } from "../../support/server_view_fixture.ts";
import { indices, screenTest } from "../../support/bars_fixture.ts";

// No sanitizer: the terminal emulator has timers of its own.

const MIB = 1024 ** 2;

screenTest("ServerView writes lines at once before it watches", async () => {
  await using stage = new ServerViewFixture();
  stage.view.log("first");
  stage.view.log("second");
  assert.deepEqual(stage.terminal.writes, ["first\n", "second\n"]);
  assert.ok(stage.terminal.cursorVisible);
});

screenTest("ServerView shows a scan that takes more than a second, and removes it", async () => {
  await using stage = new ServerViewFixture(60, 10);
  stage.view.showScan("/data", 100);
  stage.clock.pass(999);
  stage.view.showScan("/data", 200);
  assert.deepEqual(stage.terminal.writes, []);
  stage.clock.pass(1);
  stage.view.showScan("/data", 300);
  await written();
  const shown = "scanning /data: 300 files so far; Ctrl+C to stop";
  assert.deepEqual(await stage.terminal.screen(), [shown]);
  stage.clock.pass(100);
  stage.view.showScan("/data\x1b[2J", 4_000);
  await written();
  const [line] = await stage.terminal.screen();
  assert.match(line!, /^scanning \/data.*: 4000 files so far; Ctrl\+C to stop$/);
  await stage.view.endScan();
  assert.deepEqual(await stage.terminal.screen(), []);
  assert.ok(stage.terminal.cursorVisible);
  stage.view.log("sharing");
  stage.watch();
  await stage.frame();
  assert.deepEqual(await stage.terminal.screen(), ["sharing", "no client yet; Ctrl+C to stop"]);
});

screenTest("ServerView keeps the table below new lines", async () => {
  await using stage = new ServerViewFixture(80, 10);
  stage.watch();
  await stage.frame();
  assert.deepEqual(await stage.terminal.screen(), ["no client yet; Ctrl+C to stop"]);
  const one = stage.connect("127.0.0.1:50000");
  for (const step of indices(30)) {
    one.bytesSent += MIB;
    one.activeFiles = 2;
    stage.view.log(`line ${step}`);
    await stage.frame();
  }
  const lines = await stage.terminal.everything();
  assert.deepEqual(lines.slice(0, 30), indices(30).map((step) => `line ${step}`));
  assert.match(lines[30]!, /^client +files +rate +total +connected$/);
  assert.match(lines[31]!, /^127\.0\.0\.1:50000 +2 +4\.00 MiB\/s +30\.0 MiB +0:08$/);
  assert.match(lines[32]!, /^1 client +2 +4\.00 MiB\/s +30\.0 MiB$/);
  assert.equal(lines.length, 33);
  assert.ok(!stage.terminal.cursorVisible);
});

screenTest("ServerView draws four times a second, each time with one write", async () => {
  await using stage = new ServerViewFixture();
  stage.watch();
  const one = stage.connect("127.0.0.1:50000");
  for (let passed = 0; passed < 2000; passed += 25) {
    one.bytesSent += MIB;
    stage.view.log("line");
    stage.clock.pass(25);
    await written();
  }
  assert.equal(stage.terminal.writes.length, 2000 / VIEW_PERIOD);
  for (const text of stage.terminal.writes) {
    assert.ok(text.startsWith("\x1b[?2026h") && text.endsWith("\x1b[?2026l"));
  }
});

screenTest("ServerView does not write an unchanged table again", async () => {
  await using stage = new ServerViewFixture();
  stage.watch();
  for (const _ of indices(10)) await stage.frame();
  assert.equal(stage.terminal.writes.length, 1);
});

screenTest("ServerView removes the table when it closes, and shows the cursor", async () => {
  await using stage = new ServerViewFixture();
  stage.watch();
  stage.connect("127.0.0.1:50000");
  stage.view.log("before");
  await stage.frame();
  assert.equal((await stage.terminal.screen()).length, 4);
  stage.view.log("at the end");
  await stage.view.close();
  stage.view.log("after");
  assert.deepEqual(await stage.terminal.screen(), ["before", "at the end", "after"]);
  assert.ok(stage.terminal.cursorVisible && stage.terminal.wraps);
  assert.equal(stage.clock.timers, 0);
  const { length } = stage.terminal.writes;
  await stage.view.close();
  await stage.frame();
  assert.equal(stage.terminal.writes.length, length);
});

screenTest("ServerView removes nothing if it never watched", async () => {
  await using stage = new ServerViewFixture();
  await stage.view.close();
  assert.deepEqual(stage.terminal.writes, []);
});

for (
  const sizes of [
    [[120, 24]],
    [[40, 24]],
    [[20, 24], [80, 24]],
    [[80, 6]],
    [[200, 50], [40, 10]],
  ] as [number, number][][]
) {
  const name = sizes.map((size) => size.join(" × ")).join(", then ");
  screenTest(`ServerView leaves no old table when 80 × 24 becomes ${name}`, async () => {
    await using stage = new ServerViewFixture(80, 24);
    stage.watch();
    for (const index of indices(6)) stage.connect(`10.0.0.${index}:50000`);
    stage.view.log("a line");
    await stage.frame();
    for (const size of sizes) {
      await stage.terminal.resize(...size);
      await stage.settle();
    }
    stage.view.log("another line");
    await stage.frame();
    // Rows that a smaller terminal has pushed off its top cannot be erased.
    const lines = await stage.terminal.screen();
    const count = (wanted: RegExp) => lines.filter((line) => wanted.test(line)).length;
    assert.equal(count(/^6 clients/), 1, lines.join("\n"));
    assert.equal(count(/^client/), 1, lines.join("\n"));
    assert.equal(count(/^10\.0\.0\.5/), sizes.at(-1)![1] > 6 ? 1 : 0, lines.join("\n"));
    assert.equal(
      (await stage.terminal.everything()).filter((line) => /line$/.test(line)).length,
      2,
    );
  });
}

screenTest(
  "ServerView holds lines while the terminal is blocked, without blocking the server",
  async () => {
    await using stage = new ServerViewFixture(80, 10);
    stage.watch();
    await stage.frame();
    stage.terminal.isStopped = true;
    for (const step of indices(10_003)) {
      stage.view.log(`line ${step}`);
      if (step % 1000 === 0) await stage.frame();
    }
    const before = stage.terminal.writes.length;
    await stage.frame();
    assert.equal(stage.terminal.writes.length, before);
    stage.terminal.isStopped = false;
    await new Promise((resolve) => setTimeout(resolve, 20));
    await stage.frame();
    const lines = await stage.terminal.everything();
    assert.deepEqual(lines.slice(0, 2), ["line 0", "line 1"]);
    assert.deepEqual(lines.slice(-3), [
      "line 10000",
      "and 2 more lines, too many for the terminal",
      "no client yet; Ctrl+C to stop",
    ]);
  },
);

screenTest("ServerView closes soon while the terminal is blocked", async () => {
  await using stage = new ServerViewFixture();
  stage.watch();
  stage.terminal.isStopped = true;
  await stage.frame();
  stage.view.log("before");
  await stage.view.close();
  stage.view.log("after");
  assert.deepEqual(stage.terminal.writes, []);
  assert.equal(stage.clock.timers, 0);
});

screenTest("ServerView folds a thousand clients into one screen", async () => {
  await using stage = new ServerViewFixture(80, 24);
  stage.watch();
  const clients = indices(1000).map((index) =>
    stage.connect(`10.0.${index >> 8}.${index & 255}:50000`)
  );
  for (const _ of indices(3)) {
    for (const each of clients) each.bytesSent += 1000;
    await stage.frame();
  }
  const lines = await stage.terminal.everything();
  assert.equal(lines.length, 18);
  assert.equal(lines.at(-2), "+ 985 more");
  assert.match(lines.at(-1)!, /^1000 clients +0 +3\.\d\d MiB\/s +2\.86 MiB$/);
  for (const each of clients) stage.disconnect(each);
  await stage.frame();
  assert.deepEqual(await stage.terminal.screen(), [
    "no client now, 1000 so far: 0 files, 2.86 MiB; Ctrl+C to stop",
  ]);
});

screenTest(
  "ServerView counts a client that connected and disconnected between two frames",
  async () => {
    await using stage = new ServerViewFixture();
    stage.watch();
    await stage.frame();
    stage.disconnect(stage.connect("127.0.0.1:50000"));
    await stage.frame();
    assert.match((await stage.terminal.screen())[0]!, /^no client now, 1 so far/);
  },
);
