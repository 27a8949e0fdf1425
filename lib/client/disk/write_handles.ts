/**
 * Open files for writing, not more at once than a system allows.
 *
 * @module
 */
import { dirname } from "@std/path";
import { Flusher } from "./flusher.ts";
import { folderAt } from "./output_folder.ts";

/** How many files are open at once. */
const MAX_HANDLES = 128;

/** How long a look at a folder counts, in milliseconds: to look takes as long as to write. */
const LOOK_MS = 100;

/** Keeps the files open that were written to last. */
export class WriteHandles implements Disposable {
  readonly flusher: Flusher;

  /** By path; the one not used for longest first. */
  readonly #files = new Map<string, Deno.FsFile>();
  /** Which folder was looked at last, and when. */
  #seen = { folder: "", at: -Infinity };

  /** @param isLocal Whether the disk is one of this machine. */
  constructor(isLocal = false) {
    this.flusher = new Flusher(isLocal);
  }

  /**
   * An open file, for reading and writing. It must not be a link, nor have a second name.
   *
   * @param path Where it is.
   * @param fresh Whether it is made anew; else it must be there.
   * @throws {Error} If it cannot be opened.
   */
  open(path: string, fresh: boolean): Deno.FsFile {
    let file = this.#files.get(path);
    if (file) {
      this.#files.delete(path);
      if (fresh) {
        file.truncateSync(0);
        file.seekSync(0, Deno.SeekMode.Start);
      }
    } else {
      file = this.#openAnew(path, fresh);
    }
    this.#files.set(path, file);
    if (this.#files.size > MAX_HANDLES) this.close(this.#files.keys().next().value!);
    return file;
  }

  /** An open file like from `open`, for the caller alone, who closes it. */
  take(path: string): Deno.FsFile {
    const file = this.#files.get(path) ?? this.#openAnew(path, false);
    this.#files.delete(path);
    return file;
  }

  /** Closes a file if it is open. */
  close(path: string): void {
    this.#files.get(path)?.close();
    this.#files.delete(path);
  }

  /** Closes all. */
  [Symbol.dispose](): void {
    for (const path of [...this.#files.keys()]) this.close(path);
  }

  #openAnew(path: string, fresh: boolean): Deno.FsFile {
    const folder = dirname(path);
    this.#lookAt(folder, fresh);
    try {
      return openNoLink(path, fresh);
    } catch (error) {
      // The folder is gone since the last look.
      this.#seen.at = -Infinity;
      if (!fresh || !(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#lookAt(folder, fresh);
    return openNoLink(path, fresh);
  }

  /** The folder may have been removed while we ran, or replaced by a link, which is an error. */
  #lookAt(folder: string, makeIt: boolean): void {
    const now = performance.now();
    if (folder === this.#seen.folder && now - this.#seen.at < LOOK_MS) return;
    const isThere = folderAt(folder) !== null;
    if (!isThere && makeIt) Deno.mkdirSync(folder, { recursive: true });
    if (isThere || makeIt) this.#seen = { folder, at: now };
  }
}

function openNoLink(path: string, fresh: boolean): Deno.FsFile {
  if (fresh) {
    try {
      return Deno.openSync(path, { read: true, write: true, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    // Not truncated but made anew, so that a link or a hard link that was put here is not followed.
    Deno.removeSync(path);
    return Deno.openSync(path, { read: true, write: true, createNew: true });
  }
  const { isSymlink, nlink } = Deno.lstatSync(path);
  // What is written under a second name shows under the first, wherever that is.
  if (isSymlink || (nlink ?? 1) > 1) throw new Error(`"${path}" is a link; remove it`);
  return Deno.openSync(path, { read: true, write: true });
}
