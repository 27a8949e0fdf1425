/**
 * All downloads of a client: which there are, and what is asked for next.
 *
 * Knows no sockets: a `Remote` is attached while there is a connection. Without one everything
 * stays as it is; what was asked for and not answered is asked for again.
 *
 * @module
 */
import { FileHasher } from "../digest/file_hasher.ts";
import { DigestQueue } from "./digest_queue.ts";
import { Download, type DownloadContext } from "./download.ts";
import type { ClientEvent, FileProgress, UnfinishedFile } from "./events.ts";
import { limiter } from "./limiter.ts";
import type { OutputFolder } from "./output_folder.ts";
import type { Plan, PlannedFile } from "./plan.ts";
import type { ChunkRequest, Remote } from "./remote.ts";
import { Scheduler } from "./scheduler.ts";
import type { ContestedChunk } from "./share_meter.ts";
import type { Tally } from "./tally.ts";
import { Window } from "./window.ts";
import { WriteHandles } from "./write_handles.ts";

/** How often positions are told, in milliseconds. */
const PROGRESS_MS = 100;
/** How often shares are told, in milliseconds. */
const SHARES_MS = 5_000;
/** How many downloads look at once at what is on the disk. */
const PREPARED_AT_ONCE = 32;
/** After how long a file is asked for again that the server has said to be another, or gone. */
const OUTDATED_RETRY_MS = 1_000;

/** How the downloads stand. */
export interface DownloadCounts {
  readonly underway: number;
  readonly failed: number;
  readonly unverified: number;
}

/** The downloads of one client. */
export class Downloads implements AsyncDisposable {
  readonly #emit: (event: ClientEvent) => void;
  readonly #settled: () => void;
  readonly #tally: Tally;
  readonly #context: DownloadContext;
  readonly #handles = new WriteHandles();
  readonly #hasher = new FileHasher();
  readonly #byPath = new Map<string, Download>();
  /** Those that are neither done nor failed. */
  readonly #unsettled = new Set<Download>();
  /** Ends of downloads that were replaced or dropped, by path: the next one waits for it. */
  readonly #endings = new Map<string, Promise<void>>();
  readonly #scheduler = new Scheduler<Download>();
  readonly #digests = new DigestQueue(() => this.#pump());
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  readonly #moved = new Set<Download>();
  #remote: Remote | undefined;
  #window = new Window(1, 1);
  #progressTimer: ReturnType<typeof setTimeout> | undefined;
  #sharesToldAt = performance.now();
  #pumpQueued = false;

