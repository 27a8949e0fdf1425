/**
 * All downloads of a client, and the next requests.
 *
 * A `ServerConnection` is attached while there is one. Without it all downloads keep their state;
 * requests that were not answered are sent again over the next connection.
 *
 * @module
 */
import { FileHasher } from "../../digest/file_hasher.ts";
import { PendingFiles } from "./pending_files.ts";
import { DigestQueue } from "./digest_queue.ts";
import { Download, type DownloadContext, type DownloadState } from "./download.ts";
import type { ClientEvent, UnfinishedFile } from "../events.ts";
import { perPriority, PRIORITIES } from "../priority.ts";
import { limiter } from "../../async/limiter.ts";
import type { OutputFolder } from "../disk/output_folder.ts";
import { isSameContent, type Plan, type PlannedFile } from "../input/plan.ts";
import { ProgressTeller } from "./progress_teller.ts";
import type { ChunkRequest, ServerConnection } from "../remote/server_connection.ts";
import { Scheduler } from "../schedule/scheduler.ts";
import type { ContestedChunk } from "../schedule/share_meter.ts";
import type { RunStats } from "./run_stats.ts";
import { RequestWindow } from "../schedule/request_window.ts";
import { WriteHandles } from "../disk/write_handles.ts";

/** The most files of one priority that are active at once; the others are pending. */
const MAX_ACTIVE_FILES = 512;
/** The most downloads that check the data on disk at once. */
const MAX_CONCURRENT_PREPARATIONS = 32;
/** The delay before a file is tried again that the server reported as changed or gone, in ms. */
const OUTDATED_RETRY_MS = 1_000;

/** The numbers of downloads by state. */
export interface DownloadCounts {
  readonly underway: number;
  readonly failed: number;
  readonly unverified: number;
}

/** A file whose download has ended. */
interface Settled {
  readonly planned: PlannedFile;
  readonly state: DownloadState;
}

/** The downloads of one client. */
export class Downloads implements AsyncDisposable {
  readonly #emit: (event: ClientEvent) => void;
  readonly #noteSettled: () => void;
  readonly #tally: RunStats;
  readonly #teller: ProgressTeller;
  readonly #context: DownloadContext;
  readonly #handles = new WriteHandles();
  readonly #hasher = new FileHasher();
  /** Each planned file is in one of these three, by path: pending, active, or ended. */
  readonly #backlog = new PendingFiles();
  readonly #underway = new Map<string, Download>();
  readonly #settled = new Map<string, Settled>();
  /** The number of active downloads. */
  readonly #begun = perPriority(() => 0);
  /** Ends of former downloads, by path: the next one of the same path waits for it. */
  readonly #endings = new Map<string, Promise<void>>();
  readonly #scheduler = new Scheduler<Download>();
  readonly #digests = new DigestQueue(() => this.#pump());
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #remote: ServerConnection | undefined;
  #window = new RequestWindow(1, 1);
  #pumpQueued = false;

