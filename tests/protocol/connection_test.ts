import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { ConnectionLostError, ProtocolError, WireError } from "../../lib/errors.ts";
import {
  Connection,
  DEFAULT_PATIENCE,
  type Message,
  type Patience,
} from "../../lib/protocol/connection.ts";
import { formatIp, parseIp } from "../../lib/protocol/ip_address.ts";
import {
  checkFooter,
  decodeHeader,
  encodeMessage,
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageType,
  type Side,
} from "../../lib/protocol/message.ts";
import { parseErrorPayload, printPayload } from "../../lib/protocol/payloads.ts";

Deno.test.sanitizer({ ops: true, resources: true });

/** A test that hangs fails instead: an open connection keeps the process alive. */
const DEADLINE_MS = 30_000;
const SIDES: readonly Side[] = ["server", "client"];
const ENDPOINT = { ip: parseIp("127.0.0.1"), port: 9009 };

test("Connection reads messages that come one byte at a time, from either side", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const payloads = [new Uint8Array(), bytesOf(1), bytesOf(300)];
    const read = take(ends.connection, payloads.length);
    for (const [i, payload] of payloads.entries()) {
      for (const byte of rawMessage(side, { requestId: i, payload })) {
        await ends.peer.write(Uint8Array.of(byte));
        // Each byte in a packet of its own, or nearly so.
        await Promise.resolve();
      }
    }
    const messages = await read;
    assert.deepEqual(messages.map(({ header }) => header.requestId), [0, 1, 2]);
    assert.deepEqual(messages.map(({ payload }) => payload), payloads);
  }
});

