/**
 * One client's session, from WELCOME to the end of the connection.
 *
 * The session keeps no state of downloads: each request is answered on its own. Its state is for
 * the log and for limits.
 *
 * @module
 */
import { ConnectionLostError, messageOf, type WireError } from "../errors.ts";
import { formatAddress, formatIp } from "../protocol/ip_address.ts";
import type { Connection } from "../protocol/connection.ts";
import { handshakeDeadline } from "../protocol/handshake_deadline.ts";
import { MessageType, PROTOCOL_VERSION } from "../protocol/message.ts";
import { encodePayload, INLINE_DIGEST, RANGE_DIGEST } from "../protocol/payloads.ts";
import { PROGRAM } from "../version.ts";
import { settledWithin } from "../async/timeout.ts";
import type { BufferPool } from "./read/buffer_pool.ts";
import type { DigestCache } from "./read/digest_cache.ts";
import type { FileReader } from "./read/file_reader.ts";
import type { Catalog } from "./folder/catalog.ts";
import type { ListCache } from "./folder/list_cache.ts";
import { ActiveFiles } from "./respond/active_files.ts";
import { OpenRequests } from "./respond/open_requests.ts";
import { MAX_CHUNK } from "./respond/queued_get.ts";
import { Responder } from "./respond/responder.ts";
import type { ResponsePacket } from "./respond/response_packet.ts";
import type { ClientInfo } from "./client_info.ts";
import { ListSender } from "./list_sender.ts";
import type { Log } from "./log.ts";

/**
 * After so long, a client that has asked nothing yet is logged as connected, in milliseconds:
 * a probe has gone by then.
 */
const PROBE_MS = 2_000;
/** How many requests may be open on a connection. */
const MAX_REQUESTS = 256;
/** How many refused requests of one client are logged; further ones are only counted. */
const MAX_LOGGED_REFUSALS = 20;
/** How long an ending session waits for the client's next action, in milliseconds. */
const LINGER_MS = 1_000;

/** The resources that all sessions share. */
export interface SharedResources {
  readonly catalog: Catalog;
  readonly listCache: ListCache;
  /** How much memory the waiting changes of the list may take, in bytes. */
  readonly maxWaitingChanges: number;
  readonly digests: DigestCache;
  readonly pool: BufferPool;
  readonly reader: FileReader;
  readonly log: Log;
}

/** One client's session. */
export class Session implements ClientInfo {
  readonly address: string;
  readonly since = performance.now();
  bytesSent = 0;
  /** Files sent to their end. */
  filesSent = 0;
  /** Resolves when the session has ended; never rejects. */
  readonly finished: Promise<void>;

  readonly #connection: Connection;
  readonly #shared: SharedResources;
  readonly #open = new OpenRequests(MAX_REQUESTS);
  readonly #files = new ActiveFiles();
  #refusals = 0;
  #askedAt = this.since;
  /** Whether the log says that the client has connected. */
  #isLogged = false;
  /** The reason for the end of the session, once there is one. */
  #endReason: string | undefined;

  /** Starts to serve a client; `finished` resolves at the end. */
  constructor(connection: Connection, shared: SharedResources) {
    this.#connection = connection;
    this.#shared = shared;
    const { ip, port } = connection.endpoints.client;
    this.address = formatAddress(formatIp(ip), port);
    this.finished = this.#run();
  }

  get activeFiles(): number {
    return this.#files.count(this.#open.paths, performance.now());
  }

  /** Since when nothing is asked, as of `performance.now()`; null while requests are open. */
  get idleSince(): number | null {
    return this.#open.isEmpty ? this.#askedAt : null;
  }

  /** Whether a connection that has ended asked nothing, as those of load balancers do. */
  get isProbe(): boolean {
    return !this.#isLogged;
  }

