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
import { dirname } from "@std/path";
import { AbortableWork } from "./abortable_work.ts";
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import { isOutOfDescriptors } from "../../fs/out_of_descriptors.ts";
import { type FinalFile, replacedBy } from "./final_file.ts";
import { FolderFlusher } from "./flush_folder.ts";
import { inspect, inspectSync } from "./local_state.ts";
import { adoptPartial, copyFinal, type KeptBytes } from "./kept_bytes.ts";
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

/** A file that was moved to its name, and the one that it replaced there, if any. */
interface CommittedFile<F> extends PlacedFile {
  readonly record: F;
  readonly replaced: FinalFile | null;
}

/** The files of one output folder. */
export class FileStore<F extends StoredFile> implements AsyncDisposable {
  readonly #output: OutputFolder;
  readonly #handles: WriteHandles;
  readonly #onResults: (results: readonly DiskResult<F>[]) => void;
  readonly #open = new Map<F, OpenFile>();
  /** The folders of committed files. */
  readonly #folders = new FolderFlusher();
  /** Pending work, by path. */
  readonly #waiting = new Map<string, Promise<void>>();
  /** Files whose journal is being read or proven, or whose partial file is being made. */
  readonly #reading = new AbortableWork<F>();
  /** Files that have just been moved to their names. */
  readonly #placed: CommittedFile<F>[] = [];

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

  /** Stops reading the journal of a file, which is not wanted any more. */
  stopReading(record: F): void {
    this.#reading.abort(record);
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
    await this.#folders.flush();
    this.#handles[Symbol.dispose]();
  }

  /** Performs an action; returns its result, or null if it has none or has it later. */
  #perform(action: DiskAction<F>): DiskResult<F> | null {
    const { record } = action;
    const { path } = record.file;
    if (action.type === "release") this.stopReading(record);
    const before = this.#waiting.get(path);
    if (before) {
      const later = withOwnBytes(action);
      this.#await(record, before.then(() => this.#performLater(later)));
      return null;
    }
    try {
      const result = this.#performSync(action);
      if (result !== "later") return result;
    } catch (error) {
      if (!isOutOfDescriptors(error)) return { type: "failed", record, error };
      this.#handles.limit.lower();
      this.#await(record, this.#performLater(withOwnBytes(action)));
      return null;
    }
    this.#await(
      record,
      action.type === "write" ? this.#sealSmall(action) : this.#performLater(action),
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
        const { partial } = this.#open.get(record)!;
        const existing = this.#output.finalFile(record.file.path);
        const replaced = replacedBy(record.file, existing, action.keeping);
        // A file that is to be kept is looked for just before the rename.
        const placed = action.keeping.keepExisting ? null : partial.commitSync();
        if (!placed) return "later";
        this.#placed.push({ ...placed, record, replaced });
        return this.#committed(record, replaced);
      }
      case "release":
        return this.#open.has(record) ? "later" : { type: "released", record, resumable: 0 };
      default:
        return "later";
    }
  }

  /** Performs an action as soon as enough descriptors are free. */
  #performLater(action: DiskAction<F>): Promise<DiskResult<F> | null> {
    const opensFiles = action.type !== "discard" && action.type !== "release";
    return opensFiles
      ? this.#handles.limit.run(() => this.#performAsync(action))
      : this.#performAsync(action);
  }

  /**
   * Proves that the files moved to their names are there.
   *
   * @returns The results without those of files that need a longer proof, which come later.
   */
  #provePlaced(results: DiskResult<F>[]): DiskResult<F>[] {
    if (this.#placed.length === 0) return results;
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

  async #settle({ record, replaced, ...placed }: CommittedFile<F>): Promise<DiskResult<F>> {
    try {
      await this.#output.placements.settle(placed);
      return { type: "committed", record, replaced };
    } finally {
      placed.data.close();
    }
  }

  async #performAsync(action: DiskAction<F>): Promise<DiskResult<F> | null> {
    const { record } = action;
    switch (action.type) {
      case "inspect":
        return await this.#reading.run(record, async (signal) => {
          const local = await inspect(record.file, this.#output, signal);
          return { type: "inspected", record, local };
        });
      case "open":
        return await this.#prove(record);
      case "write": {
        const result = this.#write(action);
        if (result !== "later") return result;
        await this.#open.get(record)!.partial.sync();
        return { type: "sealed", record, digest: digestOf(action) };
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
      case "adopt":
        return await this.#adopt(record, action.kept);
      case "hash":
      case "try":
        throw new Error("Digests of what is on disk are computed elsewhere");
      case "commit": {
        const existing = this.#output.finalFileNow(record.file.path);
        const replaced = replacedBy(record.file, existing, action.keeping);
        await this.#open.get(record)!.partial.commit();
        return this.#committed(record, replaced);
      }
      case "discard": {
        const { partial } = this.#openOf(record);
        this.#take(record);
        await partial.discard();
        return { type: "discarded", record };
      }
      case "release": {
        const open = this.#take(record);
        await open?.partial.suspend();
        return { type: "released", record, resumable: open?.partial.received ?? 0 };
      }
    }
  }

  #committed(record: F, replaced: FinalFile | null): DiskResult<F> {
    this.#open.delete(record);
    this.#folders.add(dirname(this.#output.finalPath(record.file.path)));
    return { type: "committed", record, replaced };
  }

  /** Opens the partial file of an earlier download, as far as its journal and its data agree. */
  async #prove(record: F): Promise<DiskResult<F>> {
    this.#take(record)?.partial.close();
    return await this.#reading.run(record, async (signal) => {
      const { partial, found: { damaged, discardReason } } = await PartialFile.open(
        record.file,
        this.#output,
        this.#handles,
        signal,
      );
      this.#open.set(record, { partial, digest: null });
      return { type: "opened", record, lacking: [...partial.lacking], damaged, discardReason };
    });
  }

  /** Makes a partial file of what is kept of another version. */
  async #adopt(record: F, { source, length }: KeptBytes): Promise<DiskResult<F>> {
    const { file } = record;
    if (source === "partial") {
      await adoptPartial(file, this.#output, length);
      return await this.#prove(record);
    }
    const { partial } = this.#openOf(record);
    const final = this.#output.finalPath(file.path);
    await this.#reading.run(record, (signal) => copyFinal(final, partial, length, signal));
    const lacking = [...partial.lacking];
    return { type: "opened", record, lacking, damaged: 0, discardReason: null };
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
    const { partial } = this.#open.get(action.record)!;
    await this.#handles.limit.run(() => partial.sync());
    return { type: "sealed", record: action.record, digest };
  }
}

/** An action that can be performed later: the bytes of a write are valid during the call only. */
function withOwnBytes<F extends StoredFile>(action: DiskAction<F>): DiskAction<F> {
  return action.type === "write" ? { ...action, bytes: action.bytes.slice() } : action;
}

function digestOf(
  { hash: isWanted, bytes }: { readonly hash: boolean; readonly bytes: Uint8Array },
): string | null {
  return isWanted ? hash("sha256", bytes, "hex") : null;
}