test("Connection reads the same messages however the network cut them", async () => {
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

test("Connection sends whole messages to a system that takes them piece by piece", async () => {
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
    for await (const { header, payload } of ends.server.readable) {
      const length = payload.length;
      const buffer = new Uint8Array(HEADER_SIZE + length + FOOTER_SIZE);
      buffer.set(payload, HEADER_SIZE);
      await ends.server.sendBytes(
        ends.server.chunkFramer(header.requestId, header.requestId * 2 ** 21, length)
          .frame(buffer, length),
      );
    }
  })();
  // All in one call, as whole messages one behind the other.
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

test("Connection says with MORE whether another message follows", async () => {
  using ends = await connectBoth();
  const read = take(ends.client, 3);
  for (const more of [true, true, false]) {
    await ends.server.send({ type: MessageType.LIST, more, payload: bytesOf(9) });
  }
  assert.deepEqual((await read).map(({ header }) => header.more), [true, true, false]);
});

test("Connection carries the largest CHUNK, sealed in place, to the farthest offset", async () => {
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

test("Connection refuses a CHUNK over the size that was agreed upon", async () => {
  using ends = await connectBoth();
  ends.client.maxChunk = 1000;
  const reader = ends.client.readable.getReader();
  ends.server.send({ type: MessageType.CHUNK, requestId: 1, payload: bytesOf(1000) });
  assert.equal((await reader.read()).value!.payload.length, 1000);
  ends.server.send({ type: MessageType.CHUNK, requestId: 2, payload: bytesOf(1001) });
  await assert.rejects(reader.read(), ProtocolError);
});

test("Connection keeps a payload valid until the next message is pulled", async () => {
  using ends = await connectTo("server");
  await ends.peer.write(rawMessage("server", { requestId: 1, payload: bytesOf(100, 1) }));
  await ends.peer.write(rawMessage("server", { requestId: 2, payload: bytesOf(100, 2) }));
  const reader = ends.connection.readable.getReader();
  const first = (await reader.read()).value!;
  await delay(20);
  assert.deepEqual(first.payload.slice(), bytesOf(100, 1));
  const second = (await reader.read()).value!;
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

test("Connection answers a PING with a PONG of its request id, and shows neither", async () => {
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

test("Connection closes its stream at a clean end", async () => {
  for (const side of SIDES) {
    for (const messages of [0, 1, 3]) {
      using ends = await connectTo(side);
      for (let i = 0; i < messages; i++) {
        await ends.peer.write(rawMessage(side, { payload: bytesOf(70) }));
      }
      ends.peer.close();
      assert.equal((await take(ends.connection, Infinity)).length, messages);
      assert.equal(ends.connection.failure, undefined);
    }
  }
});

test("Connection takes an end inside a message for a lost connection", async () => {
  const message = rawMessage("server", { payload: bytesOf(20) });
  for (let length = 1; length < message.length; length++) {
    const conn = new FakeConn(Buffer.concat([message, message.subarray(0, length)]), [50]);
    using connection = new Connection(conn.asConn(), "server");
    const reader = connection.readable.getReader();
    await reader.read();
    await assert.rejects(reader.read(), ConnectionLostError);
    assert.ok(connection.failure instanceof ConnectionLostError);
  }
  for (const end of ["close", "closeWrite"] as const) {
    using ends = await connectTo("server");
    await ends.peer.write(message.subarray(0, 70));
    await ends.peer[end]();
    await assert.rejects(take(ends.connection, 1), ConnectionLostError);
  }
});

test("Connection takes a broken connection for a lost one, when it reads", async () => {
  const conn = new FakeConn(new Uint8Array(), [1]);
  const reset = new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)");
  conn.read = () => Promise.reject(reset);
  using connection = new Connection(conn.asConn(), "server");
  await assert.rejects(
    take(connection, 1),
    (error) => error instanceof ConnectionLostError && error.cause === reset,
  );
});

test("Connection takes a broken connection for a lost one, when it sends", async () => {
  using ends = await connectTo("server");
  ends.peer.close();
  await assert.rejects(async () => {
    for (;;) await ends.connection.send({ type: MessageType.LIST, payload: bytesOf(10_000) });
  }, ConnectionLostError);
});

test("Connection tells a peer that sends garbage, and closes", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: something-else/1.0\r\n\r\n";
    await ends.peer.write(new TextEncoder().encode(request));
    await assert.rejects(take(ends.connection, 1), ProtocolError);
    assert.ok(ends.connection.failure instanceof ProtocolError);
    assert.equal((await readError(ends.peer, side)).code, "protocol");
    assert.equal(await readRaw(ends.peer, side), null);
    await assert.rejects(ends.connection.send({ type: MessageType.PING }), ProtocolError);
  }
});

for (
  const [name, side, message] of [
    ["the worked GET", "server", workedGet()],
    ["an empty PING", "client", rawMessage("client", { type: MessageType.PING })],
    ["a small CHUNK", "client", rawMessage("client", { payload: bytesOf(40) })],
  ] as const
) {
  test(`Connection notices every flipped bit of ${name}, and says so`, async () => {
    for (let bit = 0; bit < message.length * 8; bit++) {
      const flipped = message.slice();
      flipped[bit >> 3]! ^= 0x80 >> (bit & 7);
      const conn = new FakeConn(Buffer.concat([flipped, message]), [1000]);
      using connection = new Connection(conn.asConn(), side);
      await assert.rejects(take(connection, 1), ProtocolError, `bit ${bit}`);
      const [answer, ...rest] = conn.messages(side);
      assert.equal(parseErrorPayload(answer!.payload).code, "protocol");
      assert.deepEqual([rest.length, conn.closed], [0, true]);
    }
  });
}

test("Connection refuses a type from the wrong side", async () => {
  const fromServers = [1, 3, 5, 7];
  const fromClients = [2, 4, 6];
  for (const side of SIDES) {
    for (const type of side === "server" ? fromServers : fromClients) {
      const message = rawMessage(side, { type: type as MessageType });
      const conn = new FakeConn(message, [1000]);
      using connection = new Connection(conn.asConn(), side);
      await assert.rejects(take(connection, 1), ProtocolError, `type ${type} to a ${side}`);
    }
  }
});

test("Connection asks for no bytes of a payload over its limit", async () => {
  const message = rawMessage("server", {});
  const view = new DataView(message.buffer);
  view.setUint32(12, 2 ** 32 - 1);
  view.setUint32(60, crc32(message.subarray(0, 60)));
  const conn = new FakeConn(message.subarray(0, HEADER_SIZE), [1000], { staysOpen: true });
  using connection = new Connection(conn.asConn(), "server");
  await assert.rejects(take(connection, 1), /over the limit/);
  assert.ok(conn.largestBuffer <= 64 * 1024, `a buffer of ${conn.largestBuffer} bytes`);
});

test("Connection fails with the code of an ERROR about the connection", async () => {
  for (const side of SIDES) {
    for (const code of ["busy", "unauthorized", "timeout", "shutting-down"] as const) {
      using ends = await connectTo(side);
      const payload = printPayload({ code, message: "So it is" });
      await ends.peer.write(rawMessage(side, { type: MessageType.ERROR, requestId: 0, payload }));
      await assert.rejects(take(ends.connection, 1), (error) => {
        assert.ok(error instanceof WireError);
        assert.deepEqual([error.code, error.message], [code, "So it is"]);
        return error === ends.connection.failure;
      });
      assert.equal(await readRaw(ends.peer, side), null, "it answered an ERROR");
    }
  }
});

test("Connection shows an ERROR about one request as a message", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const payload = printPayload({ code: "not-found", message: "It is not there" });
    await ends.peer.write(rawMessage(side, { type: MessageType.ERROR, requestId: 3, payload }));
    const [message] = await take(ends.connection, 1);
    assert.deepEqual([message!.header.type, message!.header.requestId], [MessageType.ERROR, 3]);
    assert.equal(parseErrorPayload(message!.payload).code, "not-found");
    assert.equal(ends.connection.failure, undefined);
  }
});

test("Connection refuses last words that it cannot read", async () => {
  for (const type of [MessageType.ERROR, MessageType.GOODBYE]) {
    for (const text of ["", "null", "{}", '{"reason":1,"code":1,"message":1}', "[[["]) {
      const message = rawMessage("client", {
        type,
        requestId: 0,
        payload: new TextEncoder().encode(text),
      });
      const conn = new FakeConn(message, [1000]);
      using connection = new Connection(conn.asConn(), "client");
      await assert.rejects(take(connection, 1), ProtocolError);
      assert.equal(parseErrorPayload(conn.messages("client")[0]!.payload).code, "protocol");
    }
  }
});

test("Connection shows a GOODBYE, and what was asked for before still comes", async () => {
  using ends = await connectBoth();
  await ends.server.sayGoodbye("Good night");
  await ends.server.send({ type: MessageType.CHUNK, requestId: 1, payload: bytesOf(10) });
  await ends.server.closeWrite();
  const messages = await take(ends.client, Infinity);
  const { GOODBYE, CHUNK } = MessageType;
  assert.deepEqual(messages.map(({ header }) => header.type), [GOODBYE, CHUNK]);
  assert.equal(ends.client.failure, undefined);
});

test("Connection refuses with a code that reaches the peer", async () => {
  using ends = await connectBoth();
  const read = take(ends.client, 1);
  const refusal = new WireError("busy", "The server is full");
  await ends.server.refuse(refusal);
  assert.equal(ends.server.failure, refusal);
  await assert.rejects(read, (error) => error instanceof WireError && error.code === "busy");
});

test("Connection sends a PING into silence, then says timeout and fails", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side, { pingAfter: 100, deadAfter: 400 });
    const start = performance.now();
    const read = take(ends.connection, 1);
    const failed = assert.rejects(read, ConnectionLostError);
    const ping = (await readRaw(ends.peer, side))!;
    assert.equal(ping.header.type, MessageType.PING);
    assert.ok(performance.now() - start >= 99, "the PING came early");
    assert.equal((await readError(ends.peer, side)).code, "timeout");
    await failed;
    assert.ok(performance.now() - start >= 399, "the end came early");
    assert.ok(ends.connection.failure instanceof ConnectionLostError);
    assert.equal(await readRaw(ends.peer, side), null);
  }
});

