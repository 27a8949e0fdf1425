/**
 * Which request next, and over which connection? One decision from the scheduler, the connections'
 * windows, the lacking ranges of the files, and the digests that are needed. Pure.
 *
 * @module
 */
import { Queue } from "../../async/queue.ts";
import { perPriority, PRIORITIES, WEIGHTS } from "../priority.ts";
import { RequestWindow, type SentRequest } from "../schedule/request_window.ts";
import { Scheduler } from "../schedule/scheduler.ts";
import { type ContestedChunk, ShareMeter } from "../schedule/share_meter.ts";
import { type FileRecord, giveBack, hasMore, isFinal, takeChunk } from "./file_record.ts";

/** The limits of a connection. */
export interface ConnectionLimits {
  /** Bytes. */
  readonly maxChunk: number;
  /** Open requests. */
  readonly maxRequests: number;
  /** Whether a GET can request the file's digest. */
  readonly inlineDigest: boolean;
  /** Whether a DIGEST can be about a part of a file, or fresh. */
  readonly rangeDigest: boolean;
}

/** A request; it is open until it is answered or its connection is lost. */
export type ServerRequest = GetRequest | DigestRequest;

/** A request for a chunk. */
export interface GetRequest {
  readonly type: "get";
  readonly connection: number;
  readonly record: FileRecord;
  readonly path: string;
  readonly version: string;
  /** The position of the first byte, and how many bytes. */
  readonly offset: number;
  readonly length: number;
  /** How often this range has failed in a row. */
  readonly failures: number;
  /** Whether it requests the file's digest, too. */
  readonly digest: boolean;
  readonly sent: SentRequest;
  /** Null if no other priority had something to request. */
  readonly contested: ContestedChunk | null;
}

/** A request for the digest of a file, or of its beginning. */
export interface DigestRequest {
  readonly type: "digest";
  readonly connection: number;
  readonly record: FileRecord;
  readonly path: string;
  readonly version: string;
  /** The part of the file in bytes; null if it is the whole file. */
  readonly part: { readonly offset: number; readonly length: number } | null;
  /** Whether a digest that the server remembers does not do. */
  readonly fresh: boolean;
}

/** The part of a connection's open requests that digests may take. */
const DIGEST_SHARE = 1 / 4;
/** Files up to this size, in bytes, are hashed by the server as it reads them. */
export const INLINE_DIGEST_SIZE = 256 * 1024;

/** The next requests. */
export interface PlannedRequests {
  readonly requests: ServerRequest[];
  /** The files whose first chunk is among the requests. */
  readonly started: FileRecord[];
}

interface Link {
  readonly id: number;
  readonly limits: ConnectionLimits;
  readonly window: RequestWindow;
  readonly open: Set<ServerRequest>;
  digests: number;
  /** Whether the server takes no more requests. */
  closing: boolean;
}

/** Plans requests. Times are in milliseconds of any steady clock. */
export class RequestPlanner {
  /** Measures the shares of the priorities. */
  readonly shares = new ShareMeter(WEIGHTS);
  /** Takes files whose kept bytes a server without the feature cannot be asked about. */
  onUntried: (record: FileRecord) => void = () => {};
  readonly #verify: boolean;
  readonly #scheduler = new Scheduler<FileRecord>();
  readonly #links = new Map<number, Link>();
  readonly #digests = perPriority(() => new Queue<FileRecord>());
  #digestsWaiting = 0;

  /** @param verify Whether files are compared with the server's digest. */
  constructor(verify: boolean) {
    this.#verify = verify;
  }

  /** Adds a connection. */
  connected(id: number, limits: ConnectionLimits): void {
    const window = new RequestWindow(limits.maxChunk, limits.maxRequests);
    this.#links.set(id, { id, limits, window, open: new Set(), digests: 0, closing: false });
  }

  /** Plans no further requests for a connection; the open ones are still answered. */
  closing(id: number): void {
    const link = this.#links.get(id);
    if (link) link.closing = true;
  }

