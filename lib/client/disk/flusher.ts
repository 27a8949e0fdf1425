/**
 * Flushes files to the disk, quickly for many small ones.
 *
 * @module
 */

/** Larger files than this, in bytes, are always flushed in the background. */
const MAX_SYNC_SIZE = 1024 * 1024;
/** A flush shorter than this, in milliseconds, takes less time than handing it to another thread. */
const QUICK_MS = 0.5;
/**
 * The disk is slow once slow flushes outnumber one in so many: a thread that the system interrupts
 * looks like a slow flush now and then.
 */
const QUICK_PER_SLOW = 4;
/** The disk is slow after this many slow flushes in a row. */
const SLOW_IN_A_ROW = 2;
/** Then flushes go on in the background for this long, in milliseconds. */
const DISTRUST_MS = 1_000;

/** Flushes files; on a disk that is quick at once, on any other in the background. */
export class Flusher {
  /** Until when the disk is not trusted; without end if it is none of this machine. */
  #slowUntil: number;
  /** Grows with each slow flush, and shrinks with each quick one. */
  #slowness = 0;

  /** @param isLocal Whether the disk is one of this machine. */
  constructor(isLocal: boolean) {
    this.#slowUntil = isLocal ? 0 : Infinity;
  }

  /** Whether a file of this size, in bytes, is flushed sooner than it is handed to a thread. */
  isQuick(size: number): boolean {
    return size <= MAX_SYNC_SIZE && performance.now() >= this.#slowUntil;
  }

  /** Flushes a file's data to the disk before it returns. */
  flushSync(file: Deno.FsFile): void {
    const start = performance.now();
    file.syncDataSync();
    const end = performance.now();
    if (end - start <= QUICK_MS) this.#slowness = Math.max(0, this.#slowness - 1);
    else if ((this.#slowness += QUICK_PER_SLOW) >= SLOW_IN_A_ROW * QUICK_PER_SLOW) {
      this.#slowUntil = end + DISTRUST_MS;
      this.#slowness = 0;
    }
  }

  /**
   * Resolves when the file's data is on the disk.
   *
   * @param size The file's size in bytes.
   */
  async flush(file: Deno.FsFile, size: number): Promise<void> {
    if (this.isQuick(size)) this.flushSync(file);
    else await file.syncData();
  }
}