test("Connection lives on silence as long as its PINGs are answered", async () => {
  using ends = await connectBoth({ pingAfter: 50, deadAfter: 500 });
  const reads = [take(ends.server, 1), take(ends.client, 1)];
  await delay(1200);
  assert.deepEqual([ends.server.failure, ends.client.failure], [undefined, undefined]);
  await ends.server.send({ type: MessageType.LIST });
  await ends.client.send({ type: MessageType.GET });
  const types = (await Promise.all(reads)).map(([message]) => message!.header.type);
  assert.deepEqual(types, [MessageType.GET, MessageType.LIST]);
  // PINGs and PONGs: 72 bytes each.
  assert.ok(ends.server.traffic.received > 3 * 72);
});

test("Connection takes any byte for a sign of life", async () => {
  using ends = await connectTo("server", { pingAfter: 300, deadAfter: 600 });
  const read = take(ends.connection, 1);
  const message = rawMessage("server", { payload: bytesOf(8) });
  // 80 bytes, one every 15 ms: 1.2 s for one message, and no silence in it.
  for (const byte of message) {
    await ends.peer.write(Uint8Array.of(byte));
    await delay(15);
  }
  assert.equal((await read).length, 1);
  assert.equal(ends.connection.traffic.sent, 0, "it sent a PING into no silence");
});

