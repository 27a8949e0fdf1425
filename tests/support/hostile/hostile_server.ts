/**
 * A server that misbehaves in one way, and is correct otherwise.
 *
 * A `Misbehaviour` replaces the handshake or the response to a request; all other responses are
 * honest. A `Peer` is one client of the server, with every message that can be sent to it.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { Connection } from "../../../lib/protocol/connection.ts";
import type { Message } from "../../../lib/protocol/message_reader.ts";
import { encodeMessage, MessageType } from "../../../lib/protocol/message.ts";
import {
  type DigestRequest,
  type GetRequest,
  parseDigestRequest,
  parseGetRequest,
} from "../../../lib/protocol/payloads.ts";

/** A file's entry in a list; `listed` returns an honest one. */
export interface Entry {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly version: string;
}

/** The period at which a server checks for the good files, in milliseconds. */
const CHECK_MS = 10;

/** A request with its id. */
export type Ask<T> = T & { readonly requestId: number };

/** How a server misbehaves; without a member, that part is correct. */
export interface Misbehaviour {
  /** The files that it shares, in addition to `GOOD`. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Replaces the WELCOME and the LIST. */
  readonly greet?: (peer: Peer) => Promise<void> | void;
  /** Replaces the response to a GET of any but the good files, once the client has those. */
  readonly get?: (peer: Peer, ask: Ask<GetRequest>) => Promise<void> | void;
  /** Likewise for a DIGEST. */
  readonly digest?: (peer: Peer, ask: Ask<DigestRequest>) => Promise<void> | void;
  /** Called after every response. */
  readonly answered?: (peer: Peer) => Promise<void> | void;
}

