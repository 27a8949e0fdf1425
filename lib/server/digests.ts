/**
 * The digests of shared files: each version's computed once, when first asked for.
 *
 * @module
 */
import { FileHasher } from "../digest/file_hasher.ts";
import type { SharedFile } from "./folder_scan.ts";

/** How many files are hashed at once. */
const AT_ONCE = 2;

interface Remembered {
  readonly version: string;
  readonly digest: Promise<string>;
}

/** Computes and remembers digests. */
export class Digests implements Disposable {
  readonly #hasher = new FileHasher();
  /** By path: there is at most one present version of each. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #queue: (() => void)[] = [];
  #running = 0;
  #stopped = false;

  /**
   * A file's SHA-256: 64 hex digits.
   *
   * @param file What the list says of it.
   * @param pathOnDisk Where it is.
   * @throws {WireError} `changed` or `read-failed`.
   */
  of(file: SharedFile, pathOnDisk: string): Promise<string> {
    const known = this.#remembered.get(file.path);
    if (known?.version === file.version) return known.digest;
    const digest = this.#compute(file, pathOnDisk);
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

  /** Stops computing; whoever waits is rejected. */
  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#hasher[Symbol.dispose]();
    for (const next of this.#queue.splice(0)) next();
  }

  async #compute(file: SharedFile, pathOnDisk: string): Promise<string> {
    if (this.#running === AT_ONCE) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    } else {
      this.#running++;
    }
    try {
      if (this.#stopped) throw new Error("The digests are not computed any more");
      return await this.#hasher.start(pathOnDisk, file.version).finish(file.size);
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
