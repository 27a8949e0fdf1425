import assert from "node:assert/strict";
import fc from "fast-check";
import { BarsDisplay } from "../../../lib/display/client/bars_writer.ts";
import { terminalSize } from "../../../lib/display/terminal/terminal.ts";
import { widthOf } from "../../../lib/display/terminal/text_width.ts";
import {
  ANY_EVENT,
  CONNECTED,
  FakeClock,
  finished,
  moved,
  queued,
  started,
} from "../../support/fake_terminal.ts";
import { barLines, BarsFixture, indices, path, screenTest } from "../../support/bars_fixture.ts";

// No sanitizer: the terminal emulator has timers of its own.

const MIB = 1024 ** 2;

screenTest("BarsDisplay writes nothing before the first event", () => {
  using stage = new BarsFixture();
  stage.clock.pass(1000);
  assert.deepEqual(stage.terminal.writes, []);
});

screenTest("BarsDisplay draws at most ten times a second, each time with one write", () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("a", 100_000), started("a"));
  for (let step = 1; step <= 1000; step++) {
    stage.handle(moved("a", step * 100));
    stage.clock.pass(1);
  }
  assert.equal(stage.terminal.writes.length, 10);
  for (const text of stage.terminal.writes) {
    assert.ok(text.startsWith("\x1b[?2026h") && text.endsWith("\x1b[?2026l"));
  }
});

screenTest("BarsDisplay does not write unchanged bars again", () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("a", 100), { type: "idle" });
  stage.clock.pass(10_000);
  assert.equal(stage.terminal.writes.length, 1);
});

screenTest("BarsDisplay leaves finished files above the bars, each once and in order", async () => {
  using stage = new BarsFixture();
  const files = indices(30);
  stage.handle(CONNECTED, ...files.map((index) => queued(path(index), MIB)));
  stage.handle(...files.map((index) => started(path(index))));
  stage.frame();
  for (const index of files) {
    stage.handle(moved(path(index), MIB / 2));
    stage.frame();
    stage.handle(finished(path(index), MIB));
    stage.frame();
    if (index === 20) assert.equal(barLines(await stage.terminal.everything()).length, 10);
  }
  stage.handle({ type: "idle" });
  stage.frame();
  const done = files.map((index) => `✓ done   ${path(index)}  1.00 MiB`);
  const lines = await stage.terminal.everything();
  assert.deepEqual(lines.slice(1, 31), done);
  assert.match(lines[31]!, /^30 of 30 files +▕█+▏ 100%/);
  assert.deepEqual(lines.slice(32), ["watching input.txt; Ctrl+C to stop"]);
});

screenTest("BarsDisplay erases the rest of longer lines and of more lines", async () => {
  using stage = new BarsFixture(80, 24, null);
  stage.handle(CONNECTED, queued("a", 100), { type: "waiting", names: ["b.iso"] }, started("a"));
  stage.clock.pass(1000);
  assert.equal((await stage.terminal.screen()).length, 4);
  stage.handle({ type: "verifying", path: "a" }, { type: "waiting", names: [] });
  stage.frame();
  const [, file, total, ...rest] = await stage.terminal.screen();
  assert.match(file!, /▏ 100% +100\/100 B +checking$/);
  assert.match(total!, /^0 of 1 file/);
  assert.deepEqual(rest, ["0:02 elapsed"]);
});

screenTest("BarsDisplay leaves the last column empty", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("n".repeat(200), 100), started("n".repeat(200)));
  stage.handle({ type: "waiting", names: ["w".repeat(200)] });
  stage.frame();
  const lines = await stage.terminal.screen();
  assert.deepEqual(lines.slice(1, 3).map(widthOf), [79, 79]);
  assert.equal(lines[3], "waiting for 1 file; Ctrl+C to stop");
});

screenTest("BarsDisplay keeps more files than rows on one screen", async () => {
  using stage = new BarsFixture(80, 10);
  stage.handle(CONNECTED, ...indices(500).map((index) => queued(path(index), MIB)));
  stage.handle(...indices(500).map((index) => started(path(index))));
  for (let step = 1; step <= 50; step++) {
    stage.handle(...indices(500).map((index) => moved(path(index), step * 1000)));
    stage.frame();
  }
  const lines = await stage.terminal.everything();
  assert.equal(lines.length, 1 + 8);
  assert.equal(lines.at(-3), "+ 495 more (495 NORMAL)");
  assert.match(lines.at(-2)!, /^0 of 500 files/);
});

screenTest("BarsDisplay does not flood when thousands finish at once", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, ...indices(5000).map((index) => queued(path(index), 1024)));
  for (let frame = 0; frame < 10; frame++) {
    stage.handle(...indices(500).map((index) => finished(path(frame * 500 + index), 1024)));
    stage.frame();
  }
  stage.clock.pass(1000);
  const lines = await stage.terminal.everything();
  assert.equal(lines.filter((line) => line.startsWith("✓ done")).length, 20);
  assert.ok(lines.includes("… and 4980 more files finished (4.86 MiB)"), lines.join("\n"));
});

screenTest("BarsDisplay never clears from the top of the screen, which tmux would save", () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, ...indices(9).map((index) => queued(path(index), MIB)));
  for (const index of indices(9)) {
    stage.handle(finished(path(index), MIB));
    stage.frame();
  }
  stage.display.close();
  const text = stage.terminal.writes.join("");
  assert.ok(text.includes("A\x1b[K\x1b[B\x1b[J\x1b[A"));
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /\r(\x1b\[\d+A)?\x1b\[J/);
});

