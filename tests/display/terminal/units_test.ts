import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_OF_WIDTH,
  BYTES_WIDTH,
  DURATION_WIDTH,
  formatBytes,
  formatBytesOf,
  formatDuration,
  formatElapsed,
  formatRate,
} from "../../../lib/display/terminal/units.ts";

for (
  const [bytes, text] of [
    [0, "0 B"],
    [1, "1 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [1024 * 1.2, "1.20 KiB"],
    [1024 ** 2 - 1, "1020 KiB"],
    [1024 ** 2, "1.00 MiB"],
    [99.9 * 1024 ** 2, "99.9 MiB"],
    [2.61 * 1024 ** 3, "2.61 GiB"],
    [-5, "0 B"],
    [NaN, "0 B"],
    [Infinity, "0 B"],
  ] as const
) {
  Deno.test(`formatBytes shows ${bytes} as ${text}`, () => {
    assert.equal(formatBytes(bytes), text);
  });
}

Deno.test("formatBytesOf keeps the unit and the decimals of the size", () => {
  assert.equal(formatBytesOf(0, 0), "0/0 B");
  assert.equal(formatBytesOf(5, 10), "5/10 B");
  assert.equal(formatBytesOf(512 * 1024, 1024 ** 3), "0.00/1.00 GiB");
  assert.equal(formatBytesOf(1.2 * 1024 ** 3, 2.61 * 1024 ** 3), "1.20/2.61 GiB");
  assert.equal(formatBytesOf(7, 5), "5/5 B");
  assert.equal(formatBytesOf(NaN, 5), "0/5 B");
});

for (
  const [milliseconds, text] of [
    [0, "0:00"],
    [7000, "0:07"],
    [6001, "0:07"],
    [62_000, "1:02"],
    [3_723_000, "1:02:03"],
    [359_999_000, "99:59:59"],
    [360_000_000, "4 days"],
    [Number.MAX_SAFE_INTEGER, "999 days"],
    [-1, "0:00"],
    [NaN, "0:00"],
  ] as const
) {
  Deno.test(`formatDuration shows ${milliseconds} ms as ${text}`, () => {
    assert.equal(formatDuration(milliseconds), text);
  });
}

Deno.test("formatElapsed shows tenths of a second below ten seconds", () => {
  assert.equal(formatElapsed(400), "0.4 s");
  assert.equal(formatElapsed(9949), "9.9 s");
  assert.equal(formatElapsed(10_000), "0:10");
});

Deno.test("formatRate shows bytes a second", () => {
  assert.equal(formatRate(112 * 1024 ** 2), "112 MiB/s");
});

Deno.test("units never exceed their widths", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
    assert.ok(formatBytes(a).length <= BYTES_WIDTH, formatBytes(a));
    assert.ok(formatBytesOf(a, b).length <= BYTES_OF_WIDTH, formatBytesOf(a, b));
    assert.ok(formatDuration(a).length <= DURATION_WIDTH, formatDuration(a));
  }));
});
