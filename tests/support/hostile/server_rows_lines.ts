/**
 * Hostile bytes of a server, and hostile timing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { FOOTER_SIZE, HEADER_SIZE, MessageType } from "../../../lib/protocol/message.ts";
import { eventually } from "../harness.ts";
import { type Ask, content, type Peer } from "./hostile_server.ts";
import type { ServerRow } from "./server_row.ts";
import type { GetRequest } from "../../../lib/protocol/payloads.ts";

const EVIL = content(40_000, 3);
const FILES = { "evil.bin": EVIL };
/** The longest time for an interrupted client to end, in milliseconds. */
const STOPS_WITHIN = 5_000;
/** The offsets of a header's fields. */
const AT = { magic: 0, version: 4, type: 5, length: 12, offset: 16, crc: 60 };

/** The honest response to a request, as bytes. */
function answer(peer: Peer, { requestId, offset, length }: Ask<GetRequest>): Uint8Array {
  const bytes = EVIL.slice(offset, offset + length);
  return peer.message(MessageType.CHUNK, bytes, { requestId, offset });
}

/** Sets bytes of a header, and corrects its checksum. */
function withHeader(message: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array {
  message.set(bytes, at);
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  view.setUint32(AT.crc, crc32(message.subarray(0, AT.crc)));
  return message;
}

/** A row whose server always answers with a damaged message, so that the file never arrives. */
function damaged(
  name: string,
  says: RegExp,
  damage: (message: Uint8Array) => Uint8Array,
  then: (peer: Peer) => void = () => {},
): ServerRow {
  return {
    name,
    says,
    files: FILES,
    get: async (peer, ask) => {
      await peer.raw(damage(answer(peer, ask)));
      then(peer);
    },
    code: 3,
  };
}

function flipped(message: Uint8Array, at: number): Uint8Array {
  message[at < 0 ? message.length + at : at]! ^= 0x10;
  return message;
}

/** A row whose server sends the beginning of a message and disconnects. */
function truncated(name: string, cut: (length: number) => number): ServerRow {
  return damaged(
    `a message that ends in its ${name}`,
    /lost the server/,
    (message) => message.subarray(0, cut(message.length)),
    (peer) => peer.close(),
  );
}

const FRAMES: readonly ServerRow[] = [
  damaged("a wrong magic", /magic/, (message) => flipped(message, AT.magic)),
  damaged(
    "another version in a header",
    /version is 9/,
    (message) => withHeader(message, AT.version, 9),
  ),
  damaged(
    "a header that does not match its checksum",
    /header's checksum/,
    (message) => flipped(message, AT.offset + 7),
  ),
  damaged(
    "a payload that does not match its checksum",
    /payload's checksum/,
    (message) => flipped(message, HEADER_SIZE + 5),
  ),
  damaged(
    "a wrong checksum of a payload",
    /payload's checksum/,
    (message) => flipped(message, -FOOTER_SIZE),
  ),
  damaged("a wrong end mark", /end mark/, (message) => flipped(message, -1)),
  damaged(
    "a message of an unknown type",
    /does not send type 99/,
    (message) => withHeader(message, AT.type, 99),
  ),
  damaged(
    "a message that only clients send",
    /does not send type 4/,
    (message) => withHeader(message, AT.type, MessageType.GET),
  ),
  damaged(
    "a length of 4 GiB",
    /over the limit/,
    (message) => withHeader(message, AT.length, 0xff, 0xff, 0xff, 0xff),
  ),
  damaged(
    "a length of one byte over maxChunk",
    /over the limit of 65536/,
    (message) => withHeader(message, AT.length, 0, 1, 0, 1),
  ),
  damaged(
    "a list of 2 MiB in one message",
    /over the limit of 1048576/,
    (message) =>
      withHeader(withHeader(message, AT.type, MessageType.LIST), AT.length, 0, 0x20, 0, 0),
  ),
  damaged(
    "an offset over 2^53",
    /over 2\^53/,
    (message) => withHeader(message, AT.offset, 0xff, 0xff, 0xff, 0xff),
  ),
  {
    name: "garbage after every message",
    files: FILES,
    get: (peer, ask) => peer.raw(answer(peer, ask), content(1_000, 5)),
    says: /magic/,
    retryFor: 30,
    arrives: FILES,
    code: 0,
  },
  truncated("header", () => 30),
  truncated("payload", (length) => length - FOOTER_SIZE - 100),
  truncated("footer", (length) => length - 3),
  {
    name: "unknown flags and meaningless addresses",
    files: FILES,
    get: (peer, ask) => {
      const message = withHeader(answer(peer, ask), 6, 0xff, 0xfe);
      return peer.raw(withHeader(message, 24, ...content(36, 9)));
    },
    arrives: FILES,
    code: 0,
  },
];

/** A row whose server is no Sluice server. */
function noServer(name: string, greet: NonNullable<ServerRow["greet"]>, says: RegExp): ServerRow {
  return { name, greet, says, files: FILES, code: 3, goodArrives: false };
}

const NO_SERVERS: readonly ServerRow[] = [
  noServer(
    "an HTTP response",
    (peer) =>
      peer.raw(new TextEncoder().encode(`HTTP/1.1 400 Bad Request\r\n\r\n${" ".repeat(100)}`)),
    /it is not a Sluice server/,
  ),
  noServer("nothing but garbage", (peer) => peer.raw(content(100_000, 6)), /not a Sluice server/),
  noServer("nothing but an end", (peer) => peer.close(), /the server ended the connection/i),
  noServer("half a welcome", async (peer) => {
    await peer.raw(peer.message(MessageType.WELCOME, {}).subarray(0, 20));
    peer.close();
  }, /cannot reach/),
  // These take as long as a client waits for the WELCOME.
  noServer("no word", (peer) => peer.disconnected(), /handshake was not done within 10 s/),
  noServer("a list without an end", async (peer) => {
    await peer.welcome();
    const page = { revision: 1, complete: true, files: [], padding: " ".repeat(1_000_000) };
    const bytes = peer.message(MessageType.LIST, { ...page, removed: [] }, { more: true });
    for (let pages = 0; pages < 1_100; pages++) await peer.raw(bytes);
  }, /list is too large/),
  noServer("a welcome that trickles", async (peer) => {
    const gone = peer.disconnected().then(() => true, () => true);
    const welcome = peer.message(MessageType.WELCOME, { padding: " ".repeat(5_000) });
    for (const byte of welcome) {
      await peer.raw(new Uint8Array([byte]));
      let timer: ReturnType<typeof setTimeout> | undefined;
      const tick = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), 20));
      const isGone = await Promise.race([gone, tick]);
      clearTimeout(timer);
      if (isGone) return;
    }
  }, /handshake was not done within 10 s/),
];

