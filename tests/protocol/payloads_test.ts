import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_CODES } from "../../lib/errors.ts";
import { MAX_CLIENT_PAYLOAD, MAX_SERVER_PAYLOAD } from "../../lib/protocol/message.ts";
import {
  encodePayload,
  isWirePath,
  MAX_PATH_BYTES,
  parseDigestRequest,
  parseDigestResult,
  parseErrorPayload,
  parseGetRequest,
  parseGoodbye,
  parseListPage,
  parseLogin,
  parseWelcome,
} from "../../lib/protocol/payloads.ts";
import { CASES, FILE, HEX, type Json } from "../support/payload_json.ts";

const text = fc.string({ unit: "binary", maxLength: 50 });
const hex = fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 64, maxLength: 64 })
  .map((digits) => digits.join(""));
const natural = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));
const positive = natural.map((value) => value || 1);
const path = fc.array(text.map((part) => part.replace(/[/\0]|^\.*$/g, "_")), {
  minLength: 1,
  maxLength: 5,
}).map((segments) => segments.map((segment) => segment || "_").join("/"));
const version = text;

const ROUND_TRIPS: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  parseWelcome: record({
    protocol: positive,
    server: text,
    maxChunk: positive,
    maxRequests: positive,
    authentication: fc.option(record({ method: fc.constant("hmac-sha256"), nonce: hex })),
  }),
  parseLogin: record({ proof: hex }),
  parseListPage: record({
    revision: natural,
    complete: fc.boolean(),
    files: fc.array(record({ path, size: natural, modified: fc.maxSafeInteger(), version })),
    removed: fc.array(path),
  }),
  parseGetRequest: record({ path, version, offset: natural, length: positive }),
  parseDigestRequest: record({ path, version, algorithm: fc.constant("sha256") }),
  parseDigestResult: record({ digest: hex }),
  parseErrorPayload: record({ code: fc.constantFrom(...ERROR_CODES), message: text }),
  parseGoodbye: record({ reason: text }),
};

for (const [name, values] of Object.entries(ROUND_TRIPS)) {
  Deno.test(`${name} reads what encodePayload writes`, () => {
    fc.assert(fc.property(values, (value) => {
      const bytes = encodePayload(value as unknown as Parameters<typeof encodePayload>[0]);
      assert.deepEqual(CASES[name]!.parse(bytes), value);
    }));
  });
}

Deno.test("parseGoodbye survives the deepest JSON that a server's payload can hold", () => {
  const depth = MAX_SERVER_PAYLOAD / 2 - 100;
  const text = `{"later":${"[".repeat(depth)}${"]".repeat(depth)},"reason":""}`;
  assert.deepEqual(parseGoodbye(new TextEncoder().encode(text)), { reason: "" });
});

Deno.test("encodePayload writes the specification's worked payload", () => {
  const payload = encodePayload({ path: "a", version: "v", offset: 0, length: 5 });
  assert.equal(
    new TextDecoder().decode(payload),
    '{"path":"a","version":"v","offset":0,"length":5}',
  );
});

Deno.test("parseListPage limits a version so that every GET fits a client's payload", () => {
  const page = (version: string, path = "a") =>
    parseListPage(encodePayload({
      revision: 1,
      complete: true,
      files: [{ path, size: 1, modified: 0, version }],
      removed: [],
    }));
  // The longest form in JSON: six bytes per UTF-16 unit.
  const path = "\u0001".repeat(MAX_PATH_BYTES);
  assert.ok(isWirePath(path));
  const file = page("\ud800".repeat(1024), path).files[0]!;
  assert.throws(() => page("v".repeat(1025)), TypeError);
  const get = { path, version: file.version, offset: Number.MAX_SAFE_INTEGER, length: 4194304 };
  assert.ok(encodePayload(get).length <= MAX_CLIENT_PAYLOAD);
  assert.ok(
    encodePayload({ path, version: file.version, algorithm: "sha256" }).length <=
      MAX_CLIENT_PAYLOAD,
  );
});

Deno.test("parseListPage throws a TypeError if one file or removed path is malformed", () => {
  for (const files of [[null], ["a"], [[FILE]], [FILE, {}], [FILE, 1]]) {
    const page = { revision: 1, complete: true, files, removed: [] };
    assert.throws(() => parseListPage(encode(page)), TypeError, JSON.stringify(files));
  }
  for (const removed of [[null], [1], ["a", {}], [["a"]], [FILE]]) {
    const page = { revision: 1, complete: true, files: [], removed };
    assert.throws(() => parseListPage(encode(page)), TypeError, JSON.stringify(removed));
  }
});

Deno.test("parseListPage reads paths that are not wire paths, for its caller to refuse", () => {
  const page = { revision: 1, complete: true, files: [{ ...FILE, path: "../a" }], removed: ["/"] };
  assert.deepEqual(parseListPage(encode(page)), page);
});