test("Connection fails if the peer reads nothing of what it is sent", async () => {
  using ends = await connectTo("server", { pingAfter: 50, stalledAfter: 300 });
  const read = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  const start = performance.now();
  const message = ends.connection.encode({ type: MessageType.LIST, payload: bytesOf(2 ** 20) });
  // More than the system's buffers hold; the last ones have not even been tried.
  const sends = Array.from({ length: 40 }, () => ends.connection.sendBytes(message));
  const results = await Promise.allSettled(sends);
  assert.ok(performance.now() - start >= 299, "the end came early");
  const refused = results.filter((result) => result.status === "rejected");
  assert.ok(refused.length > 0);
  for (const { reason } of refused) assert.ok(reason instanceof ConnectionLostError);
  await read;
  assert.ok(ends.connection.failure instanceof ConnectionLostError);
});

test("Connection waits for a peer that reads slowly", async () => {
  using ends = await connectTo("server", { pingAfter: 100, stalledAfter: 600 });
  const total = 16 * 2 ** 20;
  const sent = ends.connection.sendBytes(new Uint8Array(total));
  const buffer = new Uint8Array(256 * 1024);
  let received = 0;
  for (let got; received < total && (got = await ends.peer.read(buffer));) {
    received += got;
    await delay(10);
  }
  await sent;
  assert.deepEqual([received, ends.connection.failure], [total, undefined]);
});

test("Connection closes within moments although a peer hears no last words", async () => {
  using ends = await connectTo("server");
  const stuck = assert.rejects(ends.connection.sendBytes(new Uint8Array(32 * 2 ** 20)));
  await ends.peer.write(bytesOf(100));
  const start = performance.now();
  await assert.rejects(take(ends.connection, 1), ProtocolError);
  await stuck;
  assert.ok(performance.now() - start < 5000);
});

test("Connection reads no more PINGs from a peer that takes no PONGs", async () => {
  using ends = await connectTo("server", { pingAfter: 50, stalledAfter: 500 });
  const stuck = assert.rejects(ends.connection.sendBytes(new Uint8Array(32 * 2 ** 20)));
  const read = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  const pings = Buffer.concat(
    Array.from({ length: 10_000 }, () => rawMessage("server", { type: MessageType.PING })),
  );
  const flood = (async () => {
    for (;;) await ends.peer.write(pings);
  })();
  await Promise.all([stuck, read, assert.rejects(flood)]);
  // A handful of PINGs, and what stands behind them in the reader's buffer.
  assert.ok(ends.connection.traffic.received < 64 * 1024, `${ends.connection.traffic.received}`);
});

test("Connection still sends after the peer has closed its writing half", async () => {
  using ends = await connectBoth();
  await ends.client.send({ type: MessageType.GET, requestId: 1 });
  await ends.client.closeWrite();
  assert.equal((await take(ends.server, Infinity)).length, 1);

  const received = (async () => {
    let bytes = 0;
    for await (const { payload } of ends.client.readable) bytes += payload.length;
    return bytes;
  })();
  await delay(20);
  for (let i = 0; i < 8; i++) {
    await ends.server.send({ type: MessageType.CHUNK, requestId: 1, payload: bytesOf(2 ** 20) });
  }
  ends.server.close();
  assert.equal(await received, 8 * 2 ** 20);
  assert.deepEqual([ends.server.failure, ends.client.failure], [undefined, undefined]);
});

