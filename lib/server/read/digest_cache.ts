/**
 * The digests of shared files: each version's computed once, when first asked for.
 *
 * @module
 */
import { WireError } from "../../errors.ts";
import { type DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import type { SharedFile } from "../shared_file.ts";

/** How many files are hashed at once, for all clients; for one client it is one. */
const MAX_CONCURRENT = 2;
/** Files up to this size, in bytes, are done in a moment: as many of them are hashed besides. */
const SMALL = 16 * 1024 * 1024;

type VersionedPath = Pick<SharedFile, "path" | "version">;

/** A version's digest, as far as it is known. */
interface Known {
  readonly version: string;
  readonly digest: Promise<string>;
  /** The same once it is known. */
  readonly value: string | undefined;
  /** Who computes it, until that is done. */
  readonly entry: CachedDigest | undefined;
}

/** One version's digest that some clients wait for. */
interface CachedDigest {
  readonly file: SharedFile;
  readonly pathOnDisk: () => Promise<string>;
  /** Who asked first: it takes that client's turn. */
  readonly owner: unknown;
  /** Who waits for it. */
  readonly clients: Set<unknown>;
  readonly result: PromiseWithResolvers<string>;
  job?: DigestJob;
}

/** Computes and remembers digests. */
export class DigestCache implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path: there is at most one present version of each. */
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Set<CachedDigest>();
  readonly #running = new Set<CachedDigest>();
  #stopped = false;

  /**
   * A file's SHA-256: 64 hex digits. Of the files that one client waits for, the smallest comes
   * first, so that little waits for much as seldom as can be.
   *
   * @param file What the list says of it.
   * @param pathOnDisk Where to read it, asked for when its turn has come.
   * @param client Who asks.
   * @throws {WireError} `not-found`, `changed` or `read-failed`.
   */
  of(file: SharedFile, pathOnDisk: () => Promise<string>, client: unknown): Promise<string> {
    const known = this.#known.get(file.path);
    if (known?.version === file.version) {
      known.entry?.clients.add(client);
      return known.digest;
    }
    const result = Promise.withResolvers<string>();
    const entry: CachedDigest = {
      file,
      pathOnDisk,
      owner: client,
      clients: new Set([client]),
      result,
    };
    const digest = result.promise;
    this.#known.set(file.path, { version: file.version, digest, value: undefined, entry });
    digest.then(
      (value) => this.#settle(entry, { version: file.version, digest, value, entry: undefined }),
      () => this.#settle(entry, undefined),
    );
    this.#waiting.add(entry);
    if (this.#stopped) this.#drop(entry);
    this.#startNext();
    return digest;
  }

  /** Takes a digest that somebody has computed who has read the whole file. */
  learn({ path, version }: VersionedPath, value: string): void {
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

  /** Computes no longer what only this client has asked for. */
  leave(client: unknown): void {
    for (const entry of [...this.#waiting, ...this.#running]) {
      if (entry.clients.delete(client) && entry.clients.size === 0) this.#drop(entry);
    }
  }

  /** Stops computing; whoever waits is rejected. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const entry of [...this.#waiting, ...this.#running]) this.#drop(entry);
    this.#hasher[Symbol.dispose]();
  }

  #settle(entry: CachedDigest, known: Known | undefined): void {
    const { path } = entry.file;
    if (this.#known.get(path)?.entry !== entry) return;
    if (known) this.#known.set(path, known);
    else this.#known.delete(path);
  }

  #drop(entry: CachedDigest): void {
    this.#waiting.delete(entry);
    entry.clients.clear();
    entry.job?.drop();
    entry.result.reject(new WireError("read-failed", "The digest is not computed any more"));
  }

  #startNext(): void {
    const next = this.#nextOf(isSmall) ?? this.#nextOf((entry) => !isSmall(entry));
    if (next) this.#run(next);
  }

  /** The smallest that waits of one kind, if there is room for another of it. */
  #nextOf(isOfKind: (entry: CachedDigest) => boolean): CachedDigest | undefined {
    const running = [...this.#running].filter(isOfKind);
    if (running.length === MAX_CONCURRENT) return undefined;
    const served = new Set(running.map(({ owner }) => owner));
    let next: CachedDigest | undefined;
    for (const entry of this.#waiting) {
      if (!isOfKind(entry) || served.has(entry.owner)) continue;
      if (!next || entry.file.size < next.file.size) next = entry;
    }
    return next;
  }

  async #run(entry: CachedDigest): Promise<void> {
    const { file, result } = entry;
    this.#waiting.delete(entry);
    this.#running.add(entry);
    try {
      const path = await entry.pathOnDisk();
      if (entry.clients.size > 0) {
        entry.job = this.#hasher.start(path, file.version);
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

function isSmall({ file }: CachedDigest): boolean {
  return file.size <= SMALL;
}
