import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { ConnectionLostError, ProtocolError } from "../../lib/errors.ts";
import {
  checkFooter,
  decodeHeader,
  encodeMessage,
  FOOTER_SIZE,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MAX_CLIENT_PAYLOAD,
  MAX_SERVER_PAYLOAD,
  MessageType,
  type Side,
} from "../../lib/protocol/message.ts";
import { MessageReader } from "../../lib/protocol/message_reader.ts";
import {
  ALLOWED,
  CRC_AT,
  GET_MESSAGE,
  header,
  rawHeader,
  readAll,
  SENDERS,
} from "../support/message_samples.ts";

const SIDES: readonly Side[] = ["server", "client"];

const MESSAGES: readonly { name: string; side: Side; bytes: Uint8Array }[] = [
  { name: "the worked GET", side: "client", bytes: GET_MESSAGE },
  {
    name: "an empty PING",
    side: "client",
    bytes: encodeMessage(header({ type: MessageType.PING }), new Uint8Array()),
  },
  {
    name: "a small CHUNK",
    side: "server",
    bytes: encodeMessage(
      header({ type: MessageType.CHUNK, offset: 2 ** 33 + 5, more: true }),
      Uint8Array.from({ length: 40 }, (_, i) => i * 37),
    ),
  },
];

for (const { name, side, bytes } of MESSAGES) {
  Deno.test(`every flipped bit of ${name} is noticed, without waiting for more bytes`, async () => {
    assert.equal((await readAll([bytes], side)).length, 1);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
      // Nothing follows and the stream stays open, so a reader that needs more bytes would hang.
      await assert.rejects(
        readAll([flipped], side, { staysOpen: true }),
        ProtocolError,
        `bit ${bit & 7} of byte ${bit >> 3}`,
      );
    }
  });

  Deno.test(`every flipped bit of ${name} is noticed if another message follows`, async () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
      await assert.rejects(readAll([flipped, bytes], side), ProtocolError);
    }
  });

  Deno.test(`every damaged length of ${name} with a correct checksum is noticed`, async () => {
    for (let bit = 0; bit < 32; bit++) {
      const flipped = bytes.slice();
      const view = new DataView(flipped.buffer);
      view.setUint32(12, (view.getUint32(12) ^ 1 << bit) >>> 0);
      view.setUint32(CRC_AT, crc32(flipped.subarray(0, CRC_AT)));
      await assert.rejects(
        readAll([flipped], side),
        (error) => error instanceof ProtocolError || error instanceof ConnectionLostError,
        `bit ${bit} of the length`,
      );
    }
  });

  Deno.test(`${name} cut anywhere is a lost connection, and cut nowhere is not`, async () => {
    for (let length = 1; length < bytes.length; length++) {
      await assert.rejects(readAll([bytes.subarray(0, length)], side), ConnectionLostError);
    }
    assert.deepEqual(await readAll([], side), []);
  });
}

Deno.test("random damage never passes", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...MESSAGES),
      fc.array(fc.tuple(fc.nat(GET_MESSAGE.length - 1), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 6,
      }),
      async ({ bytes, side }, damage) => {
        const damaged = bytes.slice();
        for (const [at, mask] of damage) damaged[at % bytes.length]! ^= mask;
        fc.pre(!damaged.every((byte, i) => byte === bytes[i]));
        await assert.rejects(readAll([damaged], side), ProtocolError);
      },
    ),
    { numRuns: 2000 },
  );
});

Deno.test("random bytes are not a message", async () => {
  await fc.assert(fc.asyncProperty(
    fc.uint8Array({ minLength: HEADER_SIZE, maxLength: 200 }),
    fc.constantFrom(...SIDES),
    async (bytes, side) => {
      await assert.rejects(readAll([bytes], side), ProtocolError);
    },
  ));
});

Deno.test("decodeHeader reports the first error in the order of the specification", () => {
  const checks = [
    { wrong: { magic: 0x48545450 }, error: /magic/ },
    { wrong: { version: 2 }, error: /version is 2, not 1/ },
    { wrong: { crcXor: 1 }, error: /header's checksum/ },
    { wrong: { type: MessageType.WELCOME }, error: /client does not send type 1/ },
    { wrong: { length: 2 ** 32 - 1 }, error: /4294967295 bytes is over the limit of 65536/ },
  ];
  // Every combination of the five errors.
  for (let combination = 1; combination < 1 << checks.length; combination++) {
    const chosen = checks.filter((_, i) => combination >> i & 1);
    const bytes = rawHeader(Object.assign({}, ...chosen.map(({ wrong }) => wrong)));
    assert.throws(
      () => decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD),
      (error) => error instanceof ProtocolError && chosen[0]!.error.test(error.message),
    );
  }
});