test("Connection closes its writing half behind what was sent before", async () => {
  using ends = await connectBoth();
  const sent = Array.from({ length: 10 }, () =>
    ends.client.send({
      type: MessageType.GET,
      payload: bytesOf(60_000),
    }));
  const closed = ends.client.closeWrite();
  assert.equal((await take(ends.server, Infinity)).length, 10);
  await Promise.all([...sent, closed]);
  await assert.rejects(ends.client.send({ type: MessageType.GET }), ConnectionLostError);
});

test("Connection never mixes messages that are sent at the same time", async () => {
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

test("Connection fails reads and writes under way with the error it is given", async () => {
  using ends = await connectTo("client");
  const failure = new Error("The user left");
  const read = assert.rejects(take(ends.connection, 1), (error) => error === failure);
  const stuck = assert.rejects(
    ends.connection.sendBytes(new Uint8Array(32 * 2 ** 20)),
    (error) => error === failure,
  );
  const behind = assert.rejects(
    ends.connection.send({ type: MessageType.GET }),
    (error) => error === failure,
  );
  await delay(20);
  ends.connection.fail(failure);
  ends.connection.fail(new Error("Too late"));
  await Promise.all([read, stuck, behind]);
  assert.equal(ends.connection.failure, failure);
});

test("Connection closes any number of times, and is gone after the first", async () => {
  using ends = await connectTo("client");
  const read = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  await delay(5);
  for (let i = 0; i < 3; i++) ends.connection.close();
  await read;
  assert.equal(ends.connection.failure, undefined);
  await assert.rejects(ends.connection.send({ type: MessageType.GET }), ConnectionLostError);
  await assert.rejects(take(ends.connection, 1), ConnectionLostError);
  await ends.connection.closeWrite();
  await ends.connection.sayGoodbye("Nobody hears it");
  assert.equal(await readRaw(ends.peer, "client"), null);
});

test("Connection waits as long as the specification asks for", () => {
  assert.deepEqual(DEFAULT_PATIENCE, {
    pingAfter: 15_000,
    deadAfter: 45_000,
    stalledAfter: 60_000,
  });
});

function test(name: string, body: () => Promise<void> | void): void {
  Deno.test(name, async () => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`No end within ${DEADLINE_MS} ms`)), DEADLINE_MS);
    });
    try {
      await Promise.race([body(), late]);
    } finally {
      clearTimeout(timer);
    }
  });
}

interface Sockets extends Disposable {
  readonly accepted: Deno.TcpConn;
  readonly connected: Deno.TcpConn;
}

async function connectSockets(
  given?: { listener: Deno.TcpListener; hostname: string },
): Promise<Sockets> {
  using stack = new DisposableStack();
  const hostname = given?.hostname ?? "127.0.0.1";
  const listener = given?.listener ?? stack.use(Deno.listen({ hostname, port: 0 }));
  const [accepted, connected] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname, port: listener.addr.port }),
  ]);
  return {
    accepted,
    connected,
    [Symbol.dispose]: () => {
      accepted[Symbol.dispose]();
      connected[Symbol.dispose]();
    },
  };
}

/** Two connections, each the other's peer. */
async function connectBoth(
  patience?: Partial<Patience>,
  given?: { listener: Deno.TcpListener; hostname: string },
) {
  const sockets = await connectSockets(given);
  const server = new Connection(sockets.accepted, "server", { ...DEFAULT_PATIENCE, ...patience });
  const client = new Connection(sockets.connected, "client", { ...DEFAULT_PATIENCE, ...patience });
  return {
    server,
    client,
    clientPort: sockets.connected.localAddr.port,
    [Symbol.dispose]: () => {
      server.close();
      client.close();
    },
  };
}

/** A connection of the given side, whose peer writes and reads bytes by hand. */
async function connectTo(side: Side, patience?: Partial<Patience>) {
  const sockets = await connectSockets();
  const [own, peer] = side === "server"
    ? [sockets.accepted, sockets.connected]
    : [sockets.connected, sockets.accepted];
  peer.setNoDelay(true);
  const connection = new Connection(own, side, { ...DEFAULT_PATIENCE, ...patience });
  return {
    connection,
    peer,
    [Symbol.dispose]: () => {
      connection.close();
      sockets[Symbol.dispose]();
    },
  };
}