  /**
   * @param output Where files end up.
   * @param verify Whether files are compared with the server's digest.
   * @param emit Hears what happens.
   * @param settled Is called whenever a download has come to its end.
   * @param tally Counts what comes.
   */
  constructor(
    output: OutputFolder,
    verify: boolean,
    emit: (event: ClientEvent) => void,
    settled: () => void,
    tally: Tally,
  ) {
    this.#emit = emit;
    this.#settled = settled;
    this.#tally = tally;
    this.#context = {
      output,
      handles: this.#handles,
      hasher: this.#hasher,
      verify,
      emit,
      prepare: limiter(PREPARED_AT_ONCE),
      serverDigest: ({ file, priority }, signal) => this.#digests.ask(file, priority, signal),
      join: (download) => this.#join(download),
      moved: (download) => this.#noteMoved(download),
      settled: (download) => this.#leave(download),
    };
  }

  /** How many downloads stand how. */
  get counts(): DownloadCounts {
    const counts = { underway: this.#unsettled.size, failed: 0, unverified: 0 };
    for (const { state } of this.#byPath.values()) {
      if (state === "failed" || state === "unverified") counts[state]++;
    }
    return counts;
  }

  /** Whether every download is done or failed. */
  get areSettled(): boolean {
    return this.#unsettled.size === 0;
  }

  /** The files that are neither done nor failed, and what is here of them. */
  get unfinished(): UnfinishedFile[] {
    return Array.from(this.#unsettled, ({ file: { path, size }, planned, received }) => ({
      path,
      priority: planned.priority,
      size,
      kept: received,
    }));
  }

  /** Makes the downloads what a plan wants: begins, re-weights, begins anew, stops. */
  apply(plan: Plan, reasonToDrop: (path: string) => string): void {
    for (const [path, download] of this.#byPath) {
      if (!plan.files.has(path)) this.#drop(download, reasonToDrop(path));
    }
    for (const planned of plan.files.values()) {
      const present = this.#byPath.get(planned.file.path);
      const serves = present && present.state !== "outdated" &&
        isSameContent(present.planned, planned);
      if (serves) this.#replan(present, planned);
      else this.#start(planned, present);
    }
    this.#pump();
  }

  /** Uses a connection from now on. */
  attach(remote: Remote): void {
    const { maxChunk, maxRequests } = remote.welcome;
    this.#remote = remote;
    this.#digests.attach(remote);
    this.#window = new Window(maxChunk, maxRequests);
    this.#pump();
  }

  /** Uses no connection from now on. */
  detach(): void {
    this.#remote = undefined;
    this.#digests.attach(undefined);
    this.#tally.shares.competing([], performance.now());
  }

  /** Asks for more, if there is room; to be called after every answer. */
  answered(): void {
    this.#pump();
  }

  /** Stops all downloads, and waits until nothing touches the disk any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#retries) clearTimeout(timer);
    const ended = [...this.#byPath.values()].map((download) => {
      download.stop();
      return download.ended;
    });
    await Promise.all([...ended, ...this.#endings.values()]);
    // What has no journal is not kept.
    for (const download of this.#unsettled) this.#moved.add(download);
    this.#tellProgress();
    this.#tellShares(performance.now());
    this.#hasher[Symbol.dispose]();
    this.#handles[Symbol.dispose]();
  }

  #start(planned: PlannedFile, replaced: Download | undefined): void {
    const { path, size } = planned.file;
    if (replaced) this.#end(replaced);
    const download = new Download(planned, this.#context, this.#endings.get(path));
    this.#byPath.set(path, download);
    this.#unsettled.add(download);
    this.#emit({ type: "queued", path, priority: planned.priority, size });
  }

  #replan(download: Download, planned: PlannedFile): void {
    const { priority } = download.planned;
    download.planned = planned;
    if (planned.priority === priority) return;
    const { path } = planned.file;
    this.#emit({ type: "reprioritized", path, priority: planned.priority });
    if (this.#scheduler.has(download)) this.#scheduler.add(download, planned.priority);
  }

  #drop(download: Download, reason: string): void {
    const { path } = download.file;
    this.#end(download);
    this.#byPath.delete(path);
    if (download.state !== "done") this.#emit({ type: "dropped", path, reason });
  }

  #end(download: Download): void {
    const { path } = download.file;
    download.stop();
    this.#forget(download);
    const ending = download.ended.then(() => {
      if (this.#endings.get(path) === ending) this.#endings.delete(path);
    });
    this.#endings.set(path, ending);
  }

  #join(download: Download): void {
    if (!download.hasMore) return;
    this.#scheduler.add(download, download.planned.priority);
    this.#pump();
  }

  #leave(download: Download): void {
    this.#scheduler.remove(download);
    // What the server has no longer will come again, or be dropped.
    if (download.state === "outdated") {
      this.#retryLater(download);
      return;
    }
    this.#forget(download);
    this.#settled();
  }

  /** The next list mostly tells what to do; but the server may have been mistaken for a moment. */
  #retryLater(download: Download): void {
    const { path } = download.file;
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      if (this.#byPath.get(path) === download) this.#start(download.planned, download);
    }, OUTDATED_RETRY_MS);
    this.#retries.add(timer);
  }

  #forget(download: Download): void {
    this.#scheduler.remove(download);
    this.#moved.delete(download);
    this.#unsettled.delete(download);
  }

  /** Asks soon: what becomes possible in one go is asked for in one go. */
  #pump(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => {
      this.#pumpQueued = false;
      this.#digests.pump();
      this.#askChunks();
    });
  }

  #askChunks(): void {
    const remote = this.#remote;
    if (!remote) return;
    const now = performance.now();
    const requests: ChunkRequest[] = [];
    const reserved = this.#digests.isWaiting ? 1 : 0;
    while (remote.room - reserved > requests.length && this.#window.hasRoom) {
      const rivals = this.#scheduler.competing;
      const download = this.#scheduler.next();
      if (!download) {
        this.#window.ranDry();
        break;
      }
      const chunk = download.takeChunk(this.#window.chunkSize);
      if (chunk) {
        this.#scheduler.charge(download, chunk.end - chunk.start);
        const { priority } = download.planned;
        const contested = rivals.length > 1 ? { priority, rivals } : null;
        requests.push(this.#requestFor(download, chunk, now, contested));
      }
      if (!download.hasMore) this.#scheduler.remove(download);
    }
    this.#tally.shares.competing(this.#scheduler.competing, now);
    if (requests.length > 0) remote.get(requests);
  }

  #requestFor(
    download: Download,
    chunk: { start: number; end: number },
    now: number,
    contested: ContestedChunk | null,
  ): ChunkRequest {
    const { path, version } = download.file;
    const length = chunk.end - chunk.start;
    // A window belongs to its connection; this one's answers must not count for the next.
    const window = this.#window;
    const flight = window.sent(length, now);
    return {
      path,
      version,
      offset: chunk.start,
      length,
      arrived: (bytes) => {
        window.arrived(flight, performance.now());
        download.arrived(chunk, bytes);
        const { received } = download;
        this.#tally.arrived({ download, path, bytes: bytes.length, received, contested });
      },
      failed: (error) => {
        window.failed(flight);
        download.refused(chunk, error);
      },
    };
  }

  #noteMoved(download: Download): void {
    this.#moved.add(download);
    this.#progressTimer ??= setTimeout(() => this.#tellProgress(), PROGRESS_MS);
  }

  #tellProgress(): void {
    clearTimeout(this.#progressTimer);
    this.#progressTimer = undefined;
    const files: FileProgress[] = [...this.#moved]
      .map(({ file: { path }, received }) => ({ path, received }));
    this.#moved.clear();
    if (files.length > 0) this.#emit({ type: "progress", files });
    const now = performance.now();
    if (now - this.#sharesToldAt >= SHARES_MS) this.#tellShares(now);
  }

  #tellShares(now: number): void {
    this.#sharesToldAt = now;
    const shares = this.#tally.shares.takeSpan(now);
    if (shares) this.#emit({ type: "shares", ...shares });
  }
}

/** Whether a download of the one serves as one of the other. */
function isSameContent(a: PlannedFile, b: PlannedFile): boolean {
  return a.file.version === b.file.version && a.file.size === b.file.size && a.sha256 === b.sha256;
}
