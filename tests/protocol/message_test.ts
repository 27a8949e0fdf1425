import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { ConnectionLostError, ProtocolError } from "../../lib/errors.ts";
import { ByteReader } from "../../lib/protocol/byte_reader.ts";
import { parseIp } from "../../lib/protocol/ip_address.ts";
import {
  checkFooter,
  decodeHeader,
  encodeMessage,
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MAX_CLIENT_PAYLOAD,
  MAX_SERVER_PAYLOAD,
  MessageFramer,
  MessageType,
  type Side,
} from "../../lib/protocol/message.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** The worked message of the specification. */
const GET_PAYLOAD = new TextEncoder().encode('{"path":"a","version":"v","offset":0,"length":5}');
const GET_MESSAGE = new Uint8Array([
  ...bytesOf(`
    53 4c 55 49 01 04 00 00  00 00 00 01 00 00 00 30
    00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00
    00 00 ff ff 7f 00 00 01  23 31 00 00 00 00 00 00
    00 00 00 00 ff ff 7f 00  00 01 c3 50 4c af d3 0c`),
  ...GET_PAYLOAD,
  ...bytesOf("36 75 a8 a6 49 55 4c 53"),
]);

/** Who may send what, copied from the specification's table and not from the code. */
const SENDERS: Readonly<Record<number, readonly Side[]>> = {
  1: ["server"],
  2: ["client"],
  3: ["server"],
  4: ["client"],
  5: ["server"],
  6: ["client"],
  7: ["server"],
  8: ["server", "client"],
  9: ["server", "client"],
  10: ["server", "client"],
  11: ["server", "client"],
};
const SIDES: readonly Side[] = ["server", "client"];
const ALLOWED = Object.entries(SENDERS).flatMap(([type, sides]) =>
  sides.map((side) => ({ type: Number(type) as MessageType, side }))
);

const SERVER = { ip: parseIp("127.0.0.1"), port: 9009 };
const CLIENT = { ip: parseIp("2001:db8::7"), port: 50000 };
const CRC_AT = 60;

Deno.test("decodeHeader reads the specification's worked message", () => {
  const header = decodeHeader(GET_MESSAGE.subarray(0, HEADER_SIZE), "client", MAX_CHUNK_PAYLOAD);
  assert.deepEqual(header, {
    type: MessageType.GET,
    more: false,
    requestId: 1,
    length: 48,
    offset: 0,
    server: { ip: parseIp("127.0.0.1"), port: 9009 },
    client: { ip: parseIp("127.0.0.1"), port: 50000 },
  });
  assert.equal(GET_MESSAGE.length, HEADER_SIZE + header.length + FOOTER_SIZE);
  checkFooter(GET_MESSAGE.subarray(HEADER_SIZE));
});

Deno.test("encodeMessage writes the specification's worked message to the byte", () => {
  const bytes = encodeMessage({
    type: MessageType.GET,
    more: false,
    requestId: 1,
    offset: 0,
    server: { ip: parseIp("127.0.0.1"), port: 9009 },
    client: { ip: parseIp("127.0.0.1"), port: 50000 },
  }, GET_PAYLOAD);
  assert.deepEqual(bytes, GET_MESSAGE);
});

Deno.test("encodeMessage writes an empty payload with checksum 0", () => {
  const bytes = encodeMessage(header({ type: MessageType.PING }), new Uint8Array());
  assert.equal(bytes.length, HEADER_SIZE + FOOTER_SIZE);
  assert.deepEqual([...bytes.subarray(HEADER_SIZE)], bytesOf("00 00 00 00 49 55 4c 53"));
});

for (const { type, side } of ALLOWED) {
  Deno.test(`a message of type ${type} from a ${side} comes back as it was sent`, async () => {
    const offset = type === MessageType.CHUNK
      ? extremes(fc.maxSafeNat(), [0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1])
      : fc.constant(0);
    await fc.assert(fc.asyncProperty(
      fc.record({
        type: fc.constant(type),
        more: fc.boolean(),
        requestId: extremes(fc.nat(2 ** 32 - 1), [0, 1, 2 ** 31, 2 ** 32 - 1]),
        offset,
        server: endpoint(),
        client: endpoint(),
      }, { noNullPrototype: true }),
      fc.uint8Array({ maxLength: 3000 }),
      async (header, payload) => {
        const [message] = await readAll([encodeMessage(header, payload)], side);
        assert.deepEqual(message, { header: { ...header, length: payload.length }, payload });
      },
    ));
  });
}