/** What a connection needs of a `Deno.Conn`, in memory: given bytes, cut as told. */
class FakeConn {
  readonly localAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 2 };
  closed = false;
  largestBuffer = 0;
  readonly #written: Uint8Array[] = [];
  #turn = 0;
  #at = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly pieces: readonly number[],
    readonly options: { staysOpen?: boolean } = {},
  ) {}

  asConn(): Deno.Conn {
    return this as unknown as Deno.Conn;
  }

  async read(view: Uint8Array): Promise<number | null> {
    await Promise.resolve();
    this.largestBuffer = Math.max(this.largestBuffer, view.buffer.byteLength);
    const length = Math.min(this.#piece(), view.length, this.bytes.length - this.#at);
    if (length === 0 && this.options.staysOpen) return await new Promise<never>(() => {});
    view.set(this.bytes.subarray(this.#at, this.#at += length));
    return length || null;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await Promise.resolve();
    const piece = bytes.slice(0, this.#piece());
    this.#written.push(piece);
    return piece.length;
  }

  async closeWrite(): Promise<void> {}

  close(): void {
    this.closed = true;
  }

  /** What was written, as messages of the given side. */
  messages(side: Side): Message[] {
    const bytes = Buffer.concat(this.#written);
    const messages = [];
    for (let at = 0; at < bytes.length;) {
      const header = decodeHeader(bytes.subarray(at, at += HEADER_SIZE), side, MAX_CHUNK_PAYLOAD);
      const body = bytes.subarray(at, at += header.length + FOOTER_SIZE);
      checkFooter(body);
      messages.push({ header, payload: new Uint8Array(body.subarray(0, header.length)) });
    }
    return messages;
  }

  #piece(): number {
    return this.pieces[this.#turn++ % this.pieces.length]!;
  }
}

/** A message as the peer of the given side writes it; a GET or a CHUNK where it does not matter. */
function rawMessage(
  to: Side,
  { type, requestId = 7, payload = new Uint8Array() }: {
    type?: MessageType;
    requestId?: number;
    payload?: Uint8Array;
  },
): Uint8Array<ArrayBuffer> {
  const usual = to === "server" ? MessageType.GET : MessageType.CHUNK;
  return encodeMessage({
    type: type ?? usual,
    requestId,
    more: false,
    offset: 0,
    server: ENDPOINT,
    client: ENDPOINT,
  }, payload) as Uint8Array<ArrayBuffer>;
}

/** The worked message of the specification. */
function workedGet(): Uint8Array {
  const client = { ip: ENDPOINT.ip, port: 50000 };
  return encodeMessage({
    type: MessageType.GET,
    requestId: 1,
    more: false,
    offset: 0,
    server: ENDPOINT,
    client,
  }, printPayload({ path: "a", version: "v", offset: 0, length: 5 }));
}

/** Reads messages, at most so many, and keeps them: with copies of their payloads. */
async function take(connection: Connection, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  const reader = connection.readable.getReader();
  try {
    while (messages.length < count) {
      const { value, done } = await reader.read();
      if (done) break;
      messages.push({ header: value.header, payload: value.payload.slice() });
    }
    return messages;
  } finally {
    reader.releaseLock();
  }
}

/** The next message that a peer receives, or null at the end. */
async function readRaw(conn: Deno.Conn, from: Side): Promise<Message | null> {
  const head = await readExactly(conn, HEADER_SIZE);
  if (!head) return null;
  const header: Header = decodeHeader(head, from, MAX_CHUNK_PAYLOAD);
  const body = await readExactly(conn, header.length + FOOTER_SIZE);
  checkFooter(body!);
  return { header, payload: body!.subarray(0, header.length) };
}

async function readError(conn: Deno.Conn, from: Side) {
  const { header, payload } = (await readRaw(conn, from))!;
  assert.deepEqual([header.type, header.requestId], [MessageType.ERROR, 0]);
  return parseErrorPayload(payload);
}

async function readExactly(conn: Deno.Conn, length: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const got = await conn.read(bytes.subarray(at));
    if (got === null) {
      assert.equal(at, 0, "the end came inside a message");
      return null;
    }
    at += got;
  }
  return bytes;
}

/** Bytes that differ from place to place, and with the seed. */
function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i ^ i >> 8 ^ i >> 16 ^ seed * 31;
  return bytes;
}

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

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
