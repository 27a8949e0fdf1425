import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { crc32Combine } from "../../../lib/client/disk/crc32_combine.ts";

Deno.test("crc32Combine returns the checksum of the joined data, for any parts", () => {
  const part = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(part, part, (first, second) => {
    const whole = Uint8Array.from([...first, ...second]);
    assert.equal(crc32Combine(crc32(first), crc32(second), second.length), crc32(whole));
  }));
});

Deno.test("crc32Combine returns the checksum of large parts", () => {
  const whole = Uint8Array.from({ length: 3_000_001 }, (_, i) => i * 167 >> 3);
  for (const at of [1, 65_536, 1_048_576, 3_000_000]) {
    const [first, second] = [whole.subarray(0, at), whole.subarray(at)];
    assert.equal(crc32Combine(crc32(first), crc32(second), second.length), crc32(whole));
  }
});

Deno.test("crc32Combine takes lengths beyond 32 bits", () => {
  // Appending twice 2^40 zeros is appending 2^41 of them.
  const zeros = (crc: number, length: number) => crc32Combine(crc, 0, length);
  assert.equal(zeros(zeros(0x1234567, 2 ** 40), 2 ** 40), zeros(0x1234567, 2 ** 41));
});