  /**
   * @param output The folder that files are stored in.
   * @param verify Whether files are compared with the server's digests.
   * @param emit Receives the events.
   * @param settled Called whenever a download has ended.
   * @param tally Counts received chunks.
   */
  constructor(
    output: OutputFolder,
    verify: boolean,
    emit: (event: ClientEvent) => void,
    settled: () => void,
    tally: RunStats,
  ) {
    this.#emit = emit;
    this.#noteSettled = settled;
    this.#tally = tally;
    this.#teller = new ProgressTeller(emit, tally.shares);
    this.#context = {
      output,
      handles: this.#handles,
      hasher: this.#hasher,
      verify,
      emit,
      prepare: limiter(MAX_CONCURRENT_PREPARATIONS),
      serverDigest: ({ file, priority }, signal) => this.#digests.ask(file, priority, signal),
      join: (download) => this.#join(download),
      moved: (download) => this.#teller.moved(download),
      settled: (download) => this.#leave(download),
    };
  }

  /** The present numbers of downloads by state. */
  get counts(): DownloadCounts {
    const counts = { underway: this.#backlog.size + this.#underway.size, failed: 0, unverified: 0 };
    for (const { state } of this.#settled.values()) {
      if (state === "failed" || state === "unverified") counts[state]++;
    }
    return counts;
  }

  /** Whether every download is done or failed. */
  get areSettled(): boolean {
    return this.#backlog.size === 0 && this.#underway.size === 0;
  }

  /** The files that are neither done nor failed, with their received bytes. */
  get unfinished(): UnfinishedFile[] {
    const waiting = Array.from(this.#backlog.all(), (planned) => ({ planned, received: 0 }));
    return [...this.#underway.values(), ...waiting].map(({ planned, received }) => {
      const { file: { path, size }, priority } = planned;
      return { path, priority, size, resumableBytes: received };
    });
  }

  /** Applies a plan: starts, re-weights, restarts and stops downloads. */
  apply(plan: Plan, reasonToDrop: (path: string) => string): void {
    const known = [this.#backlog.paths(), this.#underway.keys(), this.#settled.keys()];
    for (const path of known.flatMap((paths) => [...paths])) {
      if (!plan.files.has(path)) this.#drop(path, reasonToDrop(path));
    }
    for (const planned of plan.files.values()) {
      const { path } = planned.file;
      const present = this.#plannedOf(path);
      // An outdated download that is listed again restarts by itself.
      if (present && isSameContent(present, planned)) this.#replan(present, planned);
      else this.#queue(planned);
    }
    this.#beginNext();
    this.#pump();
  }

  /** Attaches a connection. */
  attach(remote: ServerConnection): void {
    const { maxChunk, maxRequests } = remote.welcome;
    this.#remote = remote;
    this.#digests.attach(remote);
    this.#window = new RequestWindow(maxChunk, maxRequests);
    this.#pump();
  }

  /** Detaches the connection. */
  detach(): void {
    this.#remote = undefined;
    this.#digests.attach(undefined);
    this.#tally.shares.competing([], performance.now());
  }

  /** Sends further requests if there is room; must be called after every response. */
  answered(): void {
    this.#pump();
  }

  /** Stops all downloads, and waits until the disk is no longer touched. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#retries) clearTimeout(timer);
    for (const download of this.#underway.values()) download.stop();
    await Promise.all([...this.#underway.values()].map(({ ended }) => ended));
    await Promise.all(this.#endings.values());
    // Their positions may have gone back, since data without a journal is not kept.
    for (const download of this.#underway.values()) this.#teller.moved(download);
    this.#teller.end();
    this.#hasher[Symbol.dispose]();
    this.#handles[Symbol.dispose]();
  }

  /** The present plan of a file, if it is wanted. */
  #plannedOf(path: string): PlannedFile | undefined {
    return this.#backlog.get(path) ?? this.#underway.get(path)?.planned ??
      this.#settled.get(path)?.planned;
  }

  /** Makes a file pending, in place of an earlier download of its path. */
  #queue(planned: PlannedFile): void {
    const { path, size } = planned.file;
    this.#remove(path);
    this.#backlog.put(planned);
    this.#emit({ type: "queued", path, priority: planned.priority, size });
  }

  /** Starts as many pending files as may be active. */
  #beginNext(): void {
    for (const priority of PRIORITIES) {
      while (this.#begun[priority] < MAX_ACTIVE_FILES) {
        const planned = this.#backlog.take(priority);
        if (!planned) break;
        this.#begin(planned);
      }
    }
  }

  #begin(planned: PlannedFile, outdated?: Download): void {
    const { path } = planned.file;
    const download = new Download(planned, this.#context, this.#endings.get(path), outdated);
    this.#underway.set(path, download);
    this.#begun[planned.priority]++;
  }

  #replan(present: PlannedFile, planned: PlannedFile): void {
    const { file: { path }, priority } = planned;
    const download = this.#underway.get(path);
    const settled = this.#settled.get(path);
    if (download) download.planned = planned;
    else if (settled) this.#settled.set(path, { ...settled, planned });
    else this.#backlog.put(planned);
    if (present.priority === priority) return;
    this.#emit({ type: "reprioritized", path, priority });
    if (!download) return;
    this.#begun[present.priority]--;
    this.#begun[priority]++;
    if (this.#scheduler.has(download)) this.#scheduler.add(download, priority);
  }

  #drop(path: string, reason: string): void {
    const isDone = this.#settled.get(path)?.state === "done";
    this.#remove(path);
    if (!isDone) this.#emit({ type: "dropped", path, reason });
  }

  /** Removes a file, and stops its download if it is active. */
  #remove(path: string): void {
    this.#backlog.remove(path);
    this.#settled.delete(path);
    const download = this.#underway.get(path);
    if (!download) return;
    download.stop();
    this.#end(download);
  }

  /** Makes an active download a former one. */
  #end(download: Download): void {
    const { file: { path }, priority } = download.planned;
    this.#scheduler.remove(download);
    this.#teller.forget(download);
    this.#underway.delete(path);
    this.#begun[priority]--;
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
    const { planned, state } = download;
    // The next list will name the file again, or drop it.
    if (state === "outdated") {
      this.#scheduler.remove(download);
      this.#retryLater(download);
      return;
    }
    this.#end(download);
    this.#settled.set(planned.file.path, { planned, state });
    this.#beginNext();
    this.#noteSettled();
  }

  /** Tries again later, in case the server's error was temporary and its list does not change. */
  #retryLater(download: Download): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      if (this.#underway.get(download.file.path) !== download) return;
      this.#end(download);
      this.#begin(download.planned, download);
    }, OUTDATED_RETRY_MS);
    this.#retries.add(timer);
  }

  /** Sends requests at the end of this turn of the event loop, together. */
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
      const competing = this.#scheduler.competing;
      const download = this.#scheduler.next();
      if (!download) {
        this.#window.onAppLimited();
        break;
      }
      const isShared = competing.length > 1;
      const { chunkSize, uncontestedChunkSize } = this.#window;
      const chunk = download.takeChunk(isShared ? chunkSize : uncontestedChunkSize);
      if (chunk) {
        this.#scheduler.charge(download, chunk.end - chunk.start);
        const { priority } = download.planned;
        const contested = isShared ? { priority, competing } : null;
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
    // Each connection has its window; responses must not count for the next one.
    const window = this.#window;
    const flight = window.onSent(length, now);
    return {
      path,
      version,
      offset: chunk.start,
      length,
      arrived: (bytes) => {
        window.onReceived(flight, performance.now());
        download.arrived(chunk, bytes);
        const { received } = download;
        this.#tally.arrived({ download, path, bytes: bytes.length, received, contested });
      },
      failed: (error) => {
        window.onFailed(flight);
        download.refused(chunk, error);
      },
    };
  }
}
