/**
 * The digests of shared files: each version's computed once, when first asked for.
 *
 * @module
 */
import { FileHasher } from "../digest/file_hasher.ts";
import type { SharedFile } from "./folder_scan.ts";

/** How many files are hashed at once, for all clients; for one client it is one. */
const AT_ONCE = 2;

interface Remembered {
  readonly version: string;
  readonly digest: Promise<string>;
}

/** A file that waits to be hashed. */
interface Waiting {
  readonly file: SharedFile;
  readonly client: unknown;
  readonly start: () => void;
}

/** Computes and remembers digests. */
export class Digests implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path: there is at most one present version of each. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #waiting: Waiting[] = [];
  /** The clients for whom a file is being hashed. */
  readonly #served = new Set<unknown>();

  /**
   * A file's SHA-256: 64 hex digits. Of the files that one client waits for, the smallest comes
   * first, for the others are to wait for little.
   *
   * @param file What the list says of it.
   * @param pathOnDisk Where it is.
   * @param client Who asks.
   * @throws {WireError} `changed` or `read-failed`.
   */
  of(file: SharedFile, pathOnDisk: string, client: unknown): Promise<string> {
    const known = this.#remembered.get(file.path);
    if (known?.version === file.version) return known.digest;
    const digest = this.#compute(file, pathOnDisk, client);
    const entry = { version: file.version, digest };
    this.#remembered.set(file.path, entry);
    digest.catch(() => {
      if (this.#remembered.get(file.path) === entry) this.#remembered.delete(file.path);
    });
    return digest;
  }

  /** Forgets the digest of a file that is not shared any more. */
  forget(path: string): void {
    this.#remembered.delete(path);
  }

  /** Stops computing. */
  [Symbol.dispose](): void {
    this.#waiting.length = 0;
    this.#hasher[Symbol.dispose]();
  }

  async #compute(file: SharedFile, pathOnDisk: string, client: unknown): Promise<string> {
    await new Promise<void>((start) => {
      this.#waiting.push({ file, client, start });
      this.#startNext();
    });
    try {
      return await this.#hasher.start(pathOnDisk, file.version).finish(file.size);
    } finally {
      this.#served.delete(client);
      this.#startNext();
    }
  }

  #startNext(): void {
    if (this.#served.size === AT_ONCE) return;
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (this.#served.has(waiting.client)) continue;
      if (!next || waiting.file.size < next.file.size) next = waiting;
    }
    if (!next) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#served.add(next.client);
    next.start();
  }
}
