/**
 * The actions on files of one output folder, performed in order for each path.
 *
 * Quick calls are made at once, without a promise: most files are new, and a small one is written,
 * flushed and published with a few calls. Everything else is awaited; later actions of the same
 * path wait for it.
 *
 * @module
 */
import { hash } from "node:crypto";
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import { inspect, inspectSync } from "./local_state.ts";
import type { OutputFolder } from "./output_folder.ts";
import { PartialFile } from "./partial_file.ts";
import type { PlacedFile } from "./placements.ts";
import { StreamDigest } from "./stream_digest.ts";
import { WriteHandles } from "./write_handles.ts";

/** The most files that are open until it is proven that they have their names. */
const MAX_PLACED = 16;

/** The open resources of a file. */
interface OpenFile {
  readonly partial: PartialFile;
  /** The digest of the written bytes; null before it is needed. */
  digest: StreamDigest | null;
}

/** The files of one output folder. */
export class FileStore<F extends StoredFile> implements AsyncDisposable {
  readonly #output: OutputFolder;
  readonly #handles: WriteHandles;
  readonly #onResults: (results: readonly DiskResult<F>[]) => void;
  readonly #open = new Map<F, OpenFile>();
  /** Pending work, by path. */
  readonly #waiting = new Map<string, Promise<void>>();
  /** Files that have just been moved to their names. */
  readonly #placed: (PlacedFile & { readonly record: F })[] = [];
  /** Files whose partial file is being proven. */
  readonly #proving = new Map<F, AbortController>();

  /**
   * @param isLocal Whether the folder is on a local disk.
   * @param onResults Takes the results of actions that took time.
   */
  constructor(
    output: OutputFolder,
    isLocal: boolean,
    onResults: (results: readonly DiskResult<F>[]) => void,
  ) {
    this.#output = output;
    this.#handles = new WriteHandles(isLocal);
    this.#onResults = onResults;
  }

  /** Whether work on this path is pending. */
  holds(path: string): boolean {
    return this.#waiting.has(path);
  }

