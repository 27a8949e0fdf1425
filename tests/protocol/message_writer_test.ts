import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ConnectionLostError } from "../../lib/errors.ts";
import { Connection } from "../../lib/protocol/connection.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import type { OutgoingPacket } from "../../lib/protocol/message_writer.ts";
import { bytesOf, delay, FakeConn, rawMessage, test } from "../support/connection_fixture.ts";

/** A packet that records its writing and disposal. */
function packetOf(
  parts: Uint8Array[],
  { starts = true, ends = true } = {},
): OutgoingPacket & { readonly fate: string[] } {
  const fate: string[] = [];
  return {
    parts,
    startsMessage: starts,
    endsMessage: ends,
    sent: () => fate.push("sent"),
    [Symbol.dispose]: () => fate.push("disposed of"),
    fate,
  };
}

function chunk(requestId: number, size: number): Uint8Array {
  return rawMessage("client", { requestId, payload: bytesOf(size, requestId) });
}

test("Connection.writable sends the parts of packets in order, and disposes of each", async () => {
  const conn = new FakeConn(new Uint8Array(), [100, 7, 5000]);
  using connection = new Connection(conn.asConn(), "server");
  const message = chunk(2, 30_000);
  const packets = [
    packetOf([Buffer.concat([chunk(0, 10), chunk(1, 20_000)])]),
    packetOf([message.subarray(0, 64), message.subarray(64, 20_000)], { ends: false }),
    packetOf([message.subarray(20_000)], { starts: false }),
    packetOf([chunk(3, 5), chunk(4, 9_000), chunk(5, 1)]),
  ];
  await ReadableStream.from(packets).pipeTo(connection.writable);
  await connection.closeWrite();
  assert.deepEqual(conn.messages("server").map(({ header }) => header.requestId), [
    ...[0, 1, 2, 3, 4, 5],
  ]);
  for (const { fate } of packets) assert.deepEqual(fate, ["sent", "disposed of"]);
});

test("Connection.writable lets no message into the middle of another", async () => {
  const conn = new FakeConn(new Uint8Array(), [10_000]);
  using connection = new Connection(conn.asConn(), "server");
  const writer = connection.writable.getWriter();
  const message = chunk(1, 50_000);
  await writer.write(packetOf([message.subarray(0, 20_000)], { ends: false }));
  const between = connection.send({ type: MessageType.PONG, requestId: 2 });
  await delay(5);
  await writer.write(packetOf([message.subarray(20_000)], { starts: false }));
  await between;
  assert.deepEqual(conn.messages("server").map(({ header }) => header.requestId), [1, 2]);
});

test("Connection.writable disposes of a packet that cannot be written, and lets others on", async () => {
  const conn = new FakeConn(new Uint8Array(), [10_000]);
  using connection = new Connection(conn.asConn(), "server");
  conn.write = () => Promise.reject(new Deno.errors.ConnectionReset("gone"));
  const packet = packetOf([chunk(1, 50_000)], { ends: false });
  const writer = connection.writable.getWriter();
  writer.closed.catch(() => {});
  await assert.rejects(writer.write(packet), ConnectionLostError);
  assert.deepEqual(packet.fate, ["disposed of"]);
  // The rest of the message is not awaited.
  await assert.rejects(connection.send({ type: MessageType.PONG }), ConnectionLostError);
});

test("Connection.writable lets others on when it is given up in a message", async () => {
  const conn = new FakeConn(new Uint8Array(), [10_000]);
  using connection = new Connection(conn.asConn(), "server");
  const writer = connection.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(packetOf([chunk(1, 50_000).subarray(0, 20_000)], { ends: false }));
  await writer.abort();
  await connection.send({ type: MessageType.PONG, requestId: 2 });
});
