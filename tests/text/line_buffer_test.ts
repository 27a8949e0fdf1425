import assert from "node:assert/strict";
import { LineBuffer } from "../../lib/text/line_buffer.ts";

/** An output that accepts a few bytes at a time. */
function sink() {
  const written: string[] = [];
  return {
    written,
    writeSync(bytes: Uint8Array): number {
      const taken = bytes.subarray(0, 1_000);
      written.push(new TextDecoder().decode(taken));
      return taken.length;
    },
  };
}

Deno.test("LineBuffer writes lines of one moment together, and soon", async () => {
  const output = sink();
  using buffer = new LineBuffer(output);
  for (const line of ["one", "two", "three"]) buffer.write(line);
  assert.deepEqual(output.written, []);
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(output.written, ["one\ntwo\nthree\n"]);
  buffer.write("four");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(output.written.slice(1), ["four\n"]);
});

Deno.test("LineBuffer writes the remaining lines when disposed of", () => {
  const output = sink();
  {
    using buffer = new LineBuffer(output);
    for (let line = 0; line < 1_000; line++) buffer.write(`line ${line}`);
  }
  assert.equal(output.written.join("").split("\n").length, 1_001);
});
