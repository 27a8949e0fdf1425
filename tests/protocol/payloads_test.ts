import assert from "node:assert/strict";
import fc from "fast-check";
import { ERROR_CODES } from "../../lib/errors.ts";
import { MAX_CLIENT_PAYLOAD, MAX_SERVER_PAYLOAD } from "../../lib/protocol/message.ts";
import {
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
  printPayload,
} from "../../lib/protocol/payloads.ts";

Deno.test.sanitizer({ ops: true, resources: true });

type Json = Record<string, unknown>;
type Kind = "text" | "hex" | "natural" | "positive" | "integer" | "boolean" | "array" | "nullable";

interface Case {
  readonly parse: (bytes: Uint8Array) => unknown;
  /** What the parser returns for itself. */
  readonly sample: Json;
  readonly kinds: Readonly<Record<string, Kind>>;
}

const HEX = "0123456789abcdef".repeat(4);
const FILE = { path: "a/b.txt", size: 123, modified: 1764000000000, version: "v1" };

const CASES: Readonly<Record<string, Case>> = {
  parseWelcome: {
    parse: parseWelcome,
    sample: {
      protocol: 1,
      server: "sluice/0.1.0",
      maxChunk: 4194304,
      maxRequests: 256,
      authentication: null,
    },
    kinds: {
      protocol: "positive",
      server: "text",
      maxChunk: "positive",
      maxRequests: "positive",
      authentication: "nullable",
    },
  },
  parseLogin: { parse: parseLogin, sample: { proof: HEX }, kinds: { proof: "hex" } },
  parseListPage: {
    parse: parseListPage,
    sample: { revision: 7, complete: true, files: [FILE], removed: ["old.txt"] },
    kinds: { revision: "natural", complete: "boolean", files: "array", removed: "array" },
  },
  parseGetRequest: {
    parse: parseGetRequest,
    sample: { path: "a/b.txt", version: "v1", offset: 0, length: 1048576 },
    kinds: { path: "text", version: "text", offset: "natural", length: "positive" },
  },
  parseDigestRequest: {
    parse: parseDigestRequest,
    sample: { path: "a/b.txt", version: "v1", algorithm: "sha256" },
    kinds: { path: "text", version: "text", algorithm: "text" },
  },
  parseDigestResult: {
    parse: parseDigestResult,
    sample: { digest: HEX },
    kinds: { digest: "hex" },
  },
  parseErrorPayload: {
    parse: parseErrorPayload,
    sample: { code: "not-found", message: "There is no such file" },
    kinds: { code: "text", message: "text" },
  },
  parseGoodbye: { parse: parseGoodbye, sample: { reason: "Done" }, kinds: { reason: "text" } },
  // Objects inside others, parsed through the message that carries them.
  "parseWelcome (authentication)": {
    parse: (bytes) => {
      const welcome = (authentication: unknown) => ({
        ...CASES.parseWelcome!.sample,
        authentication,
      });
      const { authentication } = parseWelcome(wrap(bytes, welcome));
      if (!authentication) throw new TypeError("It is null, which parseWelcome allows");
      return authentication;
    },
    sample: { method: "hmac-sha256", nonce: HEX },
    kinds: { method: "text", nonce: "hex" },
  },
  "parseListPage (file)": {
    parse: (bytes) =>
      parseListPage(wrap(bytes, (file) => ({
        ...CASES.parseListPage!.sample,
        files: [FILE, file],
      }))).files[1],
    sample: FILE,
    kinds: { path: "text", size: "natural", modified: "integer", version: "text" },
  },
};

