import assert from "node:assert/strict";
import { fromFileUrl } from "@std/path";

const PROGRAM = fromFileUrl(new URL("../../support/crashing_view.ts", import.meta.url));

for (
  const [end, code, rest] of [
    ["error", 1, /^error: Uncaught .*Error: thrown in a callback/s],
    ["rejection", 1, /^error: Uncaught .*Error: a promise that nobody awaits/s],
    ["exit", 7, /^$/],
  ] as const
) {
  Deno.test(`ServerView leaves the terminal as it was at an ${end}`, async () => {
    const config = fromFileUrl(new URL("../../../deno.json", import.meta.url));
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--quiet", "--config", config, PROGRAM, end],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    const { code: found, stderr } = await command.output();
    const text = new TextDecoder().decode(stderr);
    assert.equal(found, code, text);
    const [before = "", after = ""] = text.split("\x1b[?25h\x1b[?2026l");
    assert.ok(before.includes("\x1b[?25l"), "the cursor was hidden");
    assert.ok(before.includes("a line\r\n") && before.includes("the last line\r\n"), text);
    assert.match(after, rest);
    assert.ok(!after.includes("\x1b"), "nothing is drawn afterwards");
  });
}
