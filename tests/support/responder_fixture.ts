import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "@std/path";
import type { WireError } from "../../lib/errors.ts";
import { Connection } from "../../lib/protocol/connection.ts";
import {
  checkFooter,
  decodeHeader,
  FOOTER_SIZE,
  type Header,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageType,
} from "../../lib/protocol/message.ts";
import type { Message } from "../../lib/protocol/message_reader.ts";
import {
  encodePayload,
  parseDigestResult,
  parseErrorPayload,
} from "../../lib/protocol/payloads.ts";
import { Catalog } from "../../lib/server/folder/catalog.ts";
import { BufferPool } from "../../lib/server/read/buffer_pool.ts";
import { DigestCache } from "../../lib/server/read/digest_cache.ts";
import { FileReader } from "../../lib/server/read/file_reader.ts";
import { OpenRequests } from "../../lib/server/respond/open_requests.ts";
import { Responder } from "../../lib/server/respond/responder.ts";
import type { ResponsePacket } from "../../lib/server/respond/response_packet.ts";
import { NO_REPORTS, tempFolder } from "./catalog_fixture.ts";
import { FakeConn } from "./connection_fixture.ts";

/** A whole response. */
export interface Answer {
  readonly id: number;
  /** The digest before the chunk. */
  readonly digest?: string;
  /** The content of the chunk, or the code of an ERROR. */
  readonly content: string;
}

/** One client of a server without a network. */
export interface ResponderClient {
  readonly responder: Responder;
  readonly open: OpenRequests;
  readonly refused: readonly string[];
  /** Sends requests together; resolves when all are taken. */
  ask(...messages: Message[]): Promise<void>;
  /** Reads the next packet; the caller disposes of it. */
  packet(): Promise<ResponsePacket>;
  /** Reads packets, as if they were sent, until there are `count` whole responses. */
  answers(count: number): Promise<Answer[]>;
  end(): Promise<void>;
}

/** A folder, and the resources for reading it. */
export interface ResponderFixture extends AsyncDisposable {
  readonly pool: BufferPool;
  readonly catalog: Catalog;
  readonly digests: DigestCache;
  at(path: string): string;
  client(): ResponderClient;
  /** A GET of a file as it is listed; by default of the whole file. */
  get(id: number, path: string, fields?: Record<string, unknown>): Message;
}

/** @param files The files' contents, by path. */
export async function responderFixture(
  files: Readonly<Record<string, string>>,
  memory = 64 * 1024 * 1024,
): Promise<ResponderFixture> {
  const temp = tempFolder();
  const at = (path: string) => join(temp.path, path);
  for (const [path, content] of Object.entries(files)) Deno.writeTextFileSync(at(path), content);
  // Scans so seldom that a test decides what is listed.
  const pace = { quietMs: 60_000, maxDelayMs: 60_000, pollMs: 60_000 };
  const catalog = await Catalog.open(temp.path, false, NO_REPORTS, { pace });
  const pool = new BufferPool(memory);
  const digests = new DigestCache();
  const reader = new FileReader(catalog.opener, pool, digests);
  const clients: ResponderClient[] = [];
  const listed = new Map(catalog.snapshot().map((file) => [file.path, file]));
  return {
    pool,
    catalog,
    digests,
    at,
    client() {
      const client = makeClient({ catalog, pool, digests, reader });
      clients.push(client);
      return client;
    },
    get(id, path, fields = {}) {
      const { version, size } = listed.get(path)!;
      const request = { path, version, offset: 0, length: size, ...fields };
      return message(MessageType.GET, id, encodePayload(request));
    },
    async [Symbol.asyncDispose]() {
      for (const { end } of clients) await end();
      reader[Symbol.dispose]();
      digests[Symbol.dispose]();
      // The system's watching opens a named pipe, too, and waits there for a writer.
      using writers = new DisposableStack();
      for (const { name } of Deno.readDirSync(temp.path)) {
        if (!Deno.lstatSync(at(name)).isFifo) continue;
        writers.use(Deno.openSync(at(name), { read: true, write: true }));
      }
      await catalog[Symbol.asyncDispose]();
      temp[Symbol.dispose]();
      for (let i = 0; i < 10; i++) await Promise.resolve();
      assert.equal(pool.lent, 0, "memory is not given back");
      assert.equal(pool.borrowers, 0);
    },
  };
}

/** A message from a client. */
export function message(type: MessageType, requestId: number, payload: Uint8Array): Message {
  const header = { type, requestId } as Header;
  return { header, payload, checksum: 0 };
}

function makeClient(
  shared: { catalog: Catalog; pool: BufferPool; digests: DigestCache; reader: FileReader },
): ResponderClient {
  const connection = new Connection(new FakeConn(new Uint8Array(), [1e9]).asConn(), "server");
  const open = new OpenRequests(256);
  const refused: string[] = [];
  const responder = new Responder({
    ...shared,
    connection,
    open,
    asked() {},
    sent() {},
    refused: ({ code }: WireError, path) => refused.push(`${path} ${code}`),
  });
  const input = responder.writable.getWriter();
  const output = responder.readable.getReader();
  input.closed.catch(() => {});
  const packet = async () => {
    const { value } = await output.read();
    assert.ok(value, "there are no more answers");
    return value;
  };
  return {
    responder,
    open,
    refused,
    packet,
    ask: (...messages) => input.write(messages),
    async answers(count) {
      const answers: Answer[] = [];
      let bytes = Buffer.alloc(0);
      while (answers.length < count) {
        using sent = await packet();
        bytes = Buffer.concat([bytes, ...sent.parts]);
        sent.sent();
        if (!sent.endsMessage) continue;
        answers.push(...answersIn(bytes));
        bytes = Buffer.alloc(0);
      }
      return answers;
    },
    async end() {
      connection.close();
      await responder.close();
    },
  };
}

/** Decodes bytes into responses. */
export function answersIn(bytes: Uint8Array): Answer[] {
  const answers: Answer[] = [];
  let before: { id: number; digest: string } | undefined;
  for (let at = 0; at < bytes.length;) {
    const header = decodeHeader(bytes.subarray(at, at += HEADER_SIZE), "server", MAX_CHUNK_PAYLOAD);
    const body = bytes.subarray(at, at += header.length + FOOTER_SIZE);
    checkFooter(body);
    const payload = body.subarray(0, header.length);
    const id = header.requestId;
    assert.equal(header.more, header.type === MessageType.DIGEST_RESULT);
    if (header.more) {
      before = { id, ...parseDigestResult(payload) };
      continue;
    }
    assert.ok(!before || before.id === id, "a digest stands before another chunk");
    const content = header.type === MessageType.ERROR
      ? parseErrorPayload(payload).code
      : new TextDecoder().decode(payload);
    answers.push({ id, ...(before ? { digest: before.digest } : {}), content });
    before = undefined;
  }
  return answers;
}
