/**
 * The digests of shared files; each version's is computed once, when first requested.
 *
 * @module
 */
import { settledWithin } from "../../async/timeout.ts";
import { PATIENCE } from "../../digest/hash_worker.ts";
import { WireError } from "../../errors.ts";
import { type DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import type { SharedFile } from "../shared_file.ts";

/** How many large files, and how many small ones, are hashed at once; at most one per client. */
const MAX_CONCURRENT = 2;
/** How many of each of them may wait for disks that do not answer, beside those. */
const MAX_STALLED = 4;
/** The largest file that counts as small, in bytes: hashing it takes only moments. */
const MAX_SMALL_FILE = 16 * 1024 * 1024;

type VersionedPath = Pick<SharedFile, "path" | "version">;

/** A version's digest, as far as it is known. */
interface KnownDigest {
  readonly version: string;
  readonly digest: Promise<string>;
  /** The same once it is known. */
  readonly value: string | undefined;
  /** The computation, until it is done. */
  readonly entry: PendingDigest | undefined;
}

/** The computation of one version's digest. */
interface PendingDigest {
  readonly file: SharedFile;
  readonly pathOnDisk: () => Promise<string>;
  /** The client that requested it first; the computation counts as this client's. */
  readonly owner: unknown;
  /** The clients that wait for it. */
  readonly clients: Set<unknown>;
  readonly result: PromiseWithResolvers<string>;
  job?: DigestJob;
  /** Whether it waits for a disk that does not answer. */
  isStalled: boolean;
}

/** Computes and remembers digests. */
export class DigestCache implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path: each file has at most one present version. */
  readonly #known = new Map<string, KnownDigest>();
  readonly #waiting = new Set<PendingDigest>();
  readonly #running = new Set<PendingDigest>();
  #stopped = false;

  /**
   * Returns a file's SHA-256: 64 hex digits. A client's smallest file is hashed first, so that
   * small files rarely wait for large ones.
   *
   * @param file The file's entry in the list.
   * @param pathOnDisk Returns the path to read; called when the computation starts.
   * @param client Identifies the client that requests it.
   * @throws {WireError} `not-found`, `changed` or `read-failed`.
   */
  of(file: SharedFile, pathOnDisk: () => Promise<string>, client: unknown): Promise<string> {
    const known = this.#known.get(file.path);
    if (known?.version === file.version) {
      known.entry?.clients.add(client);
      return known.digest;
    }
    const result = Promise.withResolvers<string>();
    const entry: PendingDigest = {
      file,
      pathOnDisk,
      owner: client,
      clients: new Set([client]),
      result,
      isStalled: false,
    };
    const digest = result.promise;
    this.#known.set(file.path, { version: file.version, digest, value: undefined, entry });
    digest.then(
      (value) => this.#settle(entry, { version: file.version, digest, value, entry: undefined }),
      () => this.#settle(entry, undefined),
    );
    this.#waiting.add(entry);
    if (this.#stopped) this.#cancel(entry);
    this.#startNext();
    return digest;
  }

  /** Stores a digest that was computed while the whole file was read. */
  store({ path, version }: VersionedPath, value: string): void {
    if (this.has({ path, version })) return;
    this.#known.set(path, { version, digest: Promise.resolve(value), value, entry: undefined });
  }

  /** A version's digest, or undefined if it is not known yet. */
  known({ path, version }: VersionedPath): string | undefined {
    const known = this.#known.get(path);
    return known?.version === version ? known.value : undefined;
  }

  /** Whether a version's digest is known, or being computed. */
  has({ path, version }: VersionedPath): boolean {
    return this.#known.get(path)?.version === version;
  }

  /** Forgets the digest of a file that is not shared any more. */
  forget(path: string): void {
    this.#known.delete(path);
  }

  /** Cancels the computations that only this client waits for. */
  cancelFor(client: unknown): void {
    for (const entry of [...this.#waiting, ...this.#running]) {
      if (entry.clients.delete(client) && entry.clients.size === 0) this.#cancel(entry);
    }
  }

  /** Stops computing; pending requests are rejected. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const entry of [...this.#waiting, ...this.#running]) this.#cancel(entry);
    this.#hasher[Symbol.dispose]();
  }

  #settle(entry: PendingDigest, known: KnownDigest | undefined): void {
    const { path } = entry.file;
    if (this.#known.get(path)?.entry !== entry) return;
    if (known) this.#known.set(path, known);
    else this.#known.delete(path);
  }

  #cancel(entry: PendingDigest): void {
    this.#waiting.delete(entry);
    entry.clients.clear();
    entry.job?.cancel();
    entry.result.reject(new WireError("read-failed", "The digest was cancelled"));
  }

  #startNext(): void {
    const next = this.#nextOf(isSmall) ?? this.#nextOf((entry) => !isSmall(entry));
    if (next) this.#run(next);
  }

  /** The smallest waiting file of one kind, unless the limit for the kind is reached. */
  #nextOf(isOfKind: (entry: PendingDigest) => boolean): PendingDigest | undefined {
    const all = [...this.#running].filter(isOfKind);
    const running = all.filter(({ isStalled }) => !isStalled);
    if (all.length - running.length === MAX_STALLED) return undefined;
    if (running.length === MAX_CONCURRENT) return undefined;
    const served = new Set(running.map(({ owner }) => owner));
    let next: PendingDigest | undefined;
    for (const entry of this.#waiting) {
      if (!isOfKind(entry) || served.has(entry.owner)) continue;
      if (!next || entry.file.size < next.file.size) next = entry;
    }
    return next;
  }

  /** Lets others be hashed while a digest waits for a disk that does not answer. */
  #stall(entry: PendingDigest): void {
    entry.isStalled = true;
    this.#startNext();
  }

  async #pathOf(entry: PendingDigest): Promise<string> {
    const path = entry.pathOnDisk();
    const { stuckMs, lostMs } = PATIENCE;
    if (!await settledWithin(path, stuckMs)) {
      this.#stall(entry);
      if (!await settledWithin(path, lostMs - stuckMs)) {
        throw new WireError("read-failed", "The disk does not answer");
      }
    }
    return await path;
  }

  async #run(entry: PendingDigest): Promise<void> {
    const { file, result } = entry;
    this.#waiting.delete(entry);
    this.#running.add(entry);
    try {
      const path = await this.#pathOf(entry);
      if (entry.clients.size > 0) {
        entry.job = this.#hasher.start(path, file.version);
        entry.job.stalled.then(() => this.#stall(entry));
        result.resolve(await entry.job.finish(file.size));
      }
    } catch (error) {
      result.reject(
        error instanceof WireError
          ? error
          : new WireError("read-failed", "The file cannot be read", { cause: error }),
      );
    } finally {
      this.#running.delete(entry);
      this.#startNext();
    }
  }
}

function isSmall({ file }: PendingDigest): boolean {
  return file.size <= MAX_SMALL_FILE;
}
