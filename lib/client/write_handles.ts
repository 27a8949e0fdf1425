/**
 * Open files for writing, not more at once than a system allows.
 *
 * @module
 */
import { dirname } from "@std/path";
import { Flusher } from "./flusher.ts";
import { isFolder } from "./output_folder.ts";

/** How many files are open at once. */
const AT_MOST = 128;

/** Keeps the files open that were written to last. */
export class WriteHandles implements Disposable {
  readonly flusher = new Flusher();

  /** By path; the one not used for longest first. */
  readonly #files = new Map<string, Deno.FsFile>();

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
      if (fresh) file.truncateSync(0);
    } else {
      file = openNoLink(path, fresh);
    }
    this.#files.set(path, file);
    if (this.#files.size > AT_MOST) this.close(this.#files.keys().next().value!);
    return file;
  }

  /** An open file like from `open`, for the caller alone, who closes it. */
  take(path: string): Deno.FsFile {
    const file = this.#files.get(path) ?? openNoLink(path, false);
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
}

function openNoLink(path: string, fresh: boolean): Deno.FsFile {
  const folder = dirname(path);
  // It may have been removed while we ran, or replaced by a link, which is an error.
  if (!isFolder(folder) && fresh) Deno.mkdirSync(folder, { recursive: true });
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