/** JSON text that no member of a kind may have. */
const NUMBERS_REFUSED = ["0.5", "1e-1", "9007199254740992", "9007199254740993", "1e400", "-1e400"];
const OTHER_TYPES = ["null", "true", "12", '"12"', "[]", "[1]", "{}", '{"length":1}'];
const REFUSED: Readonly<Record<Kind, readonly string[]>> = {
  text: OTHER_TYPES.filter((text) => text !== '"12"'),
  hex: [
    ...OTHER_TYPES,
    ...['""', `"${HEX.slice(1)}"`, `"${HEX}0"`, `"${HEX.slice(1)}g"`, `"${HEX.slice(1)}\\n"`],
    ...[`"${HEX}\\n"`, `" ${HEX.slice(1)}"`, `"${"é".repeat(64)}"`],
  ],
  natural: [...without("12"), ...NUMBERS_REFUSED, "-1", "-9007199254740991"],
  positive: [...without("12"), ...NUMBERS_REFUSED, "-1", "0", "-0"],
  integer: [...without("12"), ...NUMBERS_REFUSED, "-9007199254740992", "-0.5"],
  boolean: without("true"),
  array: without("[]", "[1]"),
  nullable: without("null"),
};
const ACCEPTED: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  natural: ["0", "1", "1e3", "4294967296", "9007199254740991"],
  positive: ["1", "1.0", "9007199254740991"],
  integer: ["0", "-1", "-62135596800000", "9007199254740991", "-9007199254740991"],
  boolean: ["true", "false"],
  array: ["[]"],
};

