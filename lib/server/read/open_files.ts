/**
 * Open files, shared by all readers and kept open for a moment, so that successive chunks of one
 * file do not open it each time.
 *
 * @module
 */
import type { FileHandle } from "node:fs/promises";
import type { FileIdentity } from "../../fs/file_identity.ts";
import type { DiskLane } from "./disk_gate.ts";
import { ReadPace } from "./read_pace.ts";

/** How many files are kept open, unless more are being read. */
const IDLE_FILES = 64;
/** How long a file that nothing reads is kept open, in milliseconds. */
const IDLE_MS = 2_000;

/** A reader's right to use an open file, until it is released. */
export interface FileLease {
  readonly handle: FileHandle;
  /** How quickly it is read, by all together. */
  readonly pace: ReadPace;
  /** Whether it is on a disk of this machine. */
  readonly isLocal: boolean;
  /** The calls to its disk. */
  readonly disk: DiskLane;
  /**
   * When it was looked at last, as of `performance.now()`, and its identity then: the same object as
   * long as nothing touches it.
   */
  readonly proof: { at: number; identity: FileIdentity };
  /** Gives the file back. */
  release(): void;
  /** Gives this handle to no further reader; it is closed once all readers have released it. */
  discard(): void;
}

/** A file that was opened. */
export interface OpenedFile {
  readonly handle: FileHandle;
  /** Whether it is on a disk of this machine. */
  readonly isLocal: boolean;
  readonly identity: FileIdentity;
  /** The calls to its disk. */
  readonly disk: DiskLane;
}

interface OpenFile {
  readonly opened: Promise<Pick<FileLease, "handle" | "pace" | "isLocal" | "disk" | "proof">>;
  readers: number;
  idleSince: number;
}

/** The open files of one server. */
export class OpenFiles implements AsyncDisposable {
  /** By key; the files that have been idle longest come first. */
  readonly #files = new Map<string, OpenFile>();
  #sweep: ReturnType<typeof setInterval> | undefined;

  /**
   * Reuses an open file, or opens it.
   *
   * @param key Names the content; equal keys share one open file.
   * @param open Opens it.
   * @throws What `open` throws.
   */
  async lease(key: string, open: () => Promise<OpenedFile>): Promise<FileLease> {
    const file = this.#files.get(key) ??
      { opened: withPace(open()), readers: 0, idleSince: 0 };
    this.#files.set(key, file);
    file.readers++;
    let released = false;
    try {
      return {
        ...await file.opened,
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

  /** Closes files that have been idle too long, and the longest idle ones if there are too many. */
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

async function withPace(opening: Promise<OpenedFile>) {
  const at = performance.now();
  const { identity, ...opened } = await opening;
  return { ...opened, pace: new ReadPace(opened.isLocal), proof: { at, identity } };
}

async function close(file: OpenFile): Promise<void> {
  try {
    await (await file.opened).handle.close();
  } catch {
    // It was never opened, or is closed already.
  }
}
