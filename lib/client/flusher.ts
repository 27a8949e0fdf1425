/**
 * Flushes files to the disk, many small ones soon.
 *
 * @module
 */

/** Files over this size, in bytes, are always flushed in the background. */
const SMALL = 1024 * 1024;
/** A flush that takes less than this, in milliseconds, is over sooner than it is handed away. */
const QUICK_MS = 0.5;
/** Of a disk that was not as quick, it is tried again after so many files. */
const TRY_EVERY = 256;

/** Flushes files, without keeping anybody waiting for a slow disk. */
export class Flusher {
  #inBackground = 0;

  /**
   * Resolves when the file's data is on the disk.
   *
   * @param size The file's size in bytes.
   */
  async flush(file: Deno.FsFile, size: number): Promise<void> {
    if (size > SMALL || this.#inBackground > 0) {
      this.#inBackground = Math.max(0, this.#inBackground - 1);
      await file.syncData();
      return;
    }
    const start = performance.now();
    file.syncDataSync();
    if (performance.now() - start > QUICK_MS) this.#inBackground = TRY_EVERY;
  }
}