  /** Performs actions; returns the results that are known at once. */
  perform(actions: readonly DiskAction<F>[]): DiskResult<F>[] {
    let results: DiskResult<F>[] = [];
    for (const action of actions) {
      const result = this.#perform(action);
      if (result) results.push(result);
      if (this.#placed.length === MAX_PLACED) results = this.#provePlaced(results);
    }
    return this.#provePlaced(results);
  }

  /** Waits for all pending work, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting.values());
    this.#handles[Symbol.dispose]();
  }

  /** Performs an action; returns its result, or null if it has none or has it later. */
  #perform(action: DiskAction<F>): DiskResult<F> | null {
    const { record } = action;
    const { path } = record.file;
    if (action.type === "release") this.#proving.get(record)?.abort();
    const before = this.#waiting.get(path);
    if (before) {
      // The bytes are valid during this call only.
      const later = action.type === "write" ? { ...action, bytes: action.bytes.slice() } : action;
      this.#await(record, before.then(() => this.#performAsync(later)));
      return null;
    }
    try {
      const result = this.#performSync(action);
      if (result !== "later") return result;
    } catch (error) {
      return { type: "failed", record, error };
    }
    this.#await(
      record,
      action.type === "write" ? this.#sealSmall(action) : this.#performAsync(action),
    );
    return null;
  }

  /** Awaits work, and passes on its result; later actions of the path wait for it. */
  #await(record: F, work: Promise<DiskResult<F> | null>): void {
    const { path } = record.file;
    const done = work
      .catch((error): DiskResult<F> => ({ type: "failed", record, error }))
      .then((result) => {
        if (this.#waiting.get(path) === done) this.#waiting.delete(path);
        if (result) this.#onResults([result]);
      });
    this.#waiting.set(path, done);
  }

  #performSync(action: DiskAction<F>): DiskResult<F> | null | "later" {
    const { record } = action;
    switch (action.type) {
      case "inspect": {
        const local = inspectSync(record.file, this.#output);
        return local ? { type: "inspected", record, local } : "later";
      }
      case "write":
        return this.#write(action);
      case "commit": {
        const placed = this.#open.get(record)!.partial.commitSync();
        if (!placed) return "later";
        this.#placed.push({ ...placed, record });
        this.#open.delete(record);
        return { type: "committed", record };
      }
      case "release":
        return this.#open.has(record) ? "later" : { type: "released", record, resumable: 0 };
      default:
        return "later";
    }
  }

  /**
   * Proves that the files moved to their names are there.
   *
   * @returns The results without those of files that need a longer proof, which come later.
   */
  #provePlaced(results: DiskResult<F>[]): DiskResult<F>[] {
    const placed = this.#placed.splice(0);
    const doubtful = new Set(this.#output.placements.doubtful(placed));
    for (const file of placed) {
      if (doubtful.has(file)) this.#await(file.record, this.#settle(file));
      else file.data.close();
    }
    if (doubtful.size === 0) return results;
    const held = new Set([...doubtful].map(({ record }) => record));
    return results.filter(({ type, record }) => type !== "committed" || !held.has(record));
  }

  async #settle(
    { record, ...placed }: PlacedFile & { readonly record: F },
  ): Promise<DiskResult<F>> {
    try {
      await this.#output.placements.settle(placed);
      return { type: "committed", record };
    } finally {
      placed.data.close();
    }
  }

  async #performAsync(action: DiskAction<F>): Promise<DiskResult<F> | null> {
    const { record } = action;
    switch (action.type) {
      case "inspect":
        return { type: "inspected", record, local: await inspect(record.file, this.#output) };
      case "open":
        return await this.#prove(record);
      case "write": {
        const result = this.#write(action);
        return result === "later" ? await this.#sealSmall(action) : result;
      }
      case "seal": {
        const { partial, digest } = this.#open.get(record)!;
        const { dataPath } = partial;
        const [sha256] = await Promise.all([
          action.hash ? (digest ?? new StreamDigest()).finish(dataPath, record.file.size) : null,
          partial.sync(),
        ]);
        return { type: "sealed", record, digest: sha256 };
      }
      case "hash":
        throw new Error("Digests of final files are computed elsewhere");
      case "commit":
        await this.#open.get(record)!.partial.commit();
        this.#open.delete(record);
        return { type: "committed", record };
      case "discard": {
        const open = this.#take(record);
        await open?.partial.discard();
        return { type: "discarded", record };
      }
      case "release": {
        const open = this.#take(record);
        await open?.partial.suspend();
        return { type: "released", record, resumable: open?.partial.received ?? 0 };
      }
    }
  }

  /** Opens the partial file of an earlier download, as far as its journal and its data agree. */
  async #prove(record: F): Promise<DiskResult<F>> {
    this.#take(record)?.partial.close();
    const proving = new AbortController();
    this.#proving.set(record, proving);
    try {
      const { partial, found: { damaged, discardReason } } = await PartialFile.open(
        record.file,
        this.#output,
        this.#handles,
        proving.signal,
      );
      this.#open.set(record, { partial, digest: null });
      return { type: "opened", record, lacking: [...partial.lacking], damaged, discardReason };
    } finally {
      this.#proving.delete(record);
    }
  }

  #take(record: F): OpenFile | undefined {
    const open = this.#open.get(record);
    this.#open.delete(record);
    return open;
  }

  #openOf(record: F): OpenFile {
    let open = this.#open.get(record);
    if (!open) {
      open = {
        partial: PartialFile.fresh(record.file, this.#output, this.#handles),
        digest: null,
      };
      this.#open.set(record, open);
    }
    return open;
  }

  /** Writes a chunk; a file of one chunk is sealed, too. */
  #write(action: DiskAction<F> & { type: "write" }): DiskResult<F> | null | "later" {
    const { record, offset, bytes, checksum } = action;
    const open = this.#openOf(record);
    open.partial.write(offset, bytes, checksum);
    if (bytes.length === record.file.size) {
      if (!open.partial.syncQuickly()) return "later";
      return { type: "sealed", record, digest: digestOf(action) };
    }
    if (action.hash) {
      open.digest ??= new StreamDigest();
      open.digest.write(offset, bytes);
      open.digest.catchUp(open.partial.dataPath, open.partial.prefix);
    }
    return null;
  }

  async #sealSmall(action: DiskAction<F> & { type: "write" }): Promise<DiskResult<F>> {
    const digest = digestOf(action);
    await this.#open.get(action.record)!.partial.sync();
    return { type: "sealed", record: action.record, digest };
  }
}

function digestOf(
  { hash: isWanted, bytes }: { readonly hash: boolean; readonly bytes: Uint8Array },
): string | null {
  return isWanted ? hash("sha256", bytes, "hex") : null;
}