Deno.test("checkFooter checks the end mark before the checksum", () => {
  const end = GET_MESSAGE.subarray(HEADER_SIZE);
  const damage = (...at: number[]) => end.map((byte, i) => at.includes(i) ? byte ^ 1 : byte);
  const mark = end.length - 1;
  const checksum = end.length - FOOTER_SIZE;
  const throws = (bytes: Uint8Array, error: RegExp) =>
    assert.throws(
      () => checkFooter(bytes),
      (thrown) => thrown instanceof ProtocolError && error.test(thrown.message),
    );
  throws(damage(mark), /end mark/);
  throws(damage(checksum), /payload's checksum/);
  throws(damage(0), /payload's checksum/);
  throws(damage(0, mark, checksum), /end mark/);
});

Deno.test("decodeHeader accepts each of the 256 types only from its senders", () => {
  for (const side of SIDES) {
    for (let type = 0; type < 256; type++) {
      const decode = () => decodeHeader(rawHeader({ type }), side, MAX_CHUNK_PAYLOAD);
      if (SENDERS[type]?.includes(side)) assert.equal(decode().type, type);
      else assert.throws(decode, ProtocolError, `type ${type} from a ${side}`);
    }
  }
});

Deno.test("decodeHeader has the limits of the specification", () => {
  assert.equal(MAX_CLIENT_PAYLOAD, 65_536);
  assert.equal(MAX_SERVER_PAYLOAD, 1_048_576);
  assert.equal(MAX_CHUNK_PAYLOAD, 4_194_304);
});

for (const { type, side } of ALLOWED) {
  Deno.test(`decodeHeader limits the payload of type ${type} from a ${side}`, () => {
    const maxChunk = 100_000;
    const limit = side === "client"
      ? MAX_CLIENT_PAYLOAD
      : type === MessageType.CHUNK
      ? maxChunk
      : MAX_SERVER_PAYLOAD;
    const decode = (length: number) => decodeHeader(rawHeader({ type, length }), side, maxChunk);
    for (const length of [0, 1, limit - 1, limit]) assert.equal(decode(length).length, length);
    for (const length of [limit + 1, 2 * limit, 2 ** 31, 2 ** 32 - 1]) {
      assert.throws(() => decode(length), ProtocolError, `${length} bytes`);
    }
  });
}

Deno.test("a payload at its limit comes through whole", async () => {
  const limits: [MessageType, Side, number][] = [
    [MessageType.GET, "client", MAX_CLIENT_PAYLOAD],
    [MessageType.LIST, "server", MAX_SERVER_PAYLOAD],
    [MessageType.CHUNK, "server", MAX_CHUNK_PAYLOAD],
  ];
  for (const [type, side, limit] of limits) {
    const payload = Uint8Array.from({ length: limit }, (_, i) => i ^ i >> 8);
    const [message] = await readAll([encodeMessage(header({ type }), payload)], side);
    // Compared as Buffers: `deepEqual` takes seconds for megabytes.
    assert.ok(Buffer.from(payload).equals(message!.payload));
  }
});

Deno.test("a claimed length over the limit is refused before its bytes are read", async () => {
  let largest = 0;
  const bytes = rawHeader({ length: 2 ** 32 - 1 });
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest!.view as Uint8Array;
      largest = Math.max(largest, view.buffer.byteLength);
      view.set(bytes);
      controller.byobRequest!.respond(bytes.length);
    },
  });
  await assert.rejects(new MessageReader(stream, "client").read(), /over the limit/);
  assert.ok(largest <= 64 * 1024, `a buffer of ${largest} bytes`);
});

Deno.test("decodeHeader accepts offsets up to 2^53 - 1", () => {
  const decode = (high: number, low: number) =>
    decodeHeader(
      rawHeader({ type: MessageType.CHUNK, offsetHigh: high, offsetLow: low }),
      "server",
      MAX_CHUNK_PAYLOAD,
    ).offset;
  assert.equal(decode(0, 0), 0);
  assert.equal(decode(0, 2 ** 32 - 1), 2 ** 32 - 1);
  assert.equal(decode(1, 0), 2 ** 32);
  assert.equal(decode(2 ** 21 - 1, 2 ** 32 - 1), Number.MAX_SAFE_INTEGER);
  assert.throws(() => decode(2 ** 21, 0), ProtocolError);
  assert.throws(() => decode(2 ** 21, 1), ProtocolError);
  assert.throws(() => decode(2 ** 32 - 1, 2 ** 32 - 1), ProtocolError);
});
