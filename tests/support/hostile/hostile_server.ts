/**
 * A server that misbehaves in one way, and does all else as it should.
 *
 * A `Misbehaviour` replaces the greeting, or the answer to a request; what it leaves alone is
 * answered honestly. A `Peer` is one client of it, with everything that can be sent to one.
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

/** What a file of a list says; `listed` says it of an honest one. */
export interface Entry {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
  readonly version: string;
}

/** How often a server looks whether the good files are there, in milliseconds. */
const LOOK_MS = 10;

/** A request with its id. */
export type Ask<T> = T & { readonly requestId: number };

/** How a server misbehaves; what is left out is done as it should be. */
export interface Misbehaviour {
  /** What it shares; `GOOD` is shared besides. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Instead of a welcome and a list. */
  readonly greet?: (peer: Peer) => Promise<void> | void;
  /** Instead of the answer to a request for a file other than a good one, once those are there. */
  readonly get?: (peer: Peer, ask: Ask<GetRequest>) => Promise<void> | void;
  /** Likewise for a digest. */
  readonly digest?: (peer: Peer, ask: Ask<DigestRequest>) => Promise<void> | void;
  /** Called after every message that was answered. */
  readonly answered?: (peer: Peer) => Promise<void> | void;
}

/** A file's content that depends on nothing but its size and seed. */
export function content(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0, state = seed; at < size; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** Files that every hostile server sends as it should. */
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

/** What stands in a header besides the type. */
export interface Marks {
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
  /** Resolves when all that was asked for so far has got its hostile answer. */
  #hostile: Promise<void> = Promise.resolve();
  #isClosed = false;

  /**
   * @param number Which connection it is, from 1.
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

  /** The bytes of a message; `payload` is raw, JSON text, or a value to print as JSON. */
  message(type: MessageType, payload: unknown, marks: Marks = {}): Uint8Array {
    const { requestId = 0, offset = 0, more = false } = marks;
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

  send(type: MessageType, payload: unknown, marks?: Marks): Promise<void> {
    return this.raw(this.message(type, payload, marks));
  }

  welcome(changes: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const welcome = { protocol: 1, server: "sluice/0.1.0", maxChunk: 65_536, maxRequests: 64 };
    return this.send(MessageType.WELCOME, { ...welcome, authentication: null, ...changes });
  }

  /** Sends a list of the files, and of whatever else there is to claim. */
  list(changes: Readonly<Record<string, unknown>> = {}, marks?: Marks): Promise<void> {
    const files = [...this.#files].map(([path, bytes]) => listed(path, bytes));
    const list = { revision: 1, complete: true, files, removed: [], ...changes };
    return this.send(MessageType.LIST, list, marks);
  }

  /** Sends a list in which the good files stand beside entries that are written as they are. */
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

  /** The honest answer to a GET. */
  honest(ask: Ask<GetRequest>): Promise<void> {
    const { path, offset, length } = ask;
    return this.chunk(ask, this.#files.get(path)!.slice(offset, offset + length));
  }

  honestDigest({ path, requestId }: Ask<DigestRequest>): Promise<void> {
    const digest = digestOf(this.#files.get(path)!);
    return this.send(MessageType.DIGEST_RESULT, { digest }, { requestId });
  }

  /** Ends the connection without a word. */
  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  /** Resolves when the client has gone. */
  async gone(): Promise<void> {
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
      for await (const message of this.#connection.readable) {
        await this.#answer(message, get, digest);
        this.answers++;
        await answered?.(this);
      }
    } catch {
      // The client is gone, or was made to.
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

  /** What ends a connection must not end it before the good files have come over it. */
  #misbehave(act: () => Promise<void> | void): void {
    this.#hostile = this.#hostile.then(async () => {
      while (!await this.#goodIsThere()) {
        if (this.#isClosed) return;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      await act();
    }).catch(() => {});
  }
}

/** A server that was started. */
export interface HostileServer extends AsyncDisposable {
  readonly port: number;
  /** How many connections there have been. */
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