screenTest("BarsDisplay wraps long messages itself and keeps its position", async () => {
  using stage = new BarsFixture(40, 12);
  stage.handle(CONNECTED, queued("a", 100), started("a"));
  stage.frame();
  const messages = [39, 40, 41, 80, 100].map((length) => "words ".repeat(20).slice(9, length));
  for (const message of messages) {
    stage.handle({ type: "warning", kind: "line", message });
    stage.frame();
  }
  const lines = await stage.terminal.everything();
  const rows = lines.slice(1, -3);
  const shown = rows.join(" ").split("warning").slice(1).map((text) => text.match(/\w+/g));
  assert.deepEqual(shown, messages.map((message) => message.match(/\w+/g)));
  for (const row of rows) assert.ok(row.length < 40 && /^(warning | {2}\w)/.test(row), row);
  assert.equal(barLines(lines).length, 2);
});

screenTest("BarsDisplay survives names that the terminal shows wider than measured", async () => {
  using stage = new BarsFixture(40, 12);
  const names = indices(5).map((index) => "👩‍👩‍👧‍👦".repeat(9) + index);
  stage.handle(CONNECTED, ...names.map((name) => queued(name, 100)));
  stage.handle(...names.map((name) => started(name)));
  for (let step = 1; step < 20; step++) {
    stage.handle(...names.map((name) => moved(name, step)));
    stage.frame();
  }
  const lines = await stage.terminal.everything();
  assert.equal(lines.length, 2 + 7, lines.join("\n"));
});

screenTest("BarsDisplay hides the cursor while it draws, and shows it when it closes", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("a", 100), started("a"));
  stage.frame();
  await stage.terminal.screen();
  assert.equal(stage.terminal.cursorVisible, false);
  assert.equal(stage.terminal.wraps, true);
  stage.display.close();
  await stage.terminal.screen();
  assert.equal(stage.terminal.cursorVisible, true);
  assert.equal(stage.terminal.wraps, true);
});

screenTest("BarsDisplay shows the cursor from the first interrupt on", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("a", 100), started("a"));
  stage.frame();
  stage.handle({ type: "interrupted" });
  await stage.terminal.screen();
  assert.equal(stage.terminal.cursorVisible, true);
  stage.handle(moved("a", 50));
  stage.frame();
  const lines = await stage.terminal.screen();
  assert.equal(stage.terminal.cursorVisible, true);
  assert.equal(lines[1], "interrupted: received bytes are kept; Ctrl+C again ends at once");
});

screenTest("BarsDisplay leaves messages and a summary when it closes, and no bars", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, queued("a", 4 * MIB), queued("b", MIB), started("a"), started("b"));
  stage.clock.pass(2000);
  stage.handle(finished("a", 4 * MIB, 2000));
  stage.display.close();
  assert.deepEqual(await stage.terminal.everything(), [
    "connected to 127.0.0.1:9009 (sluice 0.1.0): 0 files, 0 B",
    "✓ done   a  4.00 MiB in 2.0 s (2.00 MiB/s)",
    "1 file done, 1 unfinished: 4.00 MiB in 2.0 s (2.00 MiB/s)",
  ]);
});

screenTest("BarsDisplay closes once, and then does nothing", () => {
  using stage = new BarsFixture();
  stage.display.close();
  const { length } = stage.terminal.writes;
  stage.display.close();
  stage.handle(CONNECTED, queued("a", 100));
  stage.clock.pass(1000);
  assert.equal(stage.terminal.writes.length, length);
  assert.equal(stage.clock.timers, 0);
});

screenTest("BarsDisplay ignores a broken terminal", () => {
  const clock = new FakeClock();
  const output = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  const options = { output, clock, color: false, unicode: true, input: null };
  const display = new BarsDisplay({
    ...options,
    size: () => ({ columns: 80, rows: 24 }),
    serverCommand: "",
  });
  display.handle(CONNECTED);
  clock.pass(1000);
  display.close();
});

screenTest("BarsDisplay keeps no process alive and needs no permission", () => {
  const display = new BarsDisplay({
    output: { writeSync: (bytes) => bytes.length },
    serverCommand: "",
    color: true,
    unicode: true,
    input: null,
  });
  display.handle(CONNECTED);
  display.close();
  assert.ok(terminalSize().columns > 0);
});

screenTest(
  "BarsDisplay leaves nothing on the screen but what stays and the last bars",
  async () => {
    const step = fc.record({ event: ANY_EVENT, frames: fc.nat(2) });
    const steps = fc.array(step, { maxLength: 40 });
    const columns = fc.integer({ min: 30, max: 100 });
    await fc.assert(
      fc.asyncProperty(
        steps,
        columns,
        fc.integer({ min: 2, max: 15 }),
        async (steps, columns, rows) => {
          using stage = new BarsFixture(columns, rows);
          stage.handle(CONNECTED);
          for (const { event, frames } of steps) {
            stage.handle(event);
            for (let frame = 0; frame < frames; frame++) stage.frame();
          }
          stage.display.close();
          const lines = await stage.terminal.everything();
          assert.deepEqual(barLines(lines), []);
          assert.ok(lines.some((line) => /^\d files? done/.test(line)), lines.join("\n"));
          assert.ok(stage.terminal.cursorVisible);
        },
      ),
      { numRuns: 50 },
    );
  },
);