for (const [name, { parse, sample, kinds }] of Object.entries(CASES)) {
  const parseText = (text: string) => parse(new TextEncoder().encode(text));

  Deno.test(`${name} reads its sample`, () => {
    assert.deepEqual(parseText(JSON.stringify(sample)), sample);
    assert.deepEqual(Object.keys(kinds), Object.keys(sample));
  });

  Deno.test(`${name} ignores members that it does not know, and their order`, () => {
    const reversed = Object.fromEntries(Object.entries(sample).reverse());
    const unknown = {
      later: { a: [1, null] },
      constructor: 1,
      toString: "x",
      length: 1,
      ...reversed,
    };
    if ("length" in sample) unknown.length = sample.length as number;
    const text = `{"__proto__":{"path":"evil"},${JSON.stringify(unknown).slice(1)}`;
    assert.deepEqual(parseText(text), sample);
    assert.deepEqual(parseText(` \n${JSON.stringify(sample, null, 2)}\t\r\n`), sample);
  });

  Deno.test(`${name} throws a TypeError if a member is missing`, () => {
    for (const member of Object.keys(sample)) {
      const { [member]: _, ...rest } = sample;
      assert.throws(() => parseText(JSON.stringify(rest)), TypeError, `without ${member}`);
      // Nor is a member found on a prototype.
      const inherited = `{"__proto__":${JSON.stringify(sample)},${JSON.stringify(rest).slice(1)}`;
      assert.throws(() => parseText(inherited.replace(",}", "}")), TypeError, `no own ${member}`);
    }
  });

  Deno.test(`${name} throws a TypeError if a member is of a wrong type or value`, () => {
    for (const [member, kind] of Object.entries(kinds)) {
      for (
        const value of [...REFUSED[kind], "NaN", "Infinity", "-Infinity", "undefined", "", "01"]
      ) {
        const text = withMember(sample, member, value);
        assert.throws(() => parseText(text), TypeError, text);
      }
      for (const value of ACCEPTED[kind] ?? []) {
        const text = withMember(sample, member, value);
        assert.deepEqual(parseText(text), { ...sample, [member]: JSON.parse(value) });
      }
    }
  });

  Deno.test(`${name} throws a TypeError for anything but one JSON object`, () => {
    const text = JSON.stringify(sample);
    const others = ["", " ", "null", "1", '"a"', "[]", `[${text}]`, "true", "{}", `${text}{}`];
    const broken = [
      text.slice(1),
      text.slice(0, -1),
      `${text},`,
      `${text}\0`,
      text.replace(":", "="),
    ];
    for (const other of [...others, ...broken]) {
      assert.throws(() => parseText(other), TypeError, JSON.stringify(other));
    }
  });

  Deno.test(`${name} throws a TypeError for bytes that are not UTF-8`, () => {
    const valid = new TextEncoder().encode(JSON.stringify(sample));
    const inAnUnknownMember = (...bytes: number[]) =>
      Uint8Array.of(
        ...new TextEncoder().encode('{"unknown":"'),
        ...bytes,
        ...new TextEncoder().encode(`",${JSON.stringify(sample).slice(1)}`),
      );
    assert.deepEqual(parse(inAnUnknownMember(0xc3, 0xa9)), sample);
    // A lone continuation, a cut sequence, "/" too long, a surrogate, beyond U+10FFFF.
    for (
      const bytes of [[0x80], [0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]
    ) {
      assert.throws(() => parse(inAnUnknownMember(...bytes)), TypeError, bytes.join());
    }
    const utf16 = new Uint8Array(new Uint16Array([...JSON.stringify(sample)].map(codeOf)).buffer);
    assert.throws(() => parse(utf16), TypeError);
    assert.deepEqual(parse(valid), sample, "a failure leaves a mark on the next payload");
  });

  Deno.test(`${name} survives deeply nested JSON`, () => {
    const depth = 30_000;
    const arrays = "[".repeat(depth) + "]".repeat(depth);
    const objects = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
    for (const nested of [arrays, objects, "[".repeat(depth), '{"a":'.repeat(depth)]) {
      assert.throws(() => parseText(nested), TypeError);
      for (const member of Object.keys(sample)) {
        assert.throws(() => parseText(withMember(sample, member, nested)), TypeError, member);
      }
    }
    for (const nested of [arrays, objects]) {
      const text = `{"later":${nested},${JSON.stringify(sample).slice(1)}`;
      assert.deepEqual(parseText(text), sample);
    }
  });

  Deno.test(`${name} throws nothing but TypeErrors, whatever comes`, () => {
    const survives = (bytes: Uint8Array) => {
      try {
        parse(bytes);
      } catch (error) {
        assert.ok(error instanceof TypeError, String(error));
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives));
    const values = fc.oneof(
      fc.json(),
      fc.tuple(fc.constantFrom(...Object.keys(sample)), fc.json())
        .map(([member, value]) => withMember(sample, member, value)),
    );
    fc.assert(fc.property(values, (text) => survives(new TextEncoder().encode(text))));
    const valid = new TextEncoder().encode(JSON.stringify(sample));
    for (let at = 0; at < valid.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        survives(valid.map((byte, i) => i === at ? byte ^ 1 << bit : byte));
      }
    }
  });
}

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
  Deno.test(`${name} reads what printPayload writes`, () => {
    fc.assert(fc.property(values, (value) => {
      const bytes = printPayload(value as unknown as Parameters<typeof printPayload>[0]);
      assert.deepEqual(CASES[name]!.parse(bytes), value);
    }));
  });
}

Deno.test("parseGoodbye survives the deepest JSON that a server's payload can hold", () => {
  const depth = MAX_SERVER_PAYLOAD / 2 - 100;
  const text = `{"later":${"[".repeat(depth)}${"]".repeat(depth)},"reason":""}`;
  assert.deepEqual(parseGoodbye(new TextEncoder().encode(text)), { reason: "" });
});

Deno.test("printPayload writes the specification's worked payload", () => {
  const payload = printPayload({ path: "a", version: "v", offset: 0, length: 5 });
  assert.equal(
    new TextDecoder().decode(payload),
    '{"path":"a","version":"v","offset":0,"length":5}',
  );
});

