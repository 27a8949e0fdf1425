import assert from "node:assert/strict";
import { addressesOf, lookupFailure, NoSuchHostError } from "../../lib/protocol/host_lookup.ts";

const PREFIX = "failed to lookup address information: ";

// The messages of Deno 2.4.2 and 2.9.6 on Linux; the others are those of the C libraries.
for (
  const [message, isFinal] of [
    [`${PREFIX}Name or service not known`, true],
    [`${PREFIX}Name does not resolve`, true],
    [`${PREFIX}nodename nor servname provided, or not known`, true],
    ["No such host is known. (os error 11001)", true],
    [`${PREFIX}Temporary failure in name resolution`, false],
    [`${PREFIX}Try again`, false],
    [`${PREFIX}No address associated with hostname`, false],
    [`${PREFIX}Non-recoverable failure in name resolution`, false],
    ["Connection refused (os error 111)", false],
    ["The server says: Name or service not known", false],
  ] as const
) {
  Deno.test(`lookupFailure takes "${message}" as ${isFinal ? "final" : "passing"}`, () => {
    const error = new Error(message);
    const failure = lookupFailure("nas", error);
    if (!isFinal) return assert.equal(failure, error);
    assert.ok(failure instanceof NoSuchHostError);
    assert.equal(failure.hostname, "nas");
    assert.equal(failure.cause, error);
  });
}

Deno.test("lookupFailure takes a text that cannot be a name as final", () => {
  const error = new URIError("invalid host 'a..b': empty label found in FQDN");
  assert.ok(lookupFailure("a..b", error) instanceof NoSuchHostError);
});

for (const address of ["127.0.0.1", "::1", "::ffff:10.0.0.1"]) {
  Deno.test(`addressesOf returns the address ${address} as it is`, async () => {
    assert.deepEqual(await addressesOf(address), [address]);
  });
}

Deno.test("addressesOf returns each address of a name once", async () => {
  const addresses = await addressesOf("localhost");
  assert.ok(addresses.length > 0);
  assert.deepEqual(addresses, [...new Set(addresses)]);
  for (const address of addresses) assert.match(address, /^(127\.|::1$)/);
});
