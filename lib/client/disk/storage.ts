/**
 * Performs the engine's actions on the disk, in the order in which they come for each path.
 *
 * What the disk does at once is done at once, without a promise: nothing is here of most files, a
 * small one is written, synced and placed with a few calls. Everything unusual takes the one careful
 * way, which awaits; later actions of the same path wait for it.
 *
 * @module
 */
import { hash } from "node:crypto";
import { type DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import { messageOf } from "../../errors.ts";
import type { DiskAction, DiskResult } from "../engine/actions.ts";
import type { FileRecord } from "../engine/file_record.ts";
import { isOnLocalDisk } from "../../fs/disk_kind.ts";
import { inspect, inspectSync } from "./local_state.ts";
import type { OutputFolder } from "./output_folder.ts";
import { PartialFile } from "./partial_file.ts";
import { WriteHandles } from "./write_handles.ts";

/** What is open of a file. */
interface OpenFile {
  readonly partial: PartialFile;
  /** Its digest in the making. */
  job: DigestJob | undefined;
}

/** The disk of one client. */
export class Storage implements AsyncDisposable {
  /** Takes results that were not known at once. */
  onResults: (results: readonly DiskResult[]) => void = () => {};
  readonly #output: OutputFolder;
  readonly #handles: WriteHandles;
  readonly #hasher = new FileHasher();
  readonly #open = new Map<FileRecord, OpenFile>();
  /** Work under way that is awaited, by path. */
  readonly #waiting = new Map<string, Promise<void>>();
  /** Files whose earlier download is being proven. */
  readonly #proving = new Map<FileRecord, AbortController>();

  constructor(output: OutputFolder) {
    this.#output = output;
    this.#handles = new WriteHandles(isOnLocalDisk(output.root));
  }

  /** Performs actions; the results that are known at once. */
  perform(actions: readonly DiskAction[]): DiskResult[] {
    const results: DiskResult[] = [];
    for (const action of actions) {
      const result = this.#perform(action);
      if (result) results.push(result);
    }
    return results;
  }

  /** Resolves when more may be written; undefined if that is so now. */
  get drained(): Promise<void> | undefined {
    return undefined;
  }

  /** Waits until nothing touches the disk any more, and closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting.values());
    this.#hasher[Symbol.dispose]();
    this.#handles[Symbol.dispose]();
  }

  /** The result, or null if it comes later or is of no interest. */
  #perform(action: DiskAction): DiskResult | null {
    const { record } = action;
    const { path } = record.file;
    if (action.type === "release") this.#proving.get(record)?.abort();
    const before = this.#waiting.get(path);
    if (before) {
      // The bytes are valid for now only.
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

  /** Passes on the result of work that is awaited; later actions of the path wait for it. */
  #await(record: FileRecord, work: Promise<DiskResult | null>): void {
    const { path } = record.file;
    const done = work
      .catch((error): DiskResult => ({ type: "failed", record, error }))
      .then((result) => {
        if (this.#waiting.get(path) === done) this.#waiting.delete(path);
        if (result) this.onResults([result]);
      });
    this.#waiting.set(path, done);
  }

  #performSync(action: DiskAction): DiskResult | null | "later" {
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
        if (!partial.commitSync()) return "later";
        this.#open.delete(record);
        return { type: "committed", record };
      }
      case "release":
        return this.#open.has(record) ? "later" : { type: "released", record, resumable: 0 };
      default:
        return "later";
    }
  }

  async #performAsync(action: DiskAction): Promise<DiskResult | null> {
    const { record } = action;
    switch (action.type) {
      case "inspect":
        return { type: "inspected", record, local: await inspect(record.file, this.#output) };
      case "hash": {
        const job = this.#hasher.start(this.#output.finalPath(record.file.path), null);
        return {
          type: "hashed",
          record,
          digest: await job.finish(record.file.size).catch(() => null),
        };
      }
      case "open":
        return await this.#prove(record);
      case "write": {
        const result = this.#write(action);
        return result === "later" ? await this.#sealSmall(action) : result;
      }
      case "seal": {
        const open = this.#open.get(record)!;
        const digest = action.hash ? this.#jobOf(open).finish(record.file.size) : null;
        const [sha256] = await Promise.all([
          digest?.catch((error: unknown) => {
            throw new Error(`what was written cannot be read: ${messageOf(error)}`, {
              cause: error,
            });
          }) ?? null,
          open.partial.sync(),
        ]);
        return { type: "sealed", record, digest: sha256 };
      }
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

  /** Takes up what an earlier download has left, as far as its journal and its data agree. */
  async #prove(record: FileRecord): Promise<DiskResult> {
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
      this.#open.set(record, { partial, job: undefined });
      return { type: "opened", record, lacking: [...partial.lacking], damaged, discardReason };
    } finally {
      this.#proving.delete(record);
    }
  }

  #take(record: FileRecord): OpenFile | undefined {
    const open = this.#open.get(record);
    open?.job?.drop();
    this.#open.delete(record);
    return open;
  }

  #openOf(record: FileRecord): OpenFile {
    let open = this.#open.get(record);
    if (!open) {
      open = {
        partial: PartialFile.fresh(record.file, this.#output, this.#handles),
        job: undefined,
      };
      this.#open.set(record, open);
    }
    return open;
  }

  /** Writes a chunk; a file in one chunk is sealed, too. */
  #write(action: DiskAction & { type: "write" }): DiskResult | null | "later" {
    const { record, offset, bytes, checksum } = action;
    const open = this.#openOf(record);
    open.partial.write(offset, bytes, checksum);
    if (bytes.length === record.file.size) {
      if (!open.partial.syncQuickly()) return "later";
      return { type: "sealed", record, digest: digestOf(action) };
    }
    if (action.hash) this.#jobOf(open);
    return null;
  }

  async #sealSmall(action: DiskAction & { type: "write" }): Promise<DiskResult> {
    const digest = digestOf(action);
    await this.#open.get(action.record)!.partial.sync();
    return { type: "sealed", record: action.record, digest };
  }

  #jobOf(open: OpenFile): DigestJob {
    open.job ??= this.#hasher.start(open.partial.dataPath, null);
    open.job.advance(open.partial.prefix);
    return open.job;
  }
}

function digestOf({ hash: isWanted, bytes }: DiskAction & { type: "write" }): string | null {
  return isWanted ? hash("sha256", bytes, "hex") : null;
}
