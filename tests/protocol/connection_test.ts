import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolError } from "../../lib/errors.ts";
import { Connection } from "../../lib/protocol/connection.ts";
import type { Message } from "../../lib/protocol/message_reader.ts";
import { formatIp } from "../../lib/protocol/ip_address.ts";
import {
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageType,
} from "../../lib/protocol/message.ts";
import {
  bytesOf,
  connectBoth,
  connectTo,
  delay,
  FakeConn,
  rawMessage,
  readRaw,
  SIDES,
  take,
  test,
} from "../support/connection_fixture.ts";

test("Connection reads messages that arrive one byte at a time, from either side", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const payloads = [new Uint8Array(), bytesOf(1), bytesOf(300)];
    const read = take(ends.connection, payloads.length);
    for (const [i, payload] of payloads.entries()) {
      for (const byte of rawMessage(side, { requestId: i, payload })) {
        await ends.peer.write(Uint8Array.of(byte));
        // Mostly one byte per packet.
        await Promise.resolve();
      }
    }
    const messages = await read;
    assert.deepEqual(messages.map(({ header }) => header.requestId), [0, 1, 2]);
    assert.deepEqual(messages.map(({ payload }) => payload), payloads);
  }
});

test("Connection reads the same messages however the network splits them", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
    async (payloads, pieces) => {
      const messages = payloads.map((payload, requestId) =>
        rawMessage("server", { requestId, payload })
      );
      const conn = new FakeConn(Buffer.concat(messages), pieces);
      using connection = new Connection(conn.asConn(), "server");
      const got = await take(connection, Infinity);
      assert.deepEqual(got.map(({ payload }) => payload), payloads);
    },
  ));
});

test("Connection sends whole messages to a system that accepts them in pieces", async () => {
  await fc.assert(fc.asyncProperty(
    fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
    async (payloads, pieces) => {
      const conn = new FakeConn(new Uint8Array(), pieces);
      using connection = new Connection(conn.asConn(), "client");
      await Promise.all(
        payloads.map((payload, requestId) =>
          connection.send({ type: MessageType.GET, requestId, payload })
        ),
      );
      const sent = conn.messages("client");
      assert.deepEqual(sent.map(({ header }) => header.requestId), [...payloads.keys()]);
      assert.deepEqual(sent.map(({ payload }) => payload), payloads);
    },
  ));
});

test("Connection carries thousands of pipelined messages, in order, both ways", async () => {
  using ends = await connectBoth();
  const count = 5000;
  const payload = (i: number) => bytesOf(i % 97, i);
  const gets = Array.from({ length: count }, (_, i) =>
    ends.client.encode({
      type: MessageType.GET,
      requestId: i + 1,
      more: i % 3 === 0,
      payload: payload(i),
    }));
  const answers = (async () => {
    for await (const messages of ends.server.readable) {
      for (const { header, payload } of messages) {
        const length = payload.length;
        const buffer = new Uint8Array(HEADER_SIZE + length + FOOTER_SIZE);
        buffer.set(payload, HEADER_SIZE);
        await ends.server.sendBytes(
          ends.server.chunkFramer(header.requestId, header.requestId * 2 ** 21, length)
            .frame(buffer, length),
        );
      }
    }
  })();
  // All in one call, as whole messages in sequence.
  const sent = ends.client.sendBytes(Buffer.concat(gets));
  const chunks = await take(ends.client, count);
  await sent;
  for (const [i, chunk] of chunks.entries()) {
    assert.equal(chunk.header.type, MessageType.CHUNK);
    assert.equal(chunk.header.requestId, i + 1);
    assert.equal(chunk.header.offset, (i + 1) * 2 ** 21);
    assert.ok(Buffer.from(payload(i)).equals(chunk.payload));
  }
  await ends.client.closeWrite();
  await answers;
});

test("Connection carries the flag MORE", async () => {
  using ends = await connectBoth();
  const read = take(ends.client, 3);
  for (const more of [true, true, false]) {
    await ends.server.send({ type: MessageType.LIST, more, payload: bytesOf(9) });
  }
  assert.deepEqual((await read).map(({ header }) => header.more), [true, true, false]);
});

test("Connection carries the largest CHUNK, framed in place, at the largest offset", async () => {
  using ends = await connectBoth();
  const content = bytesOf(MAX_CHUNK_PAYLOAD);
  const buffer = new Uint8Array(HEADER_SIZE + content.length + FOOTER_SIZE);
  buffer.set(content, HEADER_SIZE);
  const framer = ends.server.chunkFramer(2 ** 32 - 1, Number.MAX_SAFE_INTEGER, content.length);
  const chunk = framer.frame(buffer, content.length);
  assert.equal(chunk.buffer, buffer.buffer);
  const sent = ends.server.sendBytes(chunk);
  const [{ header, payload }] = await take(ends.client, 1) as [Message];
  await sent;
  assert.equal(header.offset, Number.MAX_SAFE_INTEGER);
  assert.equal(header.requestId, 2 ** 32 - 1);
  assert.ok(Buffer.from(content).equals(payload));
});

