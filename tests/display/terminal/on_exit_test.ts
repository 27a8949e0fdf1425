import assert from "node:assert/strict";
import { fromFileUrl } from "@std/path";
import { FakeTerminal } from "../../support/fake_terminal.ts";
import { screenTest } from "../../support/bars_fixture.ts";

const PROGRAM = fromFileUrl(new URL("../../support/crashing_bars.ts", import.meta.url));

for (const [end, code] of [["exception", 1], ["rejection", 1], ["exit", 7]] as const) {
  screenTest(`BarsDisplay gives the cursor back when its program ends by ${end}`, async () => {
    using terminal = new FakeTerminal(80, 24);
    const command = new Deno.Command(Deno.execPath(), { args: ["run", PROGRAM, end] });
    const { stdout, code: found } = await command.output();
    assert.equal(found, code);
    const text = new TextDecoder().decode(stdout);
    assert.ok(text.includes("\x1b[?25l"), "it has drawn nothing");
    terminal.writeSync(stdout);
    const lines = await terminal.everything();
    assert.equal(terminal.cursorVisible, true);
    assert.deepEqual(lines.slice(1), ["0 files done, 1 unfinished"]);
  });
}