  /** Removes a connection, and returns its open requests. */
  disconnected(id: number, now: number): ServerRequest[] {
    const link = this.#links.get(id);
    this.#links.delete(id);
    if (this.#links.size === 0) this.shares.competing([], now);
    return link ? [...link.open] : [];
  }

  /** Schedules a file with its present priority if it has bytes to request; else removes it. */
  update(record: FileRecord): void {
    if (record.phase === "fetching" && hasMore(record)) {
      this.#scheduler.add(record, record.planned.priority);
    } else this.#scheduler.remove(record);
  }

  /** Removes a file from the scheduler. */
  remove(record: FileRecord): void {
    this.#scheduler.remove(record);
  }

  /** Queues a request for the digest that a file needs in its phase: its own, or that of a trial. */
  wantDigest(record: FileRecord): void {
    if (record.phase !== "trying") record.digestState = "asked";
    this.#digests[record.planned.priority].push(record);
    this.#digestsWaiting++;
  }

  /** Whether a server can be asked for digests of parts and fresh ones, as far as that is known. */
  get asksParts(): boolean {
    if (this.#links.size === 0) return true;
    return this.#links.values().some(({ limits }) => limits.rangeDigest);
  }

  /** Takes the requests that can be sent now, and the files whose first chunk is among them. */
  take(now: number): PlannedRequests {
    const planned: PlannedRequests = { requests: [], started: [] };
    for (const link of this.#links.values()) {
      if (link.closing) continue;
      this.#takeDigests(link, planned.requests);
      this.#takeChunks(link, planned, now);
      // A file that has just begun may need its digest.
      this.#takeDigests(link, planned.requests);
    }
    if (this.#links.size > 0) this.shares.competing(this.#scheduler.competing, now);
    return planned;
  }

  /** Closes the request of a received chunk, and measures it. */
  onChunk(request: GetRequest, now: number): void {
    const link = this.#close(request);
    link?.window.onReceived(request.sent, now);
    if (request.contested) this.shares.arrived(request.contested, request.length);
  }

  /** Closes a request that was refused, or answered with a digest. */
  onAnswered(request: ServerRequest): void {
    const link = this.#close(request);
    if (!link || request.type === "digest") return;
    link.window.onFailed(request.sent);
    // A share counts received bytes.
    this.#scheduler.refund(request.record, request.length);
  }

  /** Puts back the range of a request. */
  giveBack({ record, offset, length, failures }: GetRequest): void {
    giveBack(record, { start: offset, end: offset + length, failures });
    this.update(record);
  }

  #close(request: ServerRequest): Link | undefined {
    const link = this.#links.get(request.connection);
    if (!link?.open.delete(request)) return undefined;
    if (request.type === "digest") link.digests--;
    return link;
  }

  #takeDigests(link: Link, requests: ServerRequest[]): void {
    while (this.#mayAskDigest(link) && link.open.size < link.limits.maxRequests) {
      const record = this.#nextDigest();
      if (!record) return;
      const { rangeDigest } = link.limits;
      const isTrial = record.phase === "trying";
      if (isTrial && !rangeDigest) {
        this.onUntried(record);
        continue;
      }
      const { path, version } = record.file;
      const part = isTrial ? { offset: 0, length: record.trial!.length } : null;
      const fresh = rangeDigest && record.isDoubted && !isTrial;
      const sender = { connection: link.id, record };
      const request: DigestRequest = { type: "digest", ...sender, path, version, part, fresh };
      link.open.add(request);
      link.digests++;
      requests.push(request);
    }
  }

  /** Whether a digest waits that may be requested next. */
  #mayAskDigest({ limits: { maxRequests }, digests }: Link): boolean {
    return this.#digestsWaiting > 0 && digests < Math.ceil(maxRequests * DIGEST_SHARE);
  }

  #nextDigest(): FileRecord | undefined {
    for (const priority of PRIORITIES) {
      const queue = this.#digests[priority];
      for (let record = queue.shift(); record; record = queue.shift()) {
        this.#digestsWaiting--;
        if (!isFinal(record.phase)) return record;
      }
    }
    return undefined;
  }

  #takeChunks(link: Link, { requests, started }: PlannedRequests, now: number): void {
    const { limits: { maxRequests }, window, open } = link;
    // One place is reserved for a digest that may be requested.
    while (open.size < maxRequests - (this.#mayAskDigest(link) ? 1 : 0) && window.hasRoom) {
      const { competing } = this.#scheduler;
      const record = this.#scheduler.next();
      if (!record) return window.onAppLimited();
      const isShared = competing.length > 1;
      const { start, end, failures } = takeChunk(
        record,
        isShared ? window.chunkSize : window.uncontestedChunkSize,
      )!;
      const length = end - start;
      this.#scheduler.charge(record, length);
      if (record.startedAt === null) {
        record.startedAt = now;
        started.push(record);
        // The server can hash a file of several chunks while they travel.
        if (this.#asksDigest(record) && length < record.file.size) this.wantDigest(record);
      }
      const request: GetRequest = {
        type: "get",
        connection: link.id,
        record,
        path: record.file.path,
        version: record.file.version,
        offset: start,
        length,
        failures,
        digest: link.limits.inlineDigest && this.#asksDigest(record) &&
          length === record.file.size && length <= INLINE_DIGEST_SIZE,
        sent: window.onSent(length, now),
        contested: isShared ? { priority: record.planned.priority, competing } : null,
      };
      open.add(request);
      requests.push(request);
      if (!hasMore(record)) this.#scheduler.remove(record);
    }
  }

  /** Whether the server's digest decides about a file, and is neither known nor requested. */
  #asksDigest({ planned, digestState, serverDigest }: FileRecord): boolean {
    return this.#verify && planned.sha256 === null && digestState === "unasked" &&
      serverDigest === null;
  }
}