/** Content that depends only on size and seed. */
export function content(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0, state = seed; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Files that every hostile server sends correctly. */
export const GOOD: Readonly<Record<string, Uint8Array>> = {
  "good.bin": content(100_000, 7),
  "sub/good.txt": content(300, 8),
};

/** An honest entry of a list. */
export function listed(path: string, bytes: Uint8Array, version = "1"): Entry {
  return { path, size: bytes.length, modified: 1_000_000_000_000, version };
}

/** A file's SHA-256, 64 hex digits. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The fields of a header, apart from the type. */
export interface HeaderFields {
  readonly requestId?: number;
  readonly offset?: number;
  readonly more?: boolean;
}

/** One client of a hostile server. */
export class Peer {
  /** Messages answered so far. */
  answers = 0;

  readonly #connection: Connection;
  readonly #files: ReadonlyMap<string, Uint8Array>;
  readonly #goodIsThere: () => Promise<boolean>;
  /** Resolves when all requests so far have got their hostile responses. */
  #hostile: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * @param number The number of the connection, from 1.
   * @param goodIsThere Whether the client has all of the good files.
   */
  constructor(
    conn: Deno.TcpConn,
    files: ReadonlyMap<string, Uint8Array>,
    readonly number: number,
    goodIsThere: () => Promise<boolean>,
  ) {
    this.#connection = new Connection(conn, "server");
    this.#files = files;
    this.#goodIsThere = goodIsThere;
  }

  /** The bytes of a message; `payload` is raw, JSON text, or a value to encode as JSON. */
  message(type: MessageType, payload: unknown, fields: HeaderFields = {}): Uint8Array {
    const { requestId = 0, offset = 0, more = false } = fields;
    const bytes = payload instanceof Uint8Array
      ? payload
      : new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
    const header = { type, requestId, offset, more, ...this.#connection.endpoints };
    return encodeMessage(header, bytes);
  }

  /** Sends bytes as they are. */
  raw(...parts: readonly Uint8Array[]): Promise<void> {
    return parts.reduce(
      (before, part) => before.then(() => this.#connection.sendBytes(part)),
      Promise.resolve(),
    );
  }

  send(type: MessageType, payload: unknown, fields?: HeaderFields): Promise<void> {
    return this.raw(this.message(type, payload, fields));
  }

  welcome(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const welcome = { protocol: 1, server: "sluice/0.1.0", maxChunk: 65_536, maxRequests: 64 };
    return this.send(MessageType.WELCOME, { ...welcome, authentication: null, ...changes });
  }

  /** Sends a list of the files, with the given members replaced. */
  list(changes: Readonly<Record<string, unknown>> = {}, fields?: HeaderFields): Promise<void> {
    const files = [...this.#files].map(([path, bytes]) => listed(path, bytes));
    const list = { revision: 1, complete: true, files, removed: [], ...changes };
    return this.send(MessageType.LIST, list, fields);
  }

  /** Sends a list of the good files and of an entry that is given as JSON text. */
  listText(entry: string): Promise<void> {
    const good = Object.entries(GOOD).map(([path, bytes]) => JSON.stringify(listed(path, bytes)));
    const files = [...good, entry].join();
    const list = `{"revision":1,"complete":true,"files":[${files}],"removed":[]}`;
    return this.send(MessageType.LIST, list);
  }

  chunk({ requestId, offset }: Ask<GetRequest>, bytes: Uint8Array): Promise<void> {
    return this.send(MessageType.CHUNK, bytes, { requestId, offset });
  }

  error(requestId: number, code: string, message = "No"): Promise<void> {
    return this.send(MessageType.ERROR, { code, message }, { requestId });
  }

  /** Sends the honest response to a GET. */
  honest(ask: Ask<GetRequest>): Promise<void> {
    const { path, offset, length } = ask;
    return this.chunk(ask, this.#files.get(path)!.slice(offset, offset + length));
  }

  honestDigest({ path, requestId }: Ask<DigestRequest>): Promise<void> {
    const digest = digestOf(this.#files.get(path)!);
    return this.send(MessageType.DIGEST_RESULT, { digest }, { requestId });
  }

  /** Ends the connection without a GOODBYE. */
  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  /** Resolves when the client has disconnected. */
  async disconnected(): Promise<void> {
    for await (const _ of this.#connection.readable);
  }

  /** Misbehaves to the end of the connection; never throws. */
  async serve({ greet, get, digest, answered }: Misbehaviour): Promise<void> {
    try {
      if (greet) await greet(this);
      else {
        await this.welcome();
        await this.list();
      }
      for await (const messages of this.#connection.readable) {
        for (const message of messages) {
          await this.#answer(message, get, digest);
          this.answers++;
          await answered?.(this);
        }
      }
    } catch {
      // The connection has ended.
    }
    this.close();
    await this.#hostile;
  }

  async #answer(
    { header: { type, requestId }, payload }: Message,
    get: Misbehaviour["get"],
    digest: Misbehaviour["digest"],
  ): Promise<void> {
    if (type === MessageType.GET) {
      const ask = { ...parseGetRequest(payload), requestId };
      if (get && !Object.hasOwn(GOOD, ask.path)) this.#misbehave(() => get(this, ask));
      else await this.honest(ask);
    } else if (type === MessageType.DIGEST) {
      const ask = { ...parseDigestRequest(payload), requestId };
      if (digest && !Object.hasOwn(GOOD, ask.path)) this.#misbehave(() => digest(this, ask));
      else await this.honestDigest(ask);
    }
  }

  /** Misbehaves once the client has the good files, since it may end the connection. */
  #misbehave(act: () => Promise<void> | void): void {
    this.#hostile = this.#hostile.then(async () => {
      while (!await this.#goodIsThere()) {
        if (this.#isClosed) return;
        await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
      }
      await act();
    }).catch(() => {});
  }
}

/** A running server. */
export interface HostileServer extends AsyncDisposable {
  readonly port: number;
  /** The number of connections so far. */
  readonly connections: number;
}

/**
 * Starts a hostile server on a free port.
 *
 * @param goodIsThere Whether the client has all of the good files.
 */
export function startHostileServer(
  misbehaviour: Misbehaviour,
  goodIsThere: () => Promise<boolean>,
): HostileServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const files = new Map(Object.entries({ ...GOOD, ...misbehaviour.files }));
  const peers = new Set<Peer>();
  const serving = new Set<Promise<void>>();
  const accept = async () => {
    for await (const conn of listener) {
      const peer = new Peer(conn, files, peers.size + 1, goodIsThere);
      peers.add(peer);
      serving.add(peer.serve(misbehaviour));
    }
  };
  const accepting = accept();
  return {
    port: listener.addr.port,
    get connections() {
      return peers.size;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const peer of peers) peer.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}
