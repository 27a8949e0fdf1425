/**
 * The SHA-256 of a file that is being written, from the bytes as they come. Bytes that came out of order
 * are read from the file once the gap before them is filled.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { messageOf } from "../../errors.ts";

/** How much is read for one written chunk, in bytes: the writer waits meanwhile. */
const CATCH_UP_SIZE = 4 * 1024 * 1024;
/** A read at the end, in bytes; between two of them others have their turn. */
const SLICE_SIZE = 1024 * 1024;

/** One file's digest in the making. */
export class StreamDigest {
  readonly #hash: Hash = createHash("sha256");
  #done = 0;

  /** Takes bytes that were written, if they are the next ones. */
  write(offset: number, bytes: Uint8Array): void {
    if (offset !== this.#done) return;
    this.#hash.update(bytes);
    this.#done += bytes.length;
  }

  /** Reads some of what is behind the bytes that were taken, up to `prefix`. */
  catchUp(path: string, prefix: number): void {
    if (this.#done < prefix) this.#read(path, Math.min(prefix, this.#done + CATCH_UP_SIZE));
  }

  /**
   * The digest of the complete file: 64 hex digits.
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
