import assert from "node:assert/strict";
import { ConnectionLostError } from "../../lib/errors.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import { handshakeDeadline } from "../../lib/protocol/handshake_deadline.ts";
import {
  bytesOf,
  connectTo,
  delay,
  rawMessage,
  readError,
  readRaw,
  SIDES,
  take,
  test,
} from "../support/connection_fixture.ts";

test("handshakeDeadline ends a connection whose peer trickles, with the ERROR timeout", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side);
    const start = performance.now();
    using _deadline = handshakeDeadline(ends.connection, start, 300);
    const failed = assert.rejects(take(ends.connection, 1), ConnectionLostError);
    const message = rawMessage(side, { payload: bytesOf(1_000) });
    let isOver = false;
    const trickling = (async () => {
      for (let at = 0; at < message.length && !isOver; at++) {
        await ends.peer.write(message.subarray(at, at + 1)).catch(() => {});
        await delay(10);
      }
    })();
    assert.equal((await readError(ends.peer, side)).code, "timeout");
    assert.ok(performance.now() - start >= 299, "the deadline was early");
    await failed;
    isOver = true;
    await trickling;
    assert.equal(await readRaw(ends.peer, side), null);
  }
});

test("handshakeDeadline allows a long list the time for its bytes", async () => {
  using ends = await connectTo("client");
  // 64 KiB extend the deadline by four seconds.
  using _deadline = handshakeDeadline(ends.connection, performance.now(), 100);
  const read = take(ends.connection, 2);
  const message = rawMessage("client", { type: MessageType.LIST, payload: bytesOf(65_536) });
  await ends.peer.write(message);
  await delay(400);
  await ends.peer.write(message);
  assert.equal((await read).length, 2);
  assert.equal(ends.connection.failure, undefined);
});

test("handshakeDeadline counts from the given time", async () => {
  using ends = await connectTo("client");
  using _deadline = handshakeDeadline(ends.connection, performance.now() - 20_000);
  await assert.rejects(take(ends.connection, 1), /The handshake was not done within 10 s/);
});

test("handshakeDeadline does not end a connection once disposed of", async () => {
  using ends = await connectTo("server");
  handshakeDeadline(ends.connection, performance.now(), 100)[Symbol.dispose]();
  await delay(300);
  assert.equal(ends.connection.failure, undefined);
});

test("handshakeDeadline ends a connection whose peer sends nothing but PINGs", async () => {
  using ends = await connectTo("client");
  using _deadline = handshakeDeadline(ends.connection, performance.now(), 300);
  const failed = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  let isOver = false;
  failed.finally(() => isOver = true).catch(() => {});
  const ping = rawMessage("client", { type: MessageType.PING, requestId: 0 });
  const start = performance.now();
  while (!isOver && performance.now() - start < 3_000) {
    for (let count = 0; count < 50; count++) await ends.peer.write(ping).catch(() => {});
    await delay(50);
  }
  assert.ok(isOver, "it is still waiting for the first message");
  await failed;
});