Deno.test("parseListPage limits a version so that every GET fits a client's payload", () => {
  const page = (version: string, path = "a") =>
    parseListPage(printPayload({
      revision: 1,
      complete: true,
      files: [{ path, size: 1, modified: 0, version }],
      removed: [],
    }));
  // What JSON writes at its longest: six bytes for a unit.
  const path = "\u0001".repeat(MAX_PATH_BYTES);
  assert.ok(isWirePath(path));
  const file = page("\ud800".repeat(1024), path).files[0]!;
  assert.throws(() => page("v".repeat(1025)), TypeError);
  const get = { path, version: file.version, offset: Number.MAX_SAFE_INTEGER, length: 4194304 };
  assert.ok(printPayload(get).length <= MAX_CLIENT_PAYLOAD);
  assert.ok(
    printPayload({ path, version: file.version, algorithm: "sha256" }).length <= MAX_CLIENT_PAYLOAD,
  );
});

Deno.test("parseListPage throws a TypeError if one file or one removed path is none", () => {
  for (const files of [[null], ["a"], [[FILE]], [FILE, {}], [FILE, 1]]) {
    const page = { revision: 1, complete: true, files, removed: [] };
    assert.throws(() => parseListPage(encode(page)), TypeError, JSON.stringify(files));
  }
  for (const removed of [[null], [1], ["a", {}], [["a"]], [FILE]]) {
    const page = { revision: 1, complete: true, files: [], removed };
    assert.throws(() => parseListPage(encode(page)), TypeError, JSON.stringify(removed));
  }
});

Deno.test("parseListPage reads paths that are none of the wire, for its caller to refuse", () => {
  const page = { revision: 1, complete: true, files: [{ ...FILE, path: "../a" }], removed: ["/"] };
  assert.deepEqual(parseListPage(encode(page)), page);
});

Deno.test("parseGetRequest and parseDigestRequest refuse a path that is none of the wire", () => {
  for (const path of ["", "/etc/passwd", "../a", "a/../b", "a//b", "a\0", "\ud800"]) {
    const get = { path, version: "v", offset: 0, length: 1 };
    assert.throws(() => parseGetRequest(encode(get)), TypeError, path);
    const digest = { path, version: "v", algorithm: "sha256" };
    assert.throws(() => parseDigestRequest(encode(digest)), TypeError, path);
  }
});

Deno.test("parseDigestRequest knows no algorithm but sha256", () => {
  for (const algorithm of ["", "SHA256", "sha-256", "md5", "sha256 "]) {
    assert.throws(
      () => parseDigestRequest(encode({ path: "a", version: "v", algorithm })),
      TypeError,
    );
  }
});

Deno.test("parseWelcome knows no method but hmac-sha256", () => {
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

Deno.test("parseErrorPayload knows every code, and takes a later one for bad-request", () => {
  for (const code of ERROR_CODES) {
    assert.deepEqual(parseErrorPayload(encode({ code, message: "" })), { code, message: "" });
  }
  for (const code of ["", "NOT-FOUND", "too-many-requests", "toString", "__proto__"]) {
    assert.equal(parseErrorPayload(encode({ code, message: "" })).code, "bad-request");
  }
});

Deno.test("isWirePath takes relative paths and nothing else", () => {
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

function without(...types: string[]): readonly string[] {
  return OTHER_TYPES.filter((type) => !types.includes(type));
}

/** The JSON text of a sample with one member's value replaced by the given JSON text. */
function withMember(sample: Json, member: string, value: string): string {
  const members = Object.entries({ ...sample, [member]: null }).map(([name, present]) =>
    `${JSON.stringify(name)}:${name === member ? value : JSON.stringify(present)}`
  );
  return `{${members.join(",")}}`;
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Puts JSON text, unread, in the place of a member of another object. */
function wrap(bytes: Uint8Array, around: (inner: unknown) => Json): Uint8Array {
  const placeholder = "placeholder for the inner object";
  const [before, after] = JSON.stringify(around(placeholder)).split(JSON.stringify(placeholder));
  const encoder = new TextEncoder();
  return new Uint8Array([...encoder.encode(before), ...bytes, ...encoder.encode(after)]);
}

function record(model: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> {
  return fc.record(model, { noNullPrototype: true });
}

function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}
