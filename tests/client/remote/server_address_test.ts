import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DEFAULT_PORT,
  formatServerAddress,
  parseServerAddress,
} from "../../../lib/client/remote/server_address.ts";
import { UserError } from "../../../lib/errors.ts";

for (
  const [text, hostname, port] of [
    ["127.0.0.1:9009", "127.0.0.1", 9009],
    ["127.0.0.1", "127.0.0.1", DEFAULT_PORT],
    ["localhost", "localhost", DEFAULT_PORT],
    ["localhost:1", "localhost", 1],
    ["files.example.org:65535", "files.example.org", 65535],
    ["my-nas:0080", "my-nas", 80],
    ["bücher.example:80", "bücher.example", 80],
    ["[::1]", "::1", DEFAULT_PORT],
    ["[::1]:80", "::1", 80],
    ["[2001:DB8::1]:80", "2001:DB8::1", 80],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80],
    ["[::ffff:10.0.0.1]", "::ffff:10.0.0.1", DEFAULT_PORT],
  ] as const
) {
  Deno.test(`parseServerAddress reads ${text}`, () => {
    assert.deepEqual(parseServerAddress(text), { hostname, port });
  });
}

for (
  const text of [
    "",
    ":",
    ":9009",
    "host:",
    "host:0",
    "host:65536",
    "host:99999",
    "host:123456",
    "host:-1",
    "host:http",
    "host:90 09",
    "host name:80",
    " host",
    "host ",
    "host\n",
    "::1",
    "::1:9009",
    "[::1",
    "::1]",
    "[::1]9009",
    "[::1]:",
    "[::1]:0",
    "[]",
    "[]:80",
    "[localhost]",
    "[10]:80",
    "http://host:80",
    "host/path",
    "a:b:80",
  ]
) {
  Deno.test(`parseServerAddress refuses ${JSON.stringify(text)} and names the option`, () => {
    assert.throws(() => parseServerAddress(text), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assert.match(error.message, /--server needs HOST:PORT/);
      assert.ok(error.message.includes(`"${text}"`));
      return true;
    });
  });
}

Deno.test("parseServerAddress reads what formatServerAddress writes", () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
  const names = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join("."));
  const hosts = fc.oneof(names, fc.ipV4(), fc.ipV6());
  fc.assert(fc.property(hosts, fc.integer({ min: 1, max: 65535 }), (hostname, port) => {
    const text = formatServerAddress({ hostname, port });
    assert.deepEqual(parseServerAddress(text), { hostname, port });
  }));
});

Deno.test("parseServerAddress returns an address or throws a UserError for any text", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(..."0123456789abcf:.%[]-/ ")).map((letters) => letters.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const { hostname, port } = parseServerAddress(text);
        assert.ok(hostname !== "" && port >= 1 && port <= 65535);
      } catch (error) {
        assert.ok(error instanceof UserError);
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("formatServerAddress puts IPv6 addresses in brackets", () => {
  assert.equal(formatServerAddress({ hostname: "::1", port: 9009 }), "[::1]:9009");
  assert.equal(formatServerAddress({ hostname: "127.0.0.1", port: 80 }), "127.0.0.1:80");
});

Deno.test("parseServerAddress takes a number for a port of this machine", () => {
  assert.deepEqual(parseServerAddress("9010"), { hostname: "127.0.0.1", port: 9010 });
  for (const text of ["0", "65536", "123456"]) {
    assert.throws(() => parseServerAddress(text), { name: "UserError" }, text);
  }
});