Deno.test("parseGetRequest and parseDigestRequest refuse a path that is not a wire path", () => {
  for (const path of ["", "/etc/passwd", "../a", "a/../b", "a//b", "a\0", "\ud800"]) {
    const get = { path, version: "v", offset: 0, length: 1 };
    assert.throws(() => parseGetRequest(encode(get)), TypeError, path);
    const digest = { path, version: "v", algorithm: "sha256" };
    assert.throws(() => parseDigestRequest(encode(digest)), TypeError, path);
  }
});

Deno.test("parseDigestRequest accepts no algorithm but sha256", () => {
  for (const algorithm of ["", "SHA256", "sha-256", "md5", "sha256 "]) {
    assert.throws(
      () => parseDigestRequest(encode({ path: "a", version: "v", algorithm })),
      TypeError,
    );
  }
});

Deno.test("parseWelcome accepts no method but hmac-sha256", () => {
  for (const method of ["", "HMAC-SHA256", "none", "plain"]) {
    const authentication = { method, nonce: HEX };
    const welcome = { ...CASES.parseWelcome!.sample, authentication };
    assert.throws(() => parseWelcome(encode(welcome)), TypeError);
  }
});

Deno.test("hexadecimal digits are read in either case and returned in lower case", () => {
  const digits = HEX.toUpperCase();
  assert.deepEqual(parseLogin(encode({ proof: digits })), { proof: HEX });
  assert.deepEqual(parseDigestResult(encode({ digest: digits })), { digest: HEX });
});

Deno.test("parseErrorPayload reads every code, and an unknown one as bad-request", () => {
  for (const code of ERROR_CODES) {
    assert.deepEqual(parseErrorPayload(encode({ code, message: "" })), { code, message: "" });
  }
  for (const code of ["", "NOT-FOUND", "too-many-requests", "toString", "__proto__"]) {
    assert.equal(parseErrorPayload(encode({ code, message: "" })).code, "bad-request");
  }
});

Deno.test("isWirePath accepts relative paths and nothing else", () => {
  const good = [
    ...["a", "a.txt", "a/b/c.txt", "...", ".hidden", "a/.hidden", "..a", "a..", "a/...", "-", "~"],
    ...["two words", " ", "a\\b", "C:/a", "CON", "a\nb", "\x7f", "été/ñ", "日本", "😀", "e\u0301"],
    ...[
      "a".repeat(MAX_PATH_BYTES),
      "é".repeat(MAX_PATH_BYTES / 2),
      "😀".repeat(MAX_PATH_BYTES / 4),
    ],
    ...["日".repeat(1365) + "a", "a/".repeat(2047) + "ab"],
  ];
  const bad = [
    ...["", "/", "/a", "a/", "//", "a//b", ".", "..", "./a", "../a", "a/.", "a/..", "a/./b"],
    ...["a/../b", "a/../../b", "\0", "a\0", "a/\0/b", "\ud800", "a\udfff", "\udc00\ud800"],
    ...["a".repeat(MAX_PATH_BYTES + 1), "é".repeat(MAX_PATH_BYTES / 2) + "a"],
    ...["日".repeat(1365) + "ab", "😀".repeat(MAX_PATH_BYTES / 4) + "a"],
  ];
  for (const path of good) assert.equal(isWirePath(path), true, JSON.stringify(path.slice(0, 40)));
  for (const path of bad) assert.equal(isWirePath(path), false, JSON.stringify(path.slice(0, 40)));
});

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function record(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> {
  return fc.record(model, { noNullPrototype: true });
}

Deno.test("Texts of a peer are cut to 1 KiB when they are parsed", () => {
  const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const long = "ä".repeat(500_000);
  const short = "ä".repeat(512);
  const error = parseErrorPayload(bytesOf({ code: "busy", message: long }));
  assert.deepEqual(error, { code: "busy", message: short });
  assert.deepEqual(parseGoodbye(bytesOf({ reason: long })), { reason: short });
  const features = Array.from({ length: 1_000 }, () => long.slice(0, 900));
  const welcome = parseWelcome(
    bytesOf({
      protocol: 1,
      server: long,
      maxChunk: 1,
      maxRequests: 1,
      authentication: null,
      features,
    }),
  );
  assert.equal(welcome.server, short);
  assert.deepEqual(welcome.features, Array(64).fill(short));
});

Deno.test("A path over the limit is cut when it is parsed, and stays over the limit", () => {
  const path = "p".repeat(1_000_000);
  const page = { revision: 1, complete: true, removed: [path] };
  const files = [path, "q".repeat(4096), "€".repeat(1366)].map((path) => ({
    path,
    size: 1,
    modified: 1,
    version: "1",
  }));
  const parsed = parseListPage(new TextEncoder().encode(JSON.stringify({ ...page, files })));
  const paths = [...parsed.files.map(({ path }) => path), ...parsed.removed];
  assert.deepEqual(paths, ["p".repeat(4100), "q".repeat(4096), "€".repeat(1366), "p".repeat(4100)]);
  assert.deepEqual(paths.map(isWirePath), [false, true, false, false]);
});
