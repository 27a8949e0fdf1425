/**
 * One client, from its welcome to its end.
 *
 * The session keeps no state of any download: a request comes, its answer goes. What it does keep
 * is for the log, and for bounds.
 *
 * @module
 */
import { messageOf, ProtocolError, WireError } from "../errors.ts";
import { formatAddress, formatIp } from "../protocol/ip_address.ts";
import type { Connection } from "../protocol/connection.ts";
import type { WriteLock } from "../protocol/message_writer.ts";
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

/** Most requests that may be open on a connection. */
const MAX_REQUESTS = 256;
/** Refused requests of one client that get a line each; the others are counted. */
const MAX_LOGGED_REFUSALS = 20;
/** How long a session that ends waits for the client to do something, in milliseconds. */
const LINGER_MS = 1_000;

/** What all sessions share. */
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
  /** What the client does not know yet, by path; null has vanished. */
  #pendingChanges = new Map<string, ListedFile | null>();
  /** The right to write, while a message is being sent. */
  #writeLock: WriteLock | undefined;
  #refusals = 0;
  /** Why the session ends, once that is known. */
  #endReason: string | undefined;
  #listSent = false;
  #sendingUpdate = false;

  /** Serves a client to its end, which is logged. */
  constructor(connection: Connection, shared: SharedResources) {
    this.#connection = connection;
    this.#shared = shared;
    const { ip, port } = connection.endpoints.client;
    this.address = formatAddress(formatIp(ip), port);
    this.#answers = new GetResponses({
      ...shared,
      connection,
      refused: (error, path) => this.#logRefusal(error, path),
    });
    this.finished = this.#run();
  }

  get activeFiles(): number {
    return this.#files.count(this.#open.paths, performance.now());
  }

  /** Serves the client to its end, which is logged; never throws. */
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
      // Who has left does not wait for what was still on its way.
      this.#endReason ??= messageOf(error);
    } finally {
      this.#connection.close();
      digests.leave(this);
      await sending;
      await this.#answers.close();
      const seconds = Number(((performance.now() - this.since) / 1000).toFixed(1));
      const { bytesSent: bytes, filesSent: files } = this;
      const refused = this.#refusals;
      const reason = this.#endReason ?? "it left";
      log({ event: "client_disconnected", client, files, bytes, refused, seconds, reason });
    }
  }

  /** A client that has left may still read, but is not known to: digests can take long. */
  async #awaitDigests(): Promise<void> {
    const timer = setTimeout(() => this.#open.clear(), LINGER_MS);
    await this.#open.allAnswered;
    clearTimeout(timer);
  }

  /**
   * Ends the session once the client has what it asked for. It hears the goodbye behind all that
   * is on its way, asks for more until then, and leaves when that has come.
   */
  async shutDown(reason: string): Promise<void> {
    this.#endReason ??= reason;
    await this.#connection.sayGoodbye(reason);
    // A client that neither asks for more nor leaves has not understood.
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
    // The changes from here on are news, so this list and they together miss nothing.
    await this.#sendPages(this.#shared.listCache.pages());
    this.#listSent = true;
    this.#sendListUpdate();
  }

  #onCatalogChange({ files, removed }: CatalogChange): void {
    for (const file of files) this.#pendingChanges.set(file.path, file);
    for (const path of removed) this.#pendingChanges.set(path, null);
    this.#sendListUpdate();
  }

  /** Sends what is new; what comes meanwhile is sent after it, in one go. */
  async #sendListUpdate(): Promise<void> {
    if (!this.#listSent || this.#sendingUpdate) return;
    this.#sendingUpdate = true;
    try {
      while (this.#pendingChanges.size > 0) {
        const news = [...this.#pendingChanges];
        this.#pendingChanges = new Map();
        await this.#sendPages(listPages({
          revision: this.#shared.catalog.revision,
          complete: false,
          files: news.map(([, file]) => file).filter((file) => file !== null),
          removed: news.filter(([, file]) => file === null).map(([path]) => path),
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

  /** Sends answers until there are no more, or the connection fails; never throws. */
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
            this.#endReason ??= "it left";
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

  /** Opens a request once there is room for it. */
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

/** What a payload says, or the error that answers it. */
function parsed<T>(parse: (payload: Uint8Array) => T, payload: Uint8Array): T | WireError {
  try {
    return parse(payload);
  } catch (error) {
    return new WireError("bad-request", `The request is malformed: ${messageOf(error)}`);
  }
}
