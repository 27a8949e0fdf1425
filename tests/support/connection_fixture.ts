import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Connection } from "../../lib/protocol/connection.ts";
import type { Message } from "../../lib/protocol/message_reader.ts";
import { ipBytes } from "../../lib/protocol/ip_address.ts";
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
import { DEFAULT_TIMEOUTS, type Timeouts } from "../../lib/protocol/timeouts.ts";
import { parseErrorPayload } from "../../lib/protocol/payloads.ts";

/** The limit of one test, in milliseconds: an open connection would keep the process alive. */
const DEADLINE_MS = 30_000;
export const SIDES: readonly Side[] = ["server", "client"];
export const ENDPOINT = { ip: ipBytes("127.0.0.1"), port: 9009 };

export function test(name: string, body: () => Promise<void> | void): void {
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

/** Two connections that are each other's peers. */
export async function connectBoth(
  timeouts?: Partial<Timeouts>,
  given?: { listener: Deno.TcpListener; hostname: string },
) {
  const sockets = await connectSockets(given);
  const server = new Connection(sockets.accepted, "server", { ...DEFAULT_TIMEOUTS, ...timeouts });
  const client = new Connection(sockets.connected, "client", { ...DEFAULT_TIMEOUTS, ...timeouts });
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
export async function connectTo(side: Side, timeouts?: Partial<Timeouts>) {
  const sockets = await connectSockets();
  const [own, peer] = side === "server"
    ? [sockets.accepted, sockets.connected]
    : [sockets.connected, sockets.accepted];
  peer.setNoDelay(true);
  const connection = new Connection(own, side, { ...DEFAULT_TIMEOUTS, ...timeouts });
  return {
    connection,
    peer,
    [Symbol.dispose]: () => {
      connection.close();
      sockets[Symbol.dispose]();
    },
  };
}

/** A `Deno.Conn` in memory, which delivers the given bytes in pieces of the given sizes. */
export class FakeConn {
  readonly localAddr = { transport: "tcp", hostname: "127.0.0.1", port: 1 };
  readonly remoteAddr = { transport: "tcp", hostname: "127.0.0.1", port: 2 };
  closed = false;
  largestBuffer = 0;
  readonly #written: Uint8Array[] = [];
  #reads = 0;
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

  /** The bytes that were written, as messages of the given side. */
  messages(side: Side): Message[] {
    const bytes = Buffer.concat(this.#written);
    const messages: Message[] = [];
    for (let at = 0; at < bytes.length;) {
      const header = decodeHeader(bytes.subarray(at, at += HEADER_SIZE), side, MAX_CHUNK_PAYLOAD);
      const body = bytes.subarray(at, at += header.length + FOOTER_SIZE);
      const checksum = checkFooter(body);
      messages.push({ header, payload: new Uint8Array(body.subarray(0, header.length)), checksum });
    }
    return messages;
  }

  #piece(): number {
    return this.pieces[this.#reads++ % this.pieces.length]!;
  }
}

/** A message as the peer of the given side writes it; by default a GET or a CHUNK. */
export function rawMessage(
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

/** The messages that arrived together with the last one that `take` has returned. */
const surplus = new WeakMap<Connection, Message[]>();

/** Reads messages, at most so many, and keeps them: with copies of what is valid for a moment. */
export async function take(connection: Connection, count: number): Promise<Message[]> {
  const messages = surplus.get(connection) ?? [];
  const reader = connection.readable.getReader();
  try {
    while (messages.length < count) {
      const { value, done } = await reader.read();
      if (done) break;
      messages.push(...value.map(kept));
    }
    surplus.set(connection, messages.splice(count));
    return messages;
  } finally {
    reader.releaseLock();
  }
}

/** A message that stays valid. */
function kept({ header, payload, checksum }: Message): Message {
  return { header: { ...header }, payload: payload.slice(), checksum };
}

/** The next message that a peer receives, or null at the end. */
export async function readRaw(conn: Deno.Conn, from: Side): Promise<Message | null> {
  const head = await readExactly(conn, HEADER_SIZE);
  if (!head) return null;
  const header: Header = decodeHeader(head, from, MAX_CHUNK_PAYLOAD);
  const body = await readExactly(conn, header.length + FOOTER_SIZE);
  const checksum = checkFooter(body!);
  return { header, payload: body!.subarray(0, header.length), checksum };
}

export async function readError(conn: Deno.Conn, from: Side) {
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

/** Bytes that differ with their position and with the seed. */
export function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i ^ i >> 8 ^ i >> 16 ^ seed * 31;
  return bytes;
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