Deno.test("MessageFramer writes around the payload in place and touches nothing else", () => {
  const whole = new Uint8Array(300).fill(0xee);
  const buffer = whole.subarray(10, 250);
  const payload = Uint8Array.from({ length: 100 }, (_, i) => i);
  buffer.set(payload, HEADER_SIZE);
  const fields = header({ type: MessageType.CHUNK, offset: 2 ** 40 + 3 });
  const message = new MessageFramer({ ...fields, length: 100 }).frame(buffer, 100);

  assert.equal(message.buffer, whole.buffer);
  assert.equal(message.byteOffset, 10);
  assert.deepEqual(message.slice(), encodeMessage(fields, payload));
  const around = [...whole.subarray(0, 10), ...whole.subarray(10 + message.length)];
  assert.ok(around.every((byte) => byte === 0xee));
});

Deno.test("MessageFramer throws if the footer would stand outside the buffer", () => {
  const fields = { ...header({ type: MessageType.CHUNK }), length: 100 };
  const whole = new Uint8Array(400);
  const size = HEADER_SIZE + fields.length + FOOTER_SIZE;
  for (const buffer of [new Uint8Array(size - 1), whole.subarray(50, 50 + size - 1)]) {
    assert.throws(() => new MessageFramer(fields).frame(buffer, 100), RangeError);
  }
  assert.ok(whole.subarray(50 + size - 1).every((byte) => byte === 0));
  new MessageFramer(fields).frame(whole.subarray(50, 50 + size), 100);
});

Deno.test("MessageFramer makes the same message of pieces of any size", () => {
  const fields = header({ type: MessageType.CHUNK, offset: 7 });
  fc.assert(fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 })), (pieces) => {
    const payload = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
    if (payload.length === 0) return;
    const framer = new MessageFramer({ ...fields, length: payload.length });
    const framed = pieces.flatMap((piece) => {
      const buffer = new Uint8Array(HEADER_SIZE + piece.length + FOOTER_SIZE);
      buffer.set(piece, HEADER_SIZE);
      return [...framer.frame(buffer, piece.length)];
    });
    assert.ok(framer.isComplete);
    assert.deepEqual(Uint8Array.from(framed), encodeMessage(fields, payload));
  }));
});

Deno.test("decodeHeader copies the addresses out of the bytes", () => {
  const bytes = GET_MESSAGE.slice(0, HEADER_SIZE);
  const { server, client } = decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD);
  bytes.fill(0);
  assert.deepEqual(server.ip, parseIp("127.0.0.1"));
  assert.deepEqual(client.ip, parseIp("127.0.0.1"));
});

Deno.test("decodeHeader reads bytes that stand anywhere in a buffer", () => {
  const buffer = new Uint8Array(500).fill(0xff);
  buffer.set(GET_MESSAGE, 77);
  const bytes = buffer.subarray(77, 77 + HEADER_SIZE);
  assert.equal(decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD).length, 48);
  checkFooter(buffer.subarray(77 + HEADER_SIZE, 77 + GET_MESSAGE.length));
});

