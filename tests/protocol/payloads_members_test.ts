import assert from "node:assert/strict";
import fc from "fast-check";
import { CASES, HEX, type Json, type Kind } from "../support/payload_json.ts";

/** JSON texts that are invalid for a kind of member. */
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

  Deno.test(`${name} ignores unknown members, and the order of members`, () => {
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
      // A member of a prototype does not count either.
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

  Deno.test(`${name} throws nothing but TypeErrors, whatever the payload`, () => {
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

function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}
