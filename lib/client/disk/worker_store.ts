/**
 * A `FileStore` in a Worker, for files whose disk or digest the main thread does not wait for.
 *
 * @module
 */
import { OWN_BUFFER_SIZE } from "../../protocol/byte_reader.ts";
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import type { OutputFolder } from "./output_folder.ts";
import { restoreError, type WorkerCommand, type WorkerReply } from "./worker_messages.ts";

/**
 * With more bytes than this on their way to the Worker, the reading from the network waits: enough
 * that the Worker is never idle, and few enough to be lost in a crash.
 */
const MAX_OUTSTANDING = 2 * 1024 * 1024;
/** Sizes of buffers are multiples of this, in bytes. */
const BUFFER_STEP = 64 * 1024;
/** The maximum number of buffers that are kept for reuse. */
const MAX_SPARE_BUFFERS = 16;

/** Performs actions in a Worker, which starts with the first one, or earlier. */
export class WorkerStore<F extends StoredFile> {
  readonly #output: OutputFolder;
  readonly #isLocal: boolean;
  readonly #onResults: (results: readonly DiskResult<F>[]) => void;
  readonly #onFreed: (buffer: ArrayBuffer) => void;
  readonly #keys = new Map<F, number>();
  readonly #records = new Map<number, F>();
  /** The number of records by path: an old one may still be closing. */
  readonly #paths = new Map<string, number>();
  readonly #spare: ArrayBuffer[] = [];
  readonly #ended = Promise.withResolvers<void>();
  #worker: Worker | undefined;
  #lastKey = 0;
  #outstanding = 0;
  #drained: PromiseWithResolvers<void> | undefined;

  /**
   * @param isLocal Whether the folder is on a local disk.
   * @param onResults Takes results.
   * @param onFreed Takes the buffers of written chunks that had one of their own.
   */
  constructor(
    output: OutputFolder,
    isLocal: boolean,
    onResults: (results: readonly DiskResult<F>[]) => void,
    onFreed: (buffer: ArrayBuffer) => void,
  ) {
    this.#onFreed = onFreed;
    this.#output = output;
    this.#isLocal = isLocal;
    this.#onResults = onResults;
  }

  /** Whether the Worker has a file. */
  has(record: F): boolean {
    return this.#keys.has(record);
  }

  /** Whether the Worker has a file of this path. */
  holds(path: string): boolean {
    return (this.#paths.get(path) ?? 0) > 0;
  }

  /** Starts the Worker, if it does not run yet. */
  start(): Worker {
    if (!this.#worker) {
      this.#worker = this.#startWorker();
      this.#post({ type: "begin", folder: this.#output.state, isLocal: this.#isLocal });
    }
    return this.#worker;
  }

  /** Performs an action; its result comes later. */
  perform({ record, ...action }: DiskAction<F>): void {
    let key = this.#keys.get(record);
    if (key === undefined) {
      key = ++this.#lastKey;
      this.#keys.set(record, key);
      this.#records.set(key, record);
      const { path } = record.file;
      this.#paths.set(path, (this.#paths.get(path) ?? 0) + 1);
    }
    const { file } = record;
    if (action.type !== "write") {
      this.#post({ type: "perform", key, file, action });
      return;
    }
    const bytes = hasOwnBuffer(action.bytes) ? action.bytes : this.#copy(action.bytes);
    this.#outstanding += bytes.buffer.byteLength;
    this.#post({ type: "perform", key, file, action: { ...action, bytes } }, [bytes.buffer]);
  }

  /** Resolves when more may be written; undefined if it may be now. */
  get drained(): Promise<void> | undefined {
    if (this.#outstanding <= MAX_OUTSTANDING) return undefined;
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  /** Resolves when everything is closed and the Worker has ended. */
  async end(): Promise<void> {
    if (!this.#worker) return;
    this.#post({ type: "end" });
    await this.#ended.promise;
    this.terminate();
  }

  /** Ends the Worker at once. */
  terminate(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #post(command: WorkerCommand, transfer: ArrayBuffer[] = []): void {
    this.start().postMessage(command, transfer);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL("./disk_worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => this.#take(data);
    worker.onerror = (event) => {
      event.preventDefault();
      const error = new Error(`The disk Worker failed: ${event.message}`);
      this.#worker = undefined;
      const failed = Array.from(
        this.#records.values(),
        (record): DiskResult<F> => ({ type: "failed", record, error }),
      );
      this.#keys.clear();
      this.#records.clear();
      this.#paths.clear();
      this.#outstanding = 0;
      this.#drained?.resolve();
      this.#ended.resolve();
      this.#onResults(failed);
    };
    return worker;
  }

  #take(reply: WorkerReply): void {
    switch (reply.type) {
      case "written":
        this.#outstanding -= reply.buffer.byteLength;
        if (reply.buffer.byteLength >= OWN_BUFFER_SIZE) this.#onFreed(reply.buffer);
        else if (this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(reply.buffer);
        if (this.#outstanding <= MAX_OUTSTANDING / 2) {
          this.#drained?.resolve();
          this.#drained = undefined;
        }
        return;
      case "ended":
        return this.#ended.resolve();
      case "failed":
      case "result": {
        const record = this.#records.get(reply.key);
        if (!record) return;
        const result =
          (reply.type === "failed"
            ? { type: "failed", record, error: restoreError(reply.error) }
            : { ...reply.result, record }) as DiskResult<F>;
        if (result.type === "released" || result.type === "committed") {
          this.#forget(reply.key, record);
        }
        this.#onResults([result]);
      }
    }
  }

  #forget(key: number, record: F): void {
    this.#records.delete(key);
    this.#keys.delete(record);
    const { path } = record.file;
    const others = this.#paths.get(path)! - 1;
    if (others > 0) this.#paths.set(path, others);
    else this.#paths.delete(path);
  }

  #copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const size = Math.max(1, Math.ceil(bytes.length / BUFFER_STEP)) * BUFFER_STEP;
    const at = this.#spare.findIndex((buffer) => buffer.byteLength === size);
    const [buffer = new ArrayBuffer(size)] = at < 0 ? [] : this.#spare.splice(at, 1);
    const copy = new Uint8Array(buffer, 0, bytes.length);
    copy.set(bytes);
    return copy;
  }
}

/** Whether bytes may be transferred: nothing else is in their buffer. */
function hasOwnBuffer(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.byteOffset === 0 && bytes.length >= OWN_BUFFER_SIZE;
}
