/**
 * The digests of shared files, and of parts of them. That of a whole file is computed once, when it is
 * first requested, and remembered as long as nothing touches the file.
 *
 * A write through a memory map touches the file late, so a remembered digest may be wrong: a client
 * that has reason to doubt it requests a fresh one. How often a file is hashed for that is bounded,
 * and concurrent requests share one computation.
 *
 * @module
 */
import { settledWithin } from "../../async/timeout.ts";
import { PATIENCE } from "../../digest/hash_worker.ts";
import { WireError } from "../../errors.ts";
import { type DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import { type FileIdentity, identityKey, isSameIdentity } from "../../fs/file_identity.ts";
import { DigestOrder } from "./digest_order.ts";
import type { IdentifiedFile, RealFile, SharedFile } from "../shared_file.ts";

/** How many large files, and how many small ones, are hashed at once; at most one per client. */
const MAX_CONCURRENT = 2;
/** How many of each of them may wait for disks that do not answer, beside those. */
const MAX_STALLED = 4;
/** The largest file that counts as small, in bytes: hashing it takes only moments. */
const MAX_SMALL_FILE = 16 * 1024 * 1024;

/** How often a file is hashed that something touches meanwhile. */
const MAX_TRIES = 3;
/** For how many times its own duration a fresh computation is not repeated. */
const REST = 9;

/** Which digest of a file is requested. */
export interface DigestOptions {
  /** The part of the file. @default {the whole file} */
  readonly part?: FilePart | undefined;
  /** Whether a remembered digest does not do. @default {false} */
  readonly fresh?: boolean | undefined;
}

/** A part of a file, in bytes. */
export interface FilePart {
  readonly offset: number;
  readonly length: number;
}

/** A digest, as far as it is known. */
interface KnownDigest {
  readonly identity: FileIdentity;
  readonly digest: Promise<string>;
  /** The same once it is known. */
  readonly value: string | undefined;
  /** The computation, until it is done. */
  readonly entry: PendingDigest | undefined;
  /** Until when a fresh request gets this one, as of `performance.now()`. */
  readonly freshUntil: number;
}

/** The computation of one digest. */
interface PendingDigest {
  readonly key: string;
  readonly part: FilePart;
  readonly isFresh: boolean;
  readonly find: () => Promise<RealFile>;
  /** The client that requested it first; the computation counts as this client's. */
  readonly owner: unknown;
  readonly size: number;
  /** The clients that wait for it. */
  readonly clients: Set<unknown>;
  readonly result: PromiseWithResolvers<string>;
  job?: DigestJob;
  /** The identity of the file that is hashed. */
  identity: FileIdentity;
  startedAt: number;
  /** Whether it waits for a disk that does not answer. */
  isStalled: boolean;
}

/** Computes and remembers digests. */
export class DigestCache implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path; parts of files, which are not remembered, by path and part. */
  readonly #known = new Map<string, KnownDigest>();
  readonly #waiting = new Set<PendingDigest>();
  readonly #running = new Set<PendingDigest>();
  readonly #smallOrder = new DigestOrder<PendingDigest>();
  readonly #largeOrder = new DigestOrder<PendingDigest>();
  #stopped = false;

  /**
   * Returns the SHA-256 of a file or of a part of it: 64 hex digits. The clients take turns; small
   * files rarely wait for large ones.
   *
   * @param file The file's entry in the list.
   * @param find Finds the file that is read; called when the computation starts.
   * @param client Identifies the client that requests it.
   * @throws {WireError} `not-found`, `changed` or `read-failed`.
   */
  of(
    file: SharedFile,
    find: () => Promise<RealFile>,
    client: unknown,
    { part = { offset: 0, length: file.size }, fresh = false }: DigestOptions = {},
  ): Promise<string> {
    const isWhole = part.length === file.size;
    const key = isWhole ? file.path : `${file.path}\0${part.offset}\0${part.length}`;
    const known = this.#known.get(key);
    const isUsable = known && isSameIdentity(known.identity, file) &&
      (!fresh || known.entry || performance.now() < known.freshUntil);
    if (isUsable) {
      known.entry?.clients.add(client);
      return known.digest;
    }
    const result = Promise.withResolvers<string>();
    const entry: PendingDigest = {
      key,
      part,
      isFresh: fresh,
      find,
      owner: client,
      size: part.length,
      clients: new Set([client]),
      result,
      identity: file,
      startedAt: 0,
      isStalled: false,
    };
    const digest = result.promise;
    this.#known.set(key, { identity: file, digest, value: undefined, entry, freshUntil: 0 });
    digest.then(
      (value) => this.#settle(entry, isWhole ? knownDigest(entry, value) : undefined),
      () => this.#settle(entry, undefined),
    );
    this.#waiting.add(entry);
    if (this.#stopped) this.#cancel(entry);
    this.#startNext();
    return digest;
  }

  /** Stores a digest that was computed while the whole file was read. */
  store(file: IdentifiedFile, value: string): void {
    if (this.has(file)) return;
    const digest = Promise.resolve(value);
    this.#known.set(file.path, { identity: file, digest, value, entry: undefined, freshUntil: 0 });
  }

  /** A file's digest, or undefined if it is not known yet. */
  known(file: IdentifiedFile): string | undefined {
    const known = this.#known.get(file.path);
    return known && isSameIdentity(known.identity, file) ? known.value : undefined;
  }

  /** Whether a file's digest is known, or being computed. */
  has(file: IdentifiedFile): boolean {
    const known = this.#known.get(file.path);
    return known !== undefined && isSameIdentity(known.identity, file);
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
    const { key } = entry;
    if (this.#known.get(key)?.entry !== entry) return;
    if (known) this.#known.set(key, known);
    else this.#known.delete(key);
  }

  #cancel(entry: PendingDigest): void {
    this.#waiting.delete(entry);
    entry.clients.clear();
    entry.job?.cancel();
    entry.result.reject(new WireError("read-failed", "The digest was cancelled"));
  }

  #startNext(): void {
    const next = this.#nextOf(isSmall, this.#smallOrder) ??
      this.#nextOf((entry) => !isSmall(entry), this.#largeOrder);
    if (next) this.#run(next);
  }

  /** The next waiting file of one kind, unless the limit for the kind is reached. */
  #nextOf(
    isOfKind: (entry: PendingDigest) => boolean,
    order: DigestOrder<PendingDigest>,
  ): PendingDigest | undefined {
    const all = [...this.#running].filter(isOfKind);
    const running = all.filter(({ isStalled }) => !isStalled);
    if (all.length - running.length === MAX_STALLED) return undefined;
    if (running.length === MAX_CONCURRENT) return undefined;
    const served = new Set(running.map(({ owner }) => owner));
    const isNext = (entry: PendingDigest) => isOfKind(entry) && !served.has(entry.owner);
    return order.next(this.#waiting.values().filter(isNext));
  }

  /** Lets others be hashed while a digest waits for a disk that does not answer. */
  #stall(entry: PendingDigest): void {
    entry.isStalled = true;
    this.#startNext();
  }

  /** The file to hash; others go on while its disk does not answer. */
  async #findInTime(entry: PendingDigest): Promise<RealFile> {
    const found = entry.find();
    const { stuckMs, lostMs } = PATIENCE;
    if (!await settledWithin(found, stuckMs)) {
      this.#stall(entry);
      if (!await settledWithin(found, lostMs - stuckMs)) {
        throw new WireError("read-failed", "The disk does not answer");
      }
    }
    return await found;
  }

  async #run(entry: PendingDigest): Promise<void> {
    const { result } = entry;
    this.#waiting.delete(entry);
    this.#running.add(entry);
    entry.startedAt = performance.now();
    try {
      result.resolve(await this.#compute(entry));
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

  /** Hashes the file, and again if something touches it meanwhile: `find` shows what that was. */
  async #compute(entry: PendingDigest): Promise<string> {
    const { offset, length } = entry.part;
    for (let tries = 1;; tries++) {
      const { path, identity } = await this.#findInTime(entry);
      if (entry.clients.size === 0) throw new Error("Nobody waits for it");
      entry.identity = identity;
      entry.job = this.#hasher.start(path, identityKey(identity), offset);
      entry.job.stalled.then(() => this.#stall(entry));
      try {
        return await entry.job.finish(offset + length);
      } catch (error) {
        if (!isTouched(error) || tries === MAX_TRIES) throw error;
      }
    }
  }
}

function isSmall({ part }: PendingDigest): boolean {
  return part.length <= MAX_SMALL_FILE;
}

/** What is remembered of a computation that is done. */
function knownDigest(
  { identity, result, isFresh, startedAt }: PendingDigest,
  value: string,
): KnownDigest {
  const now = performance.now();
  const freshUntil = isFresh ? now + REST * (now - startedAt) : 0;
  return { identity, digest: result.promise, value, entry: undefined, freshUntil };
}

function isTouched(error: unknown): boolean {
  return error instanceof WireError && error.code === "changed";
}
