/**
 * The SHA-256 of a file that is being written, from the bytes as they are received. Bytes that were
 * received out of order are read from the file once the gap before them is filled.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { messageOf } from "../../errors.ts";

/** The most bytes that are read for one written chunk: the writer waits meanwhile. */
const CATCH_UP_SIZE = 1024 * 1024;
/** The size of a read, in bytes; at the end, other work has its turn between two of them. */
const SLICE_SIZE = 1024 * 1024;

/** The computation of one file's digest. */
export class StreamDigest {
  readonly #hash: Hash = createHash("sha256");
  #done = 0;

  /** Hashes written bytes if they are the next ones. */
  write(offset: number, bytes: Uint8Array): void {
    if (offset !== this.#done) return;
    this.#hash.update(bytes);
    this.#done += bytes.length;
  }

  /** Reads and hashes some of the bytes that follow the hashed ones, up to `prefix`. */
  catchUp(path: string, prefix: number): void {
    if (this.#done < prefix) this.#read(path, Math.min(prefix, this.#done + CATCH_UP_SIZE));
  }

  /**
   * Returns the digest of the complete file: 64 hex digits.
   *
   * @param size Bytes.
   * @throws {Error} If it cannot be read.
   */
  async finish(path: string, size: number): Promise<string> {
    while (this.#done < size) {
      this.#read(path, Math.min(size, this.#done + SLICE_SIZE));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return this.#hash.digest("hex");
  }

  #read(path: string, end: number): void {
    try {
      const file = openSync(path, "r");
      try {
        const buffer = new Uint8Array(Math.min(SLICE_SIZE, end - this.#done));
        while (this.#done < end) {
          const length = Math.min(buffer.length, end - this.#done);
          const read = readSync(file, buffer, 0, length, this.#done);
          if (read === 0) throw new Error("it is shorter than what was written");
          this.#hash.update(buffer.subarray(0, read));
          this.#done += read;
        }
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw new Error(`the partial file cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }
}
