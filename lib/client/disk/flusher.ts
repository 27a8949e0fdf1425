/**
 * Flushes files to the disk, many small ones soon.
 *
 * @module
 */

/** Files over this size, in bytes, are always flushed in the background. */
const SMALL = 1024 * 1024;
/** A flush that takes less than this, in milliseconds, is over sooner than it is handed away. */
const QUICK_MS = 0.5;
/** So many quick ones in a row mean a disk that has nothing to wait for, as memory has. */
const QUICK_IN_A_ROW = 8;

/** Flushes files, without keeping anybody waiting for a slow disk. */
export class Flusher {
  #quick = 0;

  /** Whether a file of this size, in bytes, is flushed sooner than it is handed to a thread. */
  isQuick(size: number): boolean {
    return size <= SMALL && this.#quick >= QUICK_IN_A_ROW;
  }

  /** Flushes a file's data to the disk before it returns. */
  flushSync(file: Deno.FsFile): void {
    const start = performance.now();
    file.syncDataSync();
    this.#quick = performance.now() - start < QUICK_MS ? this.#quick + 1 : 0;
  }

  /**
   * Resolves when the file's data is on the disk.
   *
   * @param size The file's size in bytes.
   */
  async flush(file: Deno.FsFile, size: number): Promise<void> {
    if (this.isQuick(size)) return this.flushSync(file);
    const start = performance.now();
    await file.syncData();
    this.#quick = performance.now() - start < QUICK_MS ? this.#quick + 1 : 0;
  }
}
