/**
 * Open files, shared by all who read them and kept open for a moment, so that chunk after chunk
 * of one file does not open it again and again.
 *
 * @module
 */
import type { FileHandle } from "node:fs/promises";
import { RecentReads } from "./recent_reads.ts";

/** How many files stay open, unless more are being read at this moment. */
const IDLE_FILES = 64;
/** How long they stay open, in milliseconds. */
const IDLE_MS = 2_000;

/** A file that one reader may read until it releases it. */
export interface FileLease {
  readonly handle: FileHandle;
  /** What of it was read moments ago, by anybody. */
  readonly warm: RecentReads;
  /** Gives the file back. */
  release(): void;
  /** Makes sure that nobody else gets this handle; it is closed once all have released it. */
  discard(): void;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readonly warm: RecentReads;
  readers: number;
  idleSince: number;
}

/** The open files of one server. */
export class OpenFiles implements AsyncDisposable {
  /** By key; those idle for longest first. */
  readonly #files = new Map<string, OpenFile>();
  #sweep: ReturnType<typeof setInterval> | undefined;

  /**
   * Takes an open file, or opens it.
   *
   * @param key Names the content; equal keys share one open file.
   * @param size The content's size in bytes.
   * @param open Opens it.
   * @throws What `open` throws.
   */
  async lease(key: string, size: number, open: () => Promise<FileHandle>): Promise<FileLease> {
    const file = this.#files.get(key) ?? this.#begin(size, open);
    this.#files.set(key, file);
    file.readers++;
    let released = false;
    try {
      return {
        handle: await file.handle,
        warm: file.warm,
        release: () => {
          if (!released) this.#release(key, file);
          released = true;
        },
        discard: () => this.#forget(key, file),
      };
    } catch (error) {
      this.#forget(key, file);
      throw error;
    }
  }

  #begin(size: number, open: () => Promise<FileHandle>): OpenFile {
    return { handle: open(), warm: new RecentReads(size), readers: 0, idleSince: 0 };
  }

  /** Closes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    const files = [...this.#files.values()];
    this.#files.clear();
    await Promise.all(files.map((file) => close(file)));
  }

  #release(key: string, file: OpenFile): void {
    file.readers--;
    if (file.readers > 0) return;
    if (this.#files.get(key) !== file) {
      close(file);
      return;
    }
    file.idleSince = performance.now();
    this.#files.delete(key);
    this.#files.set(key, file);
    if (this.#files.size > IDLE_FILES) this.#closeIdle();
    this.#sweep ??= setInterval(() => this.#closeIdle(), IDLE_MS / 2);
  }

  #forget(key: string, file: OpenFile): void {
    if (this.#files.get(key) === file) this.#files.delete(key);
  }

  /** Closes what has been idle for too long, and the longest idle of too many. */
  #closeIdle(): void {
    const old = performance.now() - IDLE_MS;
    for (const [key, file] of this.#files) {
      if (file.readers > 0) continue;
      if (this.#files.size <= IDLE_FILES && file.idleSince > old) break;
      this.#files.delete(key);
      close(file);
    }
    if (this.#files.size === 0) {
      clearInterval(this.#sweep);
      this.#sweep = undefined;
    }
  }
}

async function close(file: OpenFile): Promise<void> {
  try {
    await (await file.handle).close();
  } catch {
    // It never opened, or is closed.
  }
}
