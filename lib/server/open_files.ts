/**
 * Open files, shared by all who read them and kept open for a moment, so that chunk after chunk
 * of one file does not open it again and again.
 *
 * @module
 */
import { type FileHandle, open } from "node:fs/promises";
import { WireError } from "../errors.ts";

/** How many files stay open that nobody is reading at this moment. */
const IDLE_FILES = 64;
/** How long they stay open, in milliseconds. */
const IDLE_MS = 2_000;

/** A file that one reader may read until it releases it. */
export interface FileLease {
  readonly handle: FileHandle;
  /** Gives the file back. */
  release(): void;
  /** Makes sure that nobody else gets this handle; it is closed once all have released it. */
  discard(): void;
}

interface OpenFile {
  readonly handle: Promise<FileHandle>;
  readers: number;
  idleSince: number;
}

/** The open files of one server. */
export class OpenFiles implements AsyncDisposable {
  /** By key; those idle for longest first. */
  readonly #files = new Map<string, OpenFile>();
  #sweep: ReturnType<typeof setInterval> | undefined;

  /**
   * Opens a file, or takes it if it is open.
   *
   * @param key Names the content; equal keys share one open file.
   * @param path Where it is.
   * @throws {WireError} `not-found` or `read-failed`.
   */
  async lease(key: string, path: string): Promise<FileLease> {
    let file = this.#files.get(key);
    if (!file) {
      file = { handle: open(path, "r"), readers: 0, idleSince: 0 };
      this.#files.set(key, file);
    }
    file.readers++;
    const taken = file;
    let released = false;
    try {
      return {
        handle: await file.handle,
        release: () => {
          if (!released) this.#release(key, taken);
          released = true;
        },
        discard: () => this.#forget(key, taken),
      };
    } catch (error) {
      this.#forget(key, file);
      throw (error as NodeJS.ErrnoException).code === "ENOENT"
        ? new WireError("not-found", "There is no such file")
        : new WireError("read-failed", "The file cannot be opened", { cause: error });
    }
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
    this.#closeIdle(IDLE_FILES);
    this.#sweep ??= setInterval(() => this.#closeIdle(IDLE_FILES), IDLE_MS / 2);
  }

  #forget(key: string, file: OpenFile): void {
    if (this.#files.get(key) === file) this.#files.delete(key);
  }

  /** Closes what has been idle for too long, and the longest idle ones over a number. */
  #closeIdle(most: number): void {
    const idle = [...this.#files].filter(([, file]) => file.readers === 0);
    const old = performance.now() - IDLE_MS;
    for (const [i, [key, file]] of idle.entries()) {
      if (i >= idle.length - most && file.idleSince > old) break;
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
