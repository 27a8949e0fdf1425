/**
 * The digests of shared files: each version's computed once, when first asked for.
 *
 * @module
 */
import { WireError } from "../errors.ts";
import { type DigestJob, FileHasher } from "../digest/file_hasher.ts";
import type { SharedFile } from "./folder_scan.ts";

/** How many files are hashed at once, for all clients; for one client it is one. */
const AT_ONCE = 2;

/** One version's digest, asked for by some clients. */
interface Entry {
  readonly file: SharedFile;
  readonly pathOnDisk: () => Promise<string>;
  /** Who waits for it; the first one's turn it takes. Nobody once it is known. */
  readonly clients: Set<unknown>;
  readonly result: PromiseWithResolvers<string>;
  job?: DigestJob;
}

/** Computes and remembers digests. */
export class Digests implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path: there is at most one present version of each. */
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<Entry>();
  /** What is being hashed, and for whom. */
  readonly #running = new Map<unknown, Entry>();
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
    const known = this.#entries.get(file.path);
    if (known?.file.version === file.version) {
      if (this.#isUnderway(known)) known.clients.add(client);
      return known.result.promise;
    }
    const result = Promise.withResolvers<string>();
    const entry: Entry = { file, pathOnDisk, clients: new Set([client]), result };
    this.#entries.set(file.path, entry);
    result.promise.catch(() => {
      if (this.#entries.get(file.path) === entry) this.#entries.delete(file.path);
    });
    this.#waiting.add(entry);
    if (this.#stopped) this.#drop(entry);
    this.#startNext();
    return result.promise;
  }

  /** Forgets the digest of a file that is not shared any more. */
  forget(path: string): void {
    this.#entries.delete(path);
  }

  /** Computes no longer what only this client has asked for. */
  leave(client: unknown): void {
    for (const entry of [...this.#waiting, ...this.#running.values()]) {
      if (entry.clients.delete(client) && entry.clients.size === 0) this.#drop(entry);
    }
  }

  /** Stops computing; whoever waits is rejected. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const entry of [...this.#waiting, ...this.#running.values()]) this.#drop(entry);
    this.#hasher[Symbol.dispose]();
  }

  #isUnderway(entry: Entry): boolean {
    return this.#waiting.has(entry) || this.#running.values().some((other) => other === entry);
  }

  #drop(entry: Entry): void {
    this.#waiting.delete(entry);
    entry.clients.clear();
    entry.job?.drop();
    entry.result.reject(new WireError("read-failed", "The digest is not computed any more"));
  }

  #startNext(): void {
    if (this.#running.size === AT_ONCE) return;
    let next: Entry | undefined;
    for (const entry of this.#waiting) {
      if (this.#running.has(ownerOf(entry))) continue;
      if (!next || entry.file.size < next.file.size) next = entry;
    }
    if (next) this.#run(next);
  }

  async #run(entry: Entry): Promise<void> {
    const { file, result } = entry;
    const owner = ownerOf(entry);
    this.#waiting.delete(entry);
    this.#running.set(owner, entry);
    try {
      const path = await entry.pathOnDisk();
      if (entry.clients.size > 0) {
        entry.job = this.#hasher.start(path, file.version);
        result.resolve(await entry.job.finish(file.size));
      }
    } catch (error) {
      // The system's own words name paths of this machine.
      const code = error instanceof WireError ? error.code : "read-failed";
      result.reject(new WireError(code, "The file cannot be read", { cause: error }));
    } finally {
      this.#running.delete(owner);
      entry.clients.clear();
      this.#startNext();
    }
  }
}

function ownerOf(entry: Entry): unknown {
  return entry.clients.values().next().value;
}
