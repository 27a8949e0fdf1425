import assert from "node:assert/strict";
import { CONNECTED, finished, moved, queued, started } from "../../support/fake_terminal.ts";
import { barLines, BarsFixture, indices, path, screenTest } from "../../support/bars_fixture.ts";

const MIB = 1024 ** 2;

for (
  const sizes of [
    [[120, 24]],
    [[40, 24]],
    [[79, 24]],
    [[200, 50], [80, 24]],
    [[40, 24], [80, 24]],
    [[41, 30], [20, 30], [80, 30]],
    [[80, 12]],
    [[80, 40]],
    [99, 95, 80, 79, 60, 61, 80, 100].map((columns) => [columns, 24]),
    [20, 12, 8, 6, 4, 3, 2, 8, 24, 40].map((rows) => [80, rows]),
    [[20, 5], [200, 50]],
  ] as [number, number][][]
) {
  const name = sizes.map((size) => size.join(" × ")).join(", then ");
  screenTest(`BarsDisplay leaves no old bars when 80 × 24 becomes ${name}`, async () => {
    using stage = new BarsFixture(80, 24);
    const files = indices(6);
    stage.handle(CONNECTED, ...files.map((index) => queued(path(index), MIB)));
    stage.handle(...files.map((index) => started(path(index))));
    for (const step of indices(10)) {
      stage.handle(...files.map((index) => moved(path(index), step * 1000)));
      stage.frame();
    }
    stage.handle(finished(path(0), MIB));
    stage.frame();
    for (const size of sizes) {
      await stage.terminal.resize(...size);
      stage.settle();
    }
    stage.handle(finished(path(1), MIB));
    stage.frame();
    const lines = await stage.terminal.screen();
    assert.equal(barLines(lines).length, 5, lines.join("\n"));
    assert.match(lines.at(-2)!, /^2(\/| of )6/);
    assert.match(lines.at(-1)!, /^0:0\d elapsed$/);
    assert.equal(lines.filter((line) => line.startsWith("✓ done")).length, 2, lines.join("\n"));
    assert.equal(lines.length, 1 + 2 + 6 + (lines[1]!.startsWith("✓ done") ? 0 : 1));
  });
}

screenTest("BarsDisplay waits until a window is no longer dragged", async () => {
  using stage = new BarsFixture();
  stage.handle(CONNECTED, ...indices(6).map((index) => queued(path(index), MIB)));
  stage.handle(...indices(6).map((index) => started(path(index))));
  stage.frame();
  const { length } = stage.terminal.writes;
  for (let columns = 79; columns >= 40; columns--) {
    await stage.terminal.resize(columns, 24);
    stage.handle(...indices(6).map((index) => moved(path(index), 1000 * (80 - columns))));
    stage.frame();
  }
  stage.handle(finished(path(0), MIB));
  assert.equal(stage.terminal.writes.length, length);
  stage.settle();
  const lines = await stage.terminal.screen();
  assert.equal(lines.length, 1 + 1 + 5 + 2, lines.join("\n"));
  assert.equal(barLines(lines).length, 6);
});

screenTest(
  "BarsDisplay fits its bars into a terminal that becomes smaller and smaller",
  async () => {
    using stage = new BarsFixture(80, 24);
    stage.handle(CONNECTED, ...indices(40).map((index) => queued(path(index), MIB)));
    stage.handle(...indices(40).map((index) => started(path(index))));
    stage.frame();
    for (let rows = 23; rows >= 1; rows--) {
      await stage.terminal.resize(rows * 3, rows);
      stage.settle();
      const lines = await stage.terminal.screen();
      assert.ok(lines.filter((line) => /0\D+40/.test(line)).length <= 1, lines.join("\n"));
      assert.ok(barLines(lines).length < rows);
    }
  },
);
