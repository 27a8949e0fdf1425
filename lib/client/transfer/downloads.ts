/**
 * All downloads of a client: which there are, and what is asked for next.
 *
 * Knows no sockets: a `Remote` is attached while there is a connection. Without one everything
 * stays as it is; what was asked for and not answered is asked for again.
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

/** How many files of one priority are on their way at once; the others of it have not begun. */
const MAX_ACTIVE_FILES = 512;
/** How many downloads look at once at what is on the disk. */
const MAX_CONCURRENT_PREPARATIONS = 32;
/** After how long a file is asked for again that the server has said to be another, or gone. */
const OUTDATED_RETRY_MS = 1_000;

/** How the downloads stand. */
export interface DownloadCounts {
  readonly underway: number;
  readonly failed: number;
  readonly unverified: number;
}

/** How a file stands that needs nothing more. */
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
  /** Each wanted file is in one of these, by path: it waits, is on its way, or needs no more. */
  readonly #backlog = new PendingFiles();
  readonly #underway = new Map<string, Download>();
  readonly #settled = new Map<string, Settled>();
  /** How many are on their way. */
  readonly #begun = perPriority(() => 0);
  /** Ends of downloads that are on their way no longer, by path: the next one waits for it. */
  readonly #endings = new Map<string, Promise<void>>();
  readonly #scheduler = new Scheduler<Download>();
  readonly #digests = new DigestQueue(() => this.#pump());
  readonly #retries = new Set<ReturnType<typeof setTimeout>>();
  #remote: ServerConnection | undefined;
  #window = new RequestWindow(1, 1);
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

  /** How many downloads stand how. */
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

  /** The files that are neither done nor failed, with what is known to be here of them. */
  get unfinished(): UnfinishedFile[] {
    const waiting = Array.from(this.#backlog.all(), (planned) => ({ planned, received: 0 }));
    return [...this.#underway.values(), ...waiting].map(({ planned, received }) => {
      const { file: { path, size }, priority } = planned;
      return { path, priority, size, resumableBytes: received };
    });
  }

  /** Makes the downloads what a plan wants: begins, re-weights, begins anew, stops. */
  apply(plan: Plan, reasonToDrop: (path: string) => string): void {
    const known = [this.#backlog.paths(), this.#underway.keys(), this.#settled.keys()];
    for (const path of known.flatMap((paths) => [...paths])) {
      if (!plan.files.has(path)) this.#drop(path, reasonToDrop(path));
    }
    for (const planned of plan.files.values()) {
      const { path } = planned.file;
      const present = this.#plannedOf(path);
      // One that the server said is outdated, and lists again, begins again by itself.
      if (present && isSameContent(present, planned)) this.#replan(present, planned);
      else this.#queue(planned);
    }
    this.#beginNext();
    this.#pump();
  }

  /** Uses a connection from now on. */
  attach(remote: ServerConnection): void {
    const { maxChunk, maxRequests } = remote.welcome;
    this.#remote = remote;
    this.#digests.attach(remote);
    this.#window = new RequestWindow(maxChunk, maxRequests);
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
    for (const download of this.#underway.values()) download.stop();
    await Promise.all([...this.#underway.values()].map(({ ended }) => ended));
    await Promise.all(this.#endings.values());
    // What has no journal is not kept.
    for (const download of this.#underway.values()) this.#teller.moved(download);
    this.#teller.end();
    this.#hasher[Symbol.dispose]();
    this.#handles[Symbol.dispose]();
  }

  /** What is wanted of a file at present, if it is. */
  #plannedOf(path: string): PlannedFile | undefined {
    return this.#backlog.get(path) ?? this.#underway.get(path)?.planned ??
      this.#settled.get(path)?.planned;
  }

  /** Lets a file wait for its turn, in place of what there is of that name. */
  #queue(planned: PlannedFile): void {
    const { path, size } = planned.file;
    this.#remove(path);
    this.#backlog.put(planned);
    this.#emit({ type: "queued", path, priority: planned.priority, size });
  }

  /** Begins what there is room for. */
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

  /** Forgets a file; if it is on its way, it is stopped. */
  #remove(path: string): void {
    this.#backlog.remove(path);
    this.#settled.delete(path);
    const download = this.#underway.get(path);
    if (!download) return;
    download.stop();
    this.#end(download);
  }

  /** Counts a download as on its way no longer. */
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
    // What the server has no longer will come again, or be dropped.
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

  /** The next list mostly tells what to do; but the server may have been mistaken for a moment. */
  #retryLater(download: Download): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      if (this.#underway.get(download.file.path) !== download) return;
      this.#end(download);
      this.#begin(download.planned, download);
    }, OUTDATED_RETRY_MS);
    this.#retries.add(timer);
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
    // A window belongs to its connection; this one's answers must not count for the next.
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