test("Connection refuses a CHUNK over its maxChunk", async () => {
  using ends = await connectBoth();
  ends.client.maxChunk = 1000;
  const reader = ends.client.readable.getReader();
  ends.server.send({ type: MessageType.CHUNK, requestId: 1, payload: bytesOf(1000) });
  assert.equal((await reader.read()).value![0]!.payload.length, 1000);
  ends.server.send({ type: MessageType.CHUNK, requestId: 2, payload: bytesOf(1001) });
  await assert.rejects(reader.read(), ProtocolError);
});

test("Connection keeps a payload valid until the next message is pulled", async () => {
  using ends = await connectTo("server");
  await ends.peer.write(rawMessage("server", { requestId: 1, payload: bytesOf(100, 1) }));
  const reader = ends.connection.readable.getReader();
  const [first] = (await reader.read()).value as [Message];
  await ends.peer.write(rawMessage("server", { requestId: 2, payload: bytesOf(100, 2) }));
  await delay(20);
  assert.deepEqual(first.payload.slice(), bytesOf(100, 1));
  const [second] = (await reader.read()).value as [Message];
  assert.deepEqual(second.payload.slice(), bytesOf(100, 2));
});

test("Connection reads nothing before a message is pulled", async () => {
  using ends = await connectTo("server");
  await ends.peer.write(rawMessage("server", {}));
  await delay(20);
  assert.equal(ends.connection.traffic.received, 0);
  await take(ends.connection, 1);
  assert.equal(ends.connection.traffic.received, rawMessage("server", {}).length);
});

test("Connection answers a PING with a PONG of its request id, and passes on neither", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const { PING, PONG } = MessageType;
    await ends.peer.write(rawMessage(side, { type: PING, requestId: 0 }));
    await ends.peer.write(rawMessage(side, { type: PING, requestId: 2 ** 32 - 1 }));
    await ends.peer.write(rawMessage(side, { type: PONG, requestId: 5 }));
    await ends.peer.write(rawMessage(side, { requestId: 6 }));
    const [message] = await take(ends.connection, 1);
    assert.equal(message!.header.requestId, 6);
    for (const requestId of [0, 2 ** 32 - 1]) {
      const { header, payload } = (await readRaw(ends.peer, side))!;
      assert.deepEqual([header.type, header.requestId, payload.length], [PONG, requestId, 0]);
    }
  }
});

test("Connection never interleaves messages that are sent at the same time", async () => {
  using ends = await connectBoth();
  const count = 300;
  const sendAll = (connection: Connection, type: MessageType, largest: number) =>
    Promise.all(Array.from({ length: count }, async (_, i) => {
      const message = { type, requestId: i, payload: bytesOf(i * 7919 % largest, i) };
      if (i % 3 === 0) await connection.sendBytes(connection.encode(message));
      else await connection.send(message);
    }));
  const [gets, chunks] = await Promise.all([
    take(ends.server, count),
    take(ends.client, count),
    sendAll(ends.client, MessageType.GET, 65_536),
    sendAll(ends.server, MessageType.CHUNK, 300_000),
  ]);
  for (const [messages, largest] of [[gets, 65_536], [chunks, 300_000]] as const) {
    for (const [i, { header, payload }] of messages.entries()) {
      assert.equal(header.requestId, i);
      assert.ok(Buffer.from(bytesOf(i * 7919 % largest, i)).equals(payload));
    }
  }
});

test("Connection writes the real addresses and ports into its headers", async () => {
  for (const hostname of ["127.0.0.1", ...(hasIpv6() ? ["::1"] : [])]) {
    using listener = Deno.listen({ hostname, port: 0 });
    const serverPort = listener.addr.port;
    using ends = await connectBoth(undefined, { listener, hostname });
    const clientPort = ends.clientPort;
    const read = [take(ends.server, 1), take(ends.client, 1)];
    await ends.client.send({ type: MessageType.GET });
    await ends.server.send({ type: MessageType.LIST });
    const expected = [[hostname, serverPort], [hostname, clientPort]];
    for (const [message] of await Promise.all(read)) {
      assert.deepEqual(addresses(message!), expected);
    }
    assert.deepEqual(addresses({ header: ends.server.endpoints }), expected);
    assert.deepEqual(addresses({ header: ends.client.endpoints }), expected);
  }
});

test("Connection writes an IPv4 client of an IPv6 listener as IPv4", async () => {
  if (!hasIpv6()) return;
  using listener = Deno.listen({ hostname: "::", port: 0 });
  using ends = await connectBoth(undefined, { listener, hostname: "127.0.0.1" });
  const expected = [["127.0.0.1", listener.addr.port], ["127.0.0.1", ends.clientPort]];
  assert.deepEqual(addresses({ header: ends.server.endpoints }), expected);
});

test("Connection counts its traffic, framing included", async () => {
  using ends = await connectBoth();
  const read = take(ends.server, 2);
  await ends.client.send({ type: MessageType.GET, payload: bytesOf(100) });
  await ends.client.send({ type: MessageType.GET });
  await read;
  assert.deepEqual(ends.client.traffic, { received: 0, sent: 172 + 72 });
  assert.deepEqual(ends.server.traffic, { received: 172 + 72, sent: 0 });
});

function addresses({ header }: { header: Pick<Header, "server" | "client"> }) {
  return [header.server, header.client].map(({ ip, port }) => [formatIp(ip), port]);
}

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
