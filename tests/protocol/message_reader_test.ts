import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ProtocolError } from "../../lib/errors.ts";
import { MessageReader } from "../../lib/protocol/message_reader.ts";
import { bytesOf, rawMessage } from "../support/connection_fixture.ts";

const ALL = () => true;

/** A reader of what comes in the given pieces: one a read. */
function readerOf(...pieces: Uint8Array[]): MessageReader {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const piece = pieces.shift();
      if (!piece) controller.close();
      (controller.byobRequest!.view as Uint8Array).set(piece ?? []);
      controller.byobRequest!.respond(piece?.length ?? 0);
    },
  });
  return new MessageReader(stream, "client");
}

function messageOf(requestId: number): Uint8Array {
  return rawMessage("server", { requestId, payload: bytesOf(100, requestId) });
}

Deno.test("MessageReader holds what came together, and the first payload stays valid", async () => {
  const third = messageOf(3);
  const reader = readerOf(
    Buffer.concat([messageOf(1), messageOf(2), third.subarray(0, 80)]),
    third.subarray(80),
  );
  assert.equal(reader.held(ALL), null);
  const messages = [await reader.read(), reader.held(ALL)];
  assert.equal(reader.held(ALL), null, "half a message is none");
  assert.deepEqual(messages.map((message) => message!.header.requestId), [1, 2]);
  assert.deepEqual(messages.map((message) => message!.payload), [bytesOf(100, 1), bytesOf(100, 2)]);
  assert.equal((await reader.read())!.header.requestId, 3);
  assert.equal(await reader.read(), null);
});

Deno.test("MessageReader leaves for later what is not wanted", async () => {
  const reader = readerOf(Buffer.concat([messageOf(1), messageOf(2)]));
  await reader.read();
  assert.equal(reader.held(({ requestId }) => requestId !== 2), null);
  assert.equal((await reader.read())!.header.requestId, 2);
});

for (
  const [where, at] of [["magic", 0], ["header", 30], ["payload", 70], ["end mark", 170]] as const
) {
  Deno.test(`MessageReader does not hold a message with a wrong ${where}, and then says so`, async () => {
    const wrong = messageOf(2);
    wrong[at]! ^= 1;
    const reader = readerOf(Buffer.concat([messageOf(1), wrong]));
    await reader.read();
    assert.equal(reader.held(ALL), null);
    await assert.rejects(reader.read(), ProtocolError);
  });
}
