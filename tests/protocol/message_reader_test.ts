import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ProtocolError } from "../../lib/errors.ts";
import { MessageReader } from "../../lib/protocol/message_reader.ts";
import { bytesOf, rawMessage } from "../support/connection_fixture.ts";

const ALL = () => true;

/** A reader of a stream with the given pieces, one per read. */
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

Deno.test("MessageReader.readBuffered returns messages that arrived together, and keeps payloads valid", async () => {
  const third = messageOf(3);
  const reader = readerOf(
    Buffer.concat([messageOf(1), messageOf(2), third.subarray(0, 80)]),
    third.subarray(80),
  );
  assert.equal(reader.readBuffered(ALL), null);
  const messages = [await reader.read(), reader.readBuffered(ALL)];
  assert.equal(reader.readBuffered(ALL), null, "it returned half a message");
  assert.deepEqual(messages.map((message) => message!.header.requestId), [1, 2]);
  assert.deepEqual(messages.map((message) => message!.payload), [bytesOf(100, 1), bytesOf(100, 2)]);
  assert.equal((await reader.read())!.header.requestId, 3);
  assert.equal(await reader.read(), null);
});

Deno.test("MessageReader.readBuffered leaves unwanted messages for read", async () => {
  const reader = readerOf(Buffer.concat([messageOf(1), messageOf(2)]));
  await reader.read();
  assert.equal(reader.readBuffered(({ requestId }) => requestId !== 2), null);
  assert.equal((await reader.read())!.header.requestId, 2);
});

for (
  const [where, at] of [["magic", 0], ["header", 30], ["payload", 70], ["end mark", 170]] as const
) {
  Deno.test(`MessageReader.readBuffered leaves a message with a wrong ${where} for read to refuse`, async () => {
    const wrong = messageOf(2);
    wrong[at]! ^= 1;
    const reader = readerOf(Buffer.concat([messageOf(1), wrong]));
    await reader.read();
    assert.equal(reader.readBuffered(ALL), null);
    await assert.rejects(reader.read(), ProtocolError);
  });
}
