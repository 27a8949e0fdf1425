/**
 * Files that stay open for writing, no more at once than a system allows.
 *
 * @module
 */
import { dirname } from "@std/path";
import { Flusher } from "./flusher.ts";
import { OpenLimit } from "./open_limit.ts";
import { folderAt } from "./real_folder.ts";

/** How long a folder's check is valid, in milliseconds: a check takes as long as a write. */
const CHECK_VALID_MS = 100;

/** Keeps the most recently used files open. */
export class WriteHandles implements Disposable {
  readonly flusher: Flusher;
  /** The limit of this thread's open files. */
  readonly limit = new OpenLimit(() => this.#trim());

  /** By path; the least recently used first. */
  readonly #files = new Map<string, Deno.FsFile>();
  /** The folder checked last, and when. */
  #checked = { folder: "", at: -Infinity };

  /** @param isLocal Whether the disk is one of this machine. */
  constructor(isLocal = false) {
    this.flusher = new Flusher(isLocal);
  }

  /**
   * Opens a file for reading and writing. It must not be a link, nor have a second name.
   *
   * @param path The file's path.
   * @param fresh Whether an empty file is created in place of an older one; else it must exist.
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
      file = this.#openUncached(path, fresh);
    }
    this.keep(path, file);
    return file;
  }

  /** Keeps a file that was taken open for further calls. */
  keep(path: string, file: Deno.FsFile): void {
    this.#files.set(path, file);
    this.#trim();
  }

  /** Whether a file is open. */
  holds(path: string): boolean {
    return this.#files.has(path);
  }

  /** Opens a file as `open` does, for the caller alone, which must close it. */
  take(path: string): Deno.FsFile {
    const file = this.#files.get(path) ?? this.#openUncached(path, false);
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

  /** Closes the least recently used files beyond the limit. */
  #trim(): void {
    while (this.#files.size > this.limit.kept) this.close(this.#files.keys().next().value!);
  }

  #openUncached(path: string, fresh: boolean): Deno.FsFile {
    const folder = dirname(path);
    this.#checkFolder(folder, fresh);
    try {
      return openNoLink(path, fresh);
    } catch (error) {
      // The folder was removed since its last check.
      this.#checked.at = -Infinity;
      if (!fresh || !(error instanceof Deno.errors.NotFound)) throw error;
    }
    this.#checkFolder(folder, fresh);
    return openNoLink(path, fresh);
  }

  /** Checks a folder, which may have been removed meanwhile, or replaced by a link: an error. */
  #checkFolder(folder: string, create: boolean): void {
    const now = performance.now();
    if (folder === this.#checked.folder && now - this.#checked.at < CHECK_VALID_MS) return;
    const exists = folderAt(folder) !== null;
    if (!exists && create) Deno.mkdirSync(folder, { recursive: true });
    if (exists || create) this.#checked = { folder, at: now };
  }
}

function openNoLink(path: string, fresh: boolean): Deno.FsFile {
  if (fresh) {
    try {
      return Deno.openSync(path, { read: true, write: true, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    // Removed and created, not truncated, so that a link or hard link put here is not followed.
    Deno.removeSync(path);
    return Deno.openSync(path, { read: true, write: true, createNew: true });
  }
  const { isSymlink, nlink } = Deno.lstatSync(path);
  // Data written to a hard link shows under its other name, wherever that is.
  if (isSymlink || (nlink ?? 1) > 1) throw new Error(`"${path}" is a link; remove it`);
  return Deno.openSync(path, { read: true, write: true });
}