  /** Serves the client until the session ends, and logs the end; never throws. */
  async #run(): Promise<void> {
    const { log, catalog, listCache } = this.#shared;
    const client = this.address;
    const timer = setTimeout(() => this.#logConnected(), PROBE_MS);
    let failure: unknown;
    const connection = this.#connection;
    const responder = new Responder({
      ...this.#shared,
      connection,
      open: this.#open,
      sent: (packet) => this.#count(packet),
      asked: () => {
        this.#askedAt = performance.now();
        this.#logConnected();
      },
      refused: (error, path) => this.#logRefusal(error, path),
    });
    try {
      using deadline = handshakeDeadline(connection);
      await this.#welcome();
      using list = new ListSender(connection, catalog, this.#shared.maxWaitingChanges);
      await list.sendAll(listCache);
      deadline[Symbol.dispose]();
      await connection.readable.pipeThrough(responder).pipeTo(connection.writable);
      await this.#awaitDigests();
      await connection.closeWrite();
      if (connection.failure) throw connection.failure;
    } catch (error) {
      failure = error;
      // Messages still on their way to a client that has disconnected are not waited for.
      this.#endReason ??= responder.saidGoodbye ? "the client disconnected" : messageOf(error);
    } finally {
      clearTimeout(timer);
      connection.close();
      await responder.close();
      const seconds = Number(((performance.now() - this.since) / 1000).toFixed(1));
      const { bytesSent: bytes, filesSent: files } = this;
      const refused = this.#refusals;
      const reason = this.#endReason ?? "the client disconnected";
      if (this.#isLogged) {
        log({ event: "client_disconnected", client, files, bytes, refused, seconds, reason });
      } else if (failure !== undefined && !isPeersEnd(failure, connection)) {
        log({ event: "connection_failed", client, reason });
      }
    }
  }

  #logConnected(): void {
    if (this.#isLogged) return;
    this.#isLogged = true;
    this.#shared.log({ event: "client_connected", client: this.address });
  }

  /** Waits for pending digests, but not long: a client that said GOODBYE may not read them. */
  async #awaitDigests(): Promise<void> {
    const timer = setTimeout(() => this.#open.clear(), LINGER_MS);
    await this.#open.allAnswered;
    clearTimeout(timer);
  }

  /**
   * Ends the session once the client has the responses to its requests. The GOODBYE is sent after
   * all pending messages; the client may send requests until it reads it, and disconnects when it
   * has their responses.
   */
  async shutDown(reason: string): Promise<void> {
    this.#endReason ??= reason;
    await this.#connection.sayGoodbye(reason);
    // A client that neither sends requests nor disconnects ignores the GOODBYE.
    while (!await settledWithin(this.finished, LINGER_MS)) {
      if (this.#open.isEmpty) await this.#connection.closeWrite();
    }
  }

  /** Ends the session soon: another client needs its place. */
  async makeWay(): Promise<void> {
    const ending = this.shutDown("asked nothing for 5 minutes, and its place is needed");
    if (!await settledWithin(ending, LINGER_MS)) this.abort();
  }

  /** Ends the session at once. */
  abort(): void {
    this.#connection.close();
    this.#open.clear();
  }

  async #welcome(): Promise<void> {
    await this.#connection.send({
      type: MessageType.WELCOME,
      payload: encodePayload({
        protocol: PROTOCOL_VERSION,
        server: PROGRAM,
        maxChunk: MAX_CHUNK,
        maxRequests: MAX_REQUESTS,
        features: [INLINE_DIGEST, RANGE_DIGEST],
        authentication: null,
      }),
    });
  }

  /** Counts a sent packet. */
  #count({ pieces }: ResponsePacket): void {
    for (const { file: { path, size }, offset, length } of pieces) {
      this.bytesSent += length;
      if (offset + length < size) {
        this.#files.sent(path, performance.now());
        continue;
      }
      this.#files.ended(path);
      this.filesSent++;
      this.#shared.log({ event: "file_sent", client: this.address, path, size });
    }
  }

  #logRefusal({ code, message, cause }: WireError, path: string | null): void {
    if (++this.#refusals > MAX_LOGGED_REFUSALS) return;
    this.#shared.log({
      event: "request_refused",
      client: this.address,
      ...(path === null ? {} : { path }),
      code,
      reason: cause === undefined ? message : `${message}: ${messageOf(cause)}`,
    });
  }
}

/** Whether the peer has closed or reset a connection on which it had sent nothing. */
function isPeersEnd(failure: unknown, { traffic }: Connection): boolean {
  return traffic.received === 0 && failure instanceof ConnectionLostError &&
    failure.cause !== undefined;
}