/** A row whose server falls silent, and whose client is interrupted. */
function silent(name: string, row: Pick<ServerRow, "greet" | "get" | "code">): ServerRow {
  const meanwhile: ServerRow["meanwhile"] = async (client, server) => {
    if (row.get) await client.waitFor("done     sub/good.txt");
    await eventually(() => assert.ok(server.connections > 0));
    if (row.get) await client.waitFor("done     good.bin");
    client.interrupt();
  };
  const goodArrives = row.get !== undefined;
  return { name, files: FILES, meanwhile, endsWithin: STOPS_WITHIN, goodArrives, ...row };
}

/** A row whose server disconnects after every `every` messages. */
function leaving(every: number): ServerRow {
  return {
    name: `an end after every message number ${every}`,
    files: FILES,
    answered: (peer) => {
      if (peer.answers % every === 0) peer.close();
    },
    retryFor: 30,
    arrives: FILES,
    code: 0,
    connections: 2,
  };
}

const TIMES: readonly ServerRow[] = [
  silent("no word, until the user stops the client", {
    greet: (peer) => peer.disconnected(),
    code: 130,
  }),
  silent("half a chunk, until the user stops the client", {
    get: (peer, ask) => peer.raw(answer(peer, ask).subarray(0, 1_000)),
    code: 130,
  }),
  {
    name: "single bytes for all messages",
    files: { "evil.bin": EVIL.subarray(0, 2_000) },
    get: async (peer, ask) => {
      for (const byte of answer(peer, ask)) await peer.raw(new Uint8Array([byte]));
    },
    arrives: { "evil.bin": EVIL.subarray(0, 2_000) },
    code: 0,
  },
  {
    name: "ten thousand pings before each answer",
    files: FILES,
    get: async (peer, ask) => {
      const ping = peer.message(MessageType.PING, new Uint8Array());
      const pings = new Uint8Array(10_000 * ping.length);
      for (let at = 0; at < pings.length; at += ping.length) pings.set(ping, at);
      await peer.raw(pings);
      await peer.honest(ask);
    },
    arrives: FILES,
    code: 0,
  },
  {
    name: "unrequested pongs",
    files: FILES,
    get: async (peer, ask) => {
      await peer.send(MessageType.PONG, new Uint8Array(), { requestId: 7 });
      await peer.honest(ask);
    },
    arrives: FILES,
    code: 0,
  },
  leaving(3),
  leaving(8),
];

/** All hostile bytes and timing. */
export const LINES: readonly ServerRow[] = [...FRAMES, ...NO_SERVERS, ...TIMES];
