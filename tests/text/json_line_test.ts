import assert from "node:assert/strict";
import fc from "fast-check";
import { jsonLine } from "../../lib/text/json_line.ts";

for (
  const [value, line] of [
    [{ a: [1, null, "x y"] }, '{"a":[1,null,"x y"]}'],
    ["\n\x1b", '"\\n\\u001b"'],
    ["\x7f\x9b", '"\\u007f\\u009b"'],
    ["\u202e", '"\\u202e"'],
    ["\u{e0041}", '"\\udb40\\udc41"'],
    ["\ud83d", '"\\ud83d"'],
    ["日本 🎉", '"日本 🎉"'],
  ] as const
) {
  Deno.test(`jsonLine writes ${line}`, () => {
    assert.equal(jsonLine(value), line);
    assert.deepEqual(JSON.parse(line), value);
  });
}

Deno.test("jsonLine writes one line without control characters that parses to the same value", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, name) => {
    const whole = { [name]: value };
    const line = jsonLine(whole);
    assert.ok(!/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(line));
    assert.equal(JSON.stringify(JSON.parse(line)), JSON.stringify(whole));
  }));
});
