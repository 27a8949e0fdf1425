import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp, IP_SIZE, ipBytes } from "../../lib/protocol/ip_address.ts";

const V4_PREFIX = "00000000000000000000ffff";
const UNSPECIFIED = "0".repeat(32);

for (
  const [text, hex] of [
    ["127.0.0.1", V4_PREFIX + "7f000001"],
    ["0.0.0.0", V4_PREFIX + "00000000"],
    ["255.255.255.255", V4_PREFIX + "ffffffff"],
    ["::ffff:10.0.0.1", V4_PREFIX + "0a000001"],
    ["::ffff:a00:1", V4_PREFIX + "0a000001"],
    ["::", UNSPECIFIED],
    ["::1", "0".repeat(31) + "1"],
    ["1::", "0001" + "0".repeat(28)],
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["2001:DB8:0:0:8:800:200C:417A", "20010db80000000000080800200c417a"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
    ["fe80::1%2", "fe800000000000000000000000000001"],
  ] as const
) {
  Deno.test(`ipBytes reads ${text}`, () => {
    assert.equal(hexOf(ipBytes(text)), hex);
  });
}

Deno.test("ipBytes returns the unspecified address for other texts", () => {
  const others = [
    ...["", "localhost", "example.org", "/run/sluice.sock", " 127.0.0.1", "[::1]", ":", ":::"],
    ...["1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.4:9009", "1.2.3.0x4", "1..2.3"],
    ...[
      "1:2:3",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "1::2::3",
      ":1",
      "1:",
      "1:::2",
      "12345::",
    ],
    ...["g::", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4::", "1.2.3.4::1", "::1.2.3.4:1", "::ffff:1.2.3"],
  ];
  for (const text of others) assert.equal(hexOf(ipBytes(text)), UNSPECIFIED, JSON.stringify(text));
});

Deno.test("ipBytes returns 16 bytes for any text", () => {
  const alphabet = fc.constantFrom(..."0123456789abcdefABCDEF:.%/-[] g");
  const texts = fc.oneof(fc.string(), fc.array(alphabet).map((letters) => letters.join("")));
  fc.assert(fc.property(texts, (text) => ipBytes(text).length === IP_SIZE), { numRuns: 2000 });
});

for (
  const [hex, text] of [
    [V4_PREFIX + "7f000001", "127.0.0.1"],
    [V4_PREFIX + "00000000", "0.0.0.0"],
    [UNSPECIFIED, "::"],
    ["0".repeat(31) + "1", "::1"],
    ["0001" + "0".repeat(28), "1::"],
    // RFC 5952: no leading zeros, lower case, the longest run of zeros, the first of equal ones,
    // and no run of a single one.
    ["20010db8000000000000000000000001", "2001:db8::1"],
    ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
    ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
    ["20010000000000010000000000000001", "2001:0:0:1::1"],
    ["0001000a0000000000100000000000a0", "1:a::10:0:0:a0"],
    ["00010010000000000000000000000000", "1:10::"],
    ["00000000000000000000000100100000", "::1:10:0"],
    ["00000001000200030004000500060007", "0:1:2:3:4:5:6:7"],
    ["abcdef0123456789abcdef0123456789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"],
    ["00000000000000000000fffe7f000001", "::fffe:7f00:1"],
    ["0000000000000000000100ff7f000001", "::1:ff:7f00:1"],
  ] as const
) {
  Deno.test(`formatIp writes ${text}`, () => {
    const bytes = Uint8Array.from(hex.match(/../g)!, (pair) => parseInt(pair, 16));
    assert.equal(formatIp(bytes), text);
  });
}

Deno.test("ipBytes reads what formatIp writes", () => {
  const byte = fc.oneof(fc.constant(0), fc.constant(0), fc.nat(255));
  const addresses = fc.oneof(
    fc.array(byte, { minLength: IP_SIZE, maxLength: IP_SIZE }),
    fc.array(byte, { minLength: 4, maxLength: 4 })
      .map((quad) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...quad]),
  );
  fc.assert(
    fc.property(addresses, (address) => {
      const bytes = Uint8Array.from(address);
      assert.deepEqual(ipBytes(formatIp(bytes)), bytes);
      // WHATWG URLs write RFC 5952 too, except for the dots of an IPv4 address.
      if (formatIp(bytes).includes(":")) {
        assert.equal(`[${formatIp(bytes)}]`, new URL(`http://[${formatIp(bytes)}]`).hostname);
      }
    }),
    { numRuns: 2000 },
  );
});

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
