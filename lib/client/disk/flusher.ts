/**
 * Flushes files to the disk, quickly for many small ones.
 *
 * @module
 */

/** Larger files than this, in bytes, are always flushed in the background. */
const MAX_SYNC_SIZE = 1024 * 1024;
/** A flush shorter than this, in milliseconds, takes less time than handing it to another thread. */
const QUICK_MS = 0.5;
/** This many quick flushes in a row mean a disk without waits, such as memory. */
const MIN_QUICK_IN_A_ROW = 8;

/** Flushes files; a slow disk does not block the program. */
export class Flusher {
  #quickInARow = 0;

  /**
   * Resolves when the file's data is on the disk.
   *
   * @param size The file's size in bytes.
   */
  async flush(file: Deno.FsFile, size: number): Promise<void> {
    const start = performance.now();
    if (size <= MAX_SYNC_SIZE && this.#quickInARow >= MIN_QUICK_IN_A_ROW) file.syncDataSync();
    else await file.syncData();
    this.#quickInARow = performance.now() - start < QUICK_MS ? this.#quickInARow + 1 : 0;
  }
}