Deno.test("decodeHeader ignores the flags that it does not know", () => {
  for (const [flags, more] of [[0, false], [1, true], [0xfffe, false], [0xffff, true]] as const) {
    const bytes = rawHeader({ flags });
    assert.equal(decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD).more, more);
  }
});

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
      // Nothing follows, and the stream stays open: whoever waits for more waits for ever.
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

  Deno.test(`every damaged length of ${name}, its checksum made right, is noticed`, async () => {
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

Deno.test("decodeHeader reports what is wrong first, in the order of the specification", () => {
  const checks = [
    { wrong: { magic: 0x48545450 }, error: /magic/ },
    { wrong: { version: 2 }, error: /version is 2, not 1/ },
    { wrong: { crcXor: 1 }, error: /header's checksum/ },
    { wrong: { type: MessageType.WELCOME }, error: /client does not send type 1/ },
    { wrong: { length: 2 ** 32 - 1 }, error: /4294967295 bytes is over the limit of 65536/ },
  ];
  // Every combination of the five, also of those that do not follow each other.
  for (let combination = 1; combination < 1 << checks.length; combination++) {
    const chosen = checks.filter((_, i) => combination >> i & 1);
    const bytes = rawHeader(Object.assign({}, ...chosen.map(({ wrong }) => wrong)));
    assert.throws(
      () => decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD),
      (error) => error instanceof ProtocolError && chosen[0]!.error.test(error.message),
    );
  }
});

Deno.test("checkFooter looks at the end mark before the checksum", () => {
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

Deno.test("decodeHeader takes each of the 256 types from nobody but its senders", () => {
  for (const side of SIDES) {
    for (let type = 0; type < 256; type++) {
      const decode = () => decodeHeader(rawHeader({ type }), side, MAX_CHUNK_PAYLOAD);
      if (SENDERS[type]?.includes(side)) assert.equal(decode().type, type);
      else assert.throws(decode, ProtocolError, `type ${type} from a ${side}`);
    }
  }
});

Deno.test("decodeHeader knows the limits of the specification", () => {
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

Deno.test("a claimed length over the limit is refused before its bytes are asked for", async () => {
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
  await assert.rejects(readMessage(new ByteReader(stream), "client"), /over the limit/);
  assert.ok(largest <= 64 * 1024, `a buffer of ${largest} bytes`);
});

Deno.test("decodeHeader takes offsets up to 2^53 - 1", () => {
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

/** Bytes written as a hex dump. */
function bytesOf(dump: string): number[] {
  return dump.trim().split(/\s+/).map((hex) => parseInt(hex, 16));
}

/** A header with usual values where a test does not care. */
function header(fields: Pick<Header, "type"> & Partial<Header>): Omit<Header, "length"> {
  return { requestId: 7, more: false, offset: 0, server: SERVER, client: CLIENT, ...fields };
}

/** A header written by hand, so that it can say what the code refuses to say. */
function rawHeader(fields: {
  magic?: number;
  version?: number;
  type?: number;
  flags?: number;
  length?: number;
  offsetHigh?: number;
  offsetLow?: number;
  crcXor?: number;
}): Uint8Array {
  const bytes = GET_MESSAGE.slice(0, HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, fields.magic ?? 0x534c5549);
  view.setUint8(4, fields.version ?? 1);
  view.setUint8(5, fields.type ?? MessageType.GET);
  view.setUint16(6, fields.flags ?? 0);
  view.setUint32(12, fields.length ?? 0);
  view.setUint32(16, fields.offsetHigh ?? 0);
  view.setUint32(20, fields.offsetLow ?? 0);
  view.setUint32(CRC_AT, (crc32(bytes.subarray(0, CRC_AT)) ^ (fields.crcXor ?? 0)) >>> 0);
  return bytes;
}

/** Arbitrary values among which the extremes come often. */
function extremes(values: fc.Arbitrary<number>, often: number[]): fc.Arbitrary<number> {
  return fc.oneof(values, fc.constantFrom(...often));
}

function endpoint() {
  return fc.record({
    ip: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    port: extremes(fc.nat(65535), [0, 1, 65535]),
  }, { noNullPrototype: true });
}

/** Reads messages as a connection does, until the stream ends. */
async function readAll(
  pieces: Uint8Array[],
  sender: Side,
  { staysOpen = false } = {},
): Promise<{ header: Header; payload: Uint8Array }[]> {
  const bytes = Buffer.concat(pieces);
  let at = 0;
  const stream = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { byobRequest } = controller;
      const length = Math.min(bytes.length - at, byobRequest!.view!.byteLength);
      if (length === 0 && staysOpen) await new Promise(() => {});
      if (length === 0) controller.close();
      (byobRequest!.view as Uint8Array).set(bytes.subarray(at, at += length));
      byobRequest!.respond(length);
    },
  });
  const reader = new ByteReader(stream);
  const messages = [];
  for (let message; (message = await readMessage(reader, sender));) messages.push(message);
  return messages;
}

async function readMessage(reader: ByteReader, sender: Side) {
  const head = await reader.read(HEADER_SIZE);
  if (!head) return null;
  const header = decodeHeader(head, sender, MAX_CHUNK_PAYLOAD);
  const body = await reader.read(header.length + FOOTER_SIZE);
  if (!body) throw new ConnectionLostError("The stream ended in the middle of a message");
  checkFooter(body);
  return { header, payload: body.slice(0, header.length) };
}
