/**
 * One client's session, from WELCOME to the end of the connection.
 *
 * The session keeps no state of downloads: each request is answered on its own. Its state is for
 * the log and for limits.
 *
 * @module
 */
import { messageOf, ProtocolError, WireError } from "../errors.ts";
import { formatAddress, formatIp } from "../protocol/ip_address.ts";
import type { Connection, WriteLock } from "../protocol/connection.ts";
import type { Message } from "../protocol/message_reader.ts";
import { handshakeDeadline } from "../protocol/handshake_deadline.ts";
import { type EncodedPage, listPages } from "../protocol/list_pages.ts";
import { MessageType, PROTOCOL_VERSION } from "../protocol/message.ts";
import {
  encodePayload,
  type ListedFile,
  parseDigestRequest,
  parseGetRequest,
} from "../protocol/payloads.ts";
import { PROGRAM } from "../version.ts";
import type { BufferPool } from "./read/buffer_pool.ts";
import type { Catalog, CatalogChange } from "./folder/catalog.ts";
import type { OutgoingChunk, SentPiece } from "./respond/get_response.ts";
import { GetResponses, MAX_CHUNK } from "./respond/get_responses.ts";
import type { ClientInfo } from "./client_info.ts";
import type { DigestCache } from "./read/digest_cache.ts";
import { ActiveFiles } from "./respond/active_files.ts";
import type { Log } from "./log.ts";
import { OpenRequests } from "./respond/open_requests.ts";
import { settledWithin } from "../async/timeout.ts";
import type { ListCache } from "./folder/list_cache.ts";

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
  readonly digests: DigestCache;
  readonly pool: BufferPool;
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
  readonly #answers: GetResponses;
  readonly #open = new OpenRequests(MAX_REQUESTS);
  readonly #files = new ActiveFiles();
  /** Changes that have not been sent to the client, by path; null if the file does not exist. */
  #pendingChanges = new Map<string, ListedFile | null>();
  /** The write lock, while a message is being sent. */
  #writeLock: WriteLock | undefined;
  #refusals = 0;
  /** The reason for the end of the session, once there is one. */
  #endReason: string | undefined;
  #listSent = false;
  #sendingUpdate = false;

  /** Starts to serve a client; `finished` resolves at the end. */
  constructor(connection: Connection, shared: SharedResources) {
    this.#connection = connection;
    this.#shared = shared;
    const { ip, port } = connection.endpoints.client;
    this.address = formatAddress(formatIp(ip), port);
    this.#answers = new GetResponses({
      ...shared,
      connection,
      onRefused: (error, path) => this.#logRefusal(error, path),
    });
    this.finished = this.#run();
  }

  get activeFiles(): number {
    return this.#files.count(this.#open.paths, performance.now());
  }

  /** Serves the client until the session ends, and logs the end; never throws. */
  async #run(): Promise<void> {
    const { log, catalog, digests } = this.#shared;
    const client = this.address;
    log({ event: "client_connected", client });
    let sending: Promise<void> | undefined;
    try {
      using deadline = handshakeDeadline(this.#connection);
      await this.#welcome();
      using _subscription = catalog.subscribe((change) => this.#onCatalogChange(change));
      await this.#sendList();
      deadline[Symbol.dispose]();
      sending = this.#sendAnswers();
      await this.#receiveRequests();
      await sending;
      await this.#awaitDigests();
      await this.#connection.closeWrite();
      if (this.#connection.failure) throw this.#connection.failure;
    } catch (error) {
      // A client that has disconnected does not wait for pending responses.
      this.#endReason ??= messageOf(error);
    } finally {
      this.#connection.close();
      digests.cancelFor(this);
      await sending;
      await this.#answers.close();
      const seconds = Number(((performance.now() - this.since) / 1000).toFixed(1));
      const { bytesSent: bytes, filesSent: files } = this;
      const refused = this.#refusals;
      const reason = this.#endReason ?? "the client disconnected";
      log({ event: "client_disconnected", client, files, bytes, refused, seconds, reason });
    }
  }

  /** Waits for pending digests, but not long: a client that said GOODBYE may not read them. */
  async #awaitDigests(): Promise<void> {
    const timer = setTimeout(() => this.#open.clear(), LINGER_MS);
    await this.#open.allAnswered;
    clearTimeout(timer);
  }

  /**
   * Ends the session once the client has the responses to its requests. The GOODBYE is sent behind
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
        authentication: null,
      }),
    });
  }

  async #sendList(): Promise<void> {
    // Changes from here on are sent as updates, so together with this list nothing is missed.
    await this.#sendPages(this.#shared.listCache.pages());
    this.#listSent = true;
    this.#sendListUpdate();
  }

  #onCatalogChange({ files, removed }: CatalogChange): void {
    for (const file of files) this.#pendingChanges.set(file.path, file);
    for (const path of removed) this.#pendingChanges.set(path, null);
    this.#sendListUpdate();
  }

  /** Sends the pending changes; those that come up meanwhile are sent together after them. */
  async #sendListUpdate(): Promise<void> {
    if (!this.#listSent || this.#sendingUpdate) return;
    this.#sendingUpdate = true;
    try {
      while (this.#pendingChanges.size > 0) {
        const changes = [...this.#pendingChanges];
        this.#pendingChanges = new Map();
        await this.#sendPages(listPages({
          revision: this.#shared.catalog.revision,
          complete: false,
          files: changes.map(([, file]) => file).filter((file) => file !== null),
          removed: changes.filter(([, file]) => file === null).map(([path]) => path),
        }));
      }
    } catch (error) {
      this.#connection.fail(error as Error);
    }
    this.#sendingUpdate = false;
  }

  async #sendPages(pages: Iterable<EncodedPage>): Promise<void> {
    for (const { payload, more } of pages) {
      await this.#connection.send({ type: MessageType.LIST, payload, more });
    }
  }

  /** Sends responses until there are no more, or the connection fails; never throws. */
  async #sendAnswers(): Promise<void> {
    try {
      await this.#answers.readable.pipeTo(
        new WritableStream({ write: (packet) => this.#sendPacket(packet) }),
      );
    } catch (error) {
      this.#connection.fail(error as Error);
      this.#writeLock?.release();
      this.#open.clear();
    }
  }

  async #sendPacket(packet: OutgoingChunk): Promise<void> {
    try {
      if (packet.isFirst) this.#writeLock = await this.#connection.acquireWriter();
      await this.#writeLock!.write(packet.bytes);
    } finally {
      this.#answers.sent(packet);
      if (packet.isLast) this.#writeLock?.release();
    }
    if (packet.isLast) this.#open.leave(packet.requestId);
    if (packet.piece) this.#count(packet.piece);
  }

  #count({ path, length, end, endsFile }: SentPiece): void {
    this.bytesSent += length;
    if (!endsFile) return this.#files.sent(path, performance.now());
    this.#files.ended(path);
    this.filesSent++;
    this.#shared.log({ event: "file_sent", client: this.address, path, size: end });
  }

  async #receiveRequests(): Promise<void> {
    try {
      for await (const messages of this.#connection.readable) {
        for (const message of messages) {
          if (message.header.type === MessageType.GOODBYE) {
            this.#endReason ??= "the client disconnected";
            return;
          }
          await this.#receive(message);
        }
      }
    } finally {
      this.#answers.end();
    }
  }

  async #receive({ header: { type, requestId }, payload }: Message): Promise<void> {
    switch (type) {
      case MessageType.GET:
        return await this.#get(requestId, payload);
      case MessageType.DIGEST:
        return await this.#digest(requestId, payload);
      case MessageType.ERROR:
        return;
      default:
        throw await this.#refuse(`A message of type ${type} is not expected now`);
    }
  }

  async #get(requestId: number, payload: Uint8Array): Promise<void> {
    const request = parsed(parseGetRequest, payload);
    await this.#enter(requestId, request);
    this.#answers.ask(requestId, request);
  }

  async #digest(requestId: number, payload: Uint8Array): Promise<void> {
    const request = parsed(parseDigestRequest, payload);
    this.#answers.wantsDigests = true;
    await this.#enter(requestId, request);
    this.#answerDigest(requestId, request)
      .catch((error) => this.#connection.fail(error))
      .finally(() => this.#open.leave(requestId));
  }

  async #answerDigest(
    requestId: number,
    request: ReturnType<typeof parseDigestRequest> | WireError,
  ): Promise<void> {
    const { catalog, digests } = this.#shared;
    try {
      if (request instanceof WireError) throw request;
      const file = catalog.find(request.path, request.version);
      const digest = await digests.of(file, () => catalog.realPath(file), this);
      const payload = encodePayload({ digest });
      await this.#connection.send({ type: MessageType.DIGEST_RESULT, requestId, payload });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#logRefusal(error, request instanceof WireError ? null : request.path);
      const payload = encodePayload({ code: error.code, message: error.message });
      await this.#connection.send({ type: MessageType.ERROR, requestId, payload });
    }
  }

  /** Opens a request as soon as the limit allows. */
  async #enter(requestId: number, request: { path: string } | WireError): Promise<void> {
    if (requestId === 0) throw await this.#refuse("A request has the id 0");
    if (this.#open.has(requestId)) {
      throw await this.#refuse(`The request id ${requestId} is in use already`);
    }
    await this.#open.enter(requestId, request instanceof WireError ? null : request.path);
  }

  async #refuse(message: string): Promise<ProtocolError> {
    await this.#connection.refuse(new WireError("protocol", message));
    return new ProtocolError(message);
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

/** The parsed payload, or the error that answers it. */
function parsed<T>(parse: (payload: Uint8Array) => T, payload: Uint8Array): T | WireError {
  try {
    return parse(payload);
  } catch (error) {
    return new WireError("bad-request", `The request is malformed: ${messageOf(error)}`);
  }
}
