import assert from "node:assert/strict";
import { startOf } from "../../lib/text/start_of.ts";

for (
  const [text, bytes, start] of [
    ["", 0, ""],
    ["short", 1024, "short"],
    ["12345", 5, "12345"],
    ["123456", 5, "12345"],
    ["ääää", 5, "ää"],
    ["a😀😀", 8, "a😀"],
    ["\ud800", 3, "\ud800"],
    ["\ufeffab", 4, "\ufeffa"],
  ] as const
) {
  Deno.test(`startOf cuts ${JSON.stringify(text)} to ${bytes} bytes, at a character`, () => {
    assert.equal(startOf(text, bytes), start);
  });
}
