import assert from "node:assert/strict";
import fc from "fast-check";
import { ipBytes } from "../../lib/protocol/ip_address.ts";
import {
  checkFooter,
  decodeHeader,
  encodeMessage,
  FOOTER_SIZE,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageFramer,
  MessageType,
} from "../../lib/protocol/message.ts";
import {
  ALLOWED,
  bytesOf,
  GET_MESSAGE,
  GET_PAYLOAD,
  header,
  rawHeader,
  readAll,
} from "../support/message_samples.ts";

Deno.test("decodeHeader reads the specification's worked message", () => {
  const header = decodeHeader(GET_MESSAGE.subarray(0, HEADER_SIZE), "client", MAX_CHUNK_PAYLOAD);
  assert.deepEqual(header, {
    type: MessageType.GET,
    more: false,
    requestId: 1,
    length: 48,
    offset: 0,
    server: { ip: ipBytes("127.0.0.1"), port: 9009 },
    client: { ip: ipBytes("127.0.0.1"), port: 50000 },
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
    server: { ip: ipBytes("127.0.0.1"), port: 9009 },
    client: { ip: ipBytes("127.0.0.1"), port: 50000 },
  }, GET_PAYLOAD);
  assert.deepEqual(bytes, GET_MESSAGE);
});

Deno.test("encodeMessage writes an empty payload with checksum 0", () => {
  const bytes = encodeMessage(header({ type: MessageType.PING }), new Uint8Array());
  assert.equal(bytes.length, HEADER_SIZE + FOOTER_SIZE);
  assert.deepEqual([...bytes.subarray(HEADER_SIZE)], bytesOf("00 00 00 00 49 55 4c 53"));
});

for (const { type, side } of ALLOWED) {
  Deno.test(`a message of type ${type} from a ${side} decodes to the fields it was encoded from`, async () => {
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

Deno.test("MessageFramer throws if the footer does not fit the buffer", () => {
  const fields = { ...header({ type: MessageType.CHUNK }), length: 100 };
  const whole = new Uint8Array(400);
  const size = HEADER_SIZE + fields.length + FOOTER_SIZE;
  for (const buffer of [new Uint8Array(size - 1), whole.subarray(50, 50 + size - 1)]) {
    assert.throws(() => new MessageFramer(fields).frame(buffer, 100), RangeError);
  }
  assert.ok(whole.subarray(50 + size - 1).every((byte) => byte === 0));
  new MessageFramer(fields).frame(whole.subarray(50, 50 + size), 100);
});

Deno.test("MessageFramer writes the same message from pieces of any size", () => {
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
  assert.deepEqual(server.ip, ipBytes("127.0.0.1"));
  assert.deepEqual(client.ip, ipBytes("127.0.0.1"));
});

Deno.test("decodeHeader reads bytes anywhere in a buffer", () => {
  const buffer = new Uint8Array(500).fill(0xff);
  buffer.set(GET_MESSAGE, 77);
  const bytes = buffer.subarray(77, 77 + HEADER_SIZE);
  assert.equal(decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD).length, 48);
  checkFooter(buffer.subarray(77 + HEADER_SIZE, 77 + GET_MESSAGE.length));
});

Deno.test("decodeHeader ignores unknown flags", () => {
  for (const [flags, more] of [[0, false], [1, true], [0xfffe, false], [0xffff, true]] as const) {
    const bytes = rawHeader({ flags });
    assert.equal(decodeHeader(bytes, "client", MAX_CHUNK_PAYLOAD).more, more);
  }
});

/** Arbitrary values with frequent extremes. */
function extremes(values: fc.Arbitrary<number>, often: number[]): fc.Arbitrary<number> {
  return fc.oneof(values, fc.constantFrom(...often));
}

function endpoint() {
  return fc.record({
    ip: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    port: extremes(fc.nat(65535), [0, 1, 65535]),
  }, { noNullPrototype: true });
}
