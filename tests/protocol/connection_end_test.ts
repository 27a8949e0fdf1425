import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { ConnectionLostError, ProtocolError, WireError } from "../../lib/errors.ts";
import { Connection } from "../../lib/protocol/connection.ts";
import { encodeMessage, HEADER_SIZE, MessageType } from "../../lib/protocol/message.ts";
import { encodePayload, parseErrorPayload } from "../../lib/protocol/payloads.ts";
import {
  bytesOf,
  connectBoth,
  connectTo,
  delay,
  ENDPOINT,
  FakeConn,
  rawMessage,
  readError,
  readRaw,
  SIDES,
  take,
  test,
} from "../support/connection_fixture.ts";

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

test("Connection reports an end inside a message as a lost connection", async () => {
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

test("Connection reports a broken connection as lost when it reads", async () => {
  const conn = new FakeConn(new Uint8Array(), [1]);
  const reset = new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)");
  conn.read = () => Promise.reject(reset);
  using connection = new Connection(conn.asConn(), "server");
  await assert.rejects(
    take(connection, 1),
    (error) => error instanceof ConnectionLostError && error.cause === reset,
  );
});

test("Connection reports a broken connection as lost when it sends", async () => {
  using ends = await connectTo("server");
  ends.peer.close();
  await assert.rejects(async () => {
    for (;;) await ends.connection.send({ type: MessageType.LIST, payload: bytesOf(10_000) });
  }, ConnectionLostError);
});

test("Connection sends an ERROR to a peer that sends garbage, and closes", async () => {
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
  test(`Connection answers every flipped bit of ${name} with an ERROR`, async () => {
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

test("Connection reads no bytes of a payload over its limit", async () => {
  const message = rawMessage("server", {});
  const view = new DataView(message.buffer);
  view.setUint32(12, 2 ** 32 - 1);
  view.setUint32(60, crc32(message.subarray(0, 60)));
  const conn = new FakeConn(message.subarray(0, HEADER_SIZE), [1000], { staysOpen: true });
  using connection = new Connection(conn.asConn(), "server");
  await assert.rejects(take(connection, 1), /over the limit/);
  assert.ok(conn.largestBuffer <= 64 * 1024, `a buffer of ${conn.largestBuffer} bytes`);
});

test("Connection fails with the code of the peer's ERROR about the connection", async () => {
  for (const side of SIDES) {
    for (const code of ["busy", "unauthorized", "timeout", "shutting-down"] as const) {
      using ends = await connectTo(side);
      const payload = encodePayload({ code, message: "So it is" });
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

test("Connection passes on an ERROR about one request as a message", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const payload = encodePayload({ code: "not-found", message: "It is not there" });
    await ends.peer.write(rawMessage(side, { type: MessageType.ERROR, requestId: 3, payload }));
    const [message] = await take(ends.connection, 1);
    assert.deepEqual([message!.header.type, message!.header.requestId], [MessageType.ERROR, 3]);
    assert.equal(parseErrorPayload(message!.payload).code, "not-found");
    assert.equal(ends.connection.failure, undefined);
  }
});

test("Connection refuses a malformed GOODBYE or ERROR about the connection", async () => {
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

test("Connection passes on a GOODBYE and the messages after it", async () => {
  using ends = await connectBoth();
  await ends.server.sayGoodbye("Good night");
  await ends.server.send({ type: MessageType.CHUNK, requestId: 1, payload: bytesOf(10) });
  await ends.server.closeWrite();
  const messages = await take(ends.client, Infinity);
  const { GOODBYE, CHUNK } = MessageType;
  assert.deepEqual(messages.map(({ header }) => header.type), [GOODBYE, CHUNK]);
  assert.equal(ends.client.failure, undefined);
});

test("Connection.refuse sends its code to the peer", async () => {
  using ends = await connectBoth();
  const read = take(ends.client, 1);
  const refusal = new WireError("busy", "The server is full");
  await ends.server.refuse(refusal);
  assert.equal(ends.server.failure, refusal);
  await assert.rejects(read, (error) => error instanceof WireError && error.code === "busy");
});

test("Connection still sends after the peer has closed its writing half", async () => {
  using ends = await connectBoth();
  await ends.client.send({ type: MessageType.GET, requestId: 1 });
  await ends.client.closeWrite();
  assert.equal((await take(ends.server, Infinity)).length, 1);

  const received = (async () => {
    let bytes = 0;
    for await (const messages of ends.client.readable) {
      for (const { payload } of messages) bytes += payload.length;
    }
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

test("Connection.fail ends pending reads and writes with the given error", async () => {
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

test("Connection closes at the first call of close, and ignores further ones", async () => {
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
  }, encodePayload({ path: "a", version: "v", offset: 0, length: 5 }));
}
