import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ConnectionLostError, ProtocolError } from "../../lib/errors.ts";
import { DEFAULT_TIMEOUTS } from "../../lib/protocol/timeouts.ts";
import { MessageType } from "../../lib/protocol/message.ts";
import {
  bytesOf,
  connectBoth,
  connectTo,
  delay,
  rawMessage,
  readError,
  readRaw,
  SIDES,
  take,
  test,
} from "../support/connection_fixture.ts";

test("Connection sends a PING after silence, then the ERROR timeout, and fails", async () => {
  for (const side of SIDES) {
    using ends = await connectTo(side, { pingAfterMs: 100, deadAfterMs: 400 });
    const start = performance.now();
    const read = take(ends.connection, 1);
    const failed = assert.rejects(read, ConnectionLostError);
    const ping = (await readRaw(ends.peer, side))!;
    assert.equal(ping.header.type, MessageType.PING);
    assert.ok(performance.now() - start >= 99, "the PING was early");
    assert.equal((await readError(ends.peer, side)).code, "timeout");
    await failed;
    assert.ok(performance.now() - start >= 399, "the timeout was early");
    assert.ok(ends.connection.failure instanceof ConnectionLostError);
    assert.equal(await readRaw(ends.peer, side), null);
  }
});

test("Connection survives silence as long as its PINGs are answered", async () => {
  using ends = await connectBoth({ pingAfterMs: 50, deadAfterMs: 500 });
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

test("Connection resets its timeout with any received byte", async () => {
  using ends = await connectTo("server", { pingAfterMs: 300, deadAfterMs: 600 });
  const read = take(ends.connection, 1);
  const message = rawMessage("server", { payload: bytesOf(8) });
  // 80 bytes, one every 15 ms: 1.2 s for one message, and no silence in it.
  for (const byte of message) {
    await ends.peer.write(Uint8Array.of(byte));
    await delay(15);
  }
  assert.equal((await read).length, 1);
  assert.equal(ends.connection.traffic.sent, 0, "it sent a PING without silence");
});

test("Connection fails if the peer reads nothing", async () => {
  using ends = await connectTo("server", { pingAfterMs: 50, writeStallMs: 300 });
  const read = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  const start = performance.now();
  const message = ends.connection.encode({ type: MessageType.LIST, payload: bytesOf(2 ** 20) });
  // More than the system's buffers hold; the last messages are not even written.
  const sends = Array.from({ length: 40 }, () => ends.connection.sendBytes(message));
  const results = await Promise.allSettled(sends);
  assert.ok(performance.now() - start >= 299, "the timeout was early");
  const refused = results.filter((result) => result.status === "rejected");
  assert.ok(refused.length > 0);
  for (const { reason } of refused) assert.ok(reason instanceof ConnectionLostError);
  await read;
  assert.ok(ends.connection.failure instanceof ConnectionLostError);
});

test("Connection waits for a peer that reads slowly", async () => {
  using ends = await connectTo("server", { pingAfterMs: 100, writeStallMs: 600 });
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

test("Connection.refuse closes within moments although the peer does not read", async () => {
  using ends = await connectTo("server");
  const stuck = assert.rejects(ends.connection.sendBytes(new Uint8Array(32 * 2 ** 20)));
  await ends.peer.write(bytesOf(100));
  const start = performance.now();
  await assert.rejects(take(ends.connection, 1), ProtocolError);
  await stuck;
  assert.ok(performance.now() - start < 5000);
});

test("Connection reads no more PINGs from a peer that does not read PONGs", async () => {
  using ends = await connectTo("server", { pingAfterMs: 50, writeStallMs: 500 });
  const stuck = assert.rejects(ends.connection.sendBytes(new Uint8Array(32 * 2 ** 20)));
  const read = assert.rejects(take(ends.connection, 1), ConnectionLostError);
  const pings = Buffer.concat(
    Array.from({ length: 10_000 }, () => rawMessage("server", { type: MessageType.PING })),
  );
  const flood = await ends.peer.write(pings);
  assert.ok(flood > 128 * 1024, `the system takes only ${flood} bytes`);
  await Promise.all([stuck, read]);
  // A handful of PINGs, and the bytes behind them in the reader's buffer.
  assert.ok(ends.connection.traffic.received < 64 * 1024, `${ends.connection.traffic.received}`);
});

test("Connection has the timeouts of the specification", () => {
  assert.deepEqual(DEFAULT_TIMEOUTS, {
    pingAfterMs: 15_000,
    deadAfterMs: 45_000,
    writeStallMs: 60_000,
    messageMs: 60_000,
  });
});

test("Connection ends a message that trickles, whichever side receives it", async () => {
  const timeouts = { pingAfterMs: 1_000, messageMs: 300 };
  for (const side of SIDES) {
    using ends = await connectTo(side, timeouts);
    const read = assert.rejects(take(ends.connection, 2), /not complete within 0.3 s/);
    await ends.peer.write(rawMessage(side, { payload: bytesOf(8) }));
    let ended = false;
    const refused = readError(ends.peer, side).then(({ code }) => {
      ended = true;
      return code;
    });
    for (const byte of rawMessage(side, { payload: bytesOf(8) }).subarray(0, 79)) {
      if (ended) break;
      await ends.peer.write(Uint8Array.of(byte)).catch(() => {});
      await delay(25);
    }
    assert.equal(await refused, "timeout");
    await read;
  }
});
