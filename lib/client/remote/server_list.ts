/**
 * A server's list, received page by page.
 *
 * @module
 */
import { ProtocolError } from "../../errors.ts";
import type { ListedFile, ListPage } from "../../protocol/payloads.ts";

/** The most files of a list. */
const MAX_FILES = 5_000_000;
/** The largest total length of a list's names and versions, in UTF-16 units. */
const MAX_LENGTH = 2 ** 30;

/** The files of a server, kept up to date. */
export class ServerList {
  readonly #files = new Map<string, ListedFile>();
  readonly #maxFiles: number;
  readonly #maxLength: number;
  #length = 0;
  #revision: number | undefined;

  /**
   * @param maxFiles The most files to accept. @default {5_000_000}
   * @param maxLength The largest total length of their names and versions, in UTF-16 units.
   */
  constructor(maxFiles: number = MAX_FILES, maxLength: number = MAX_LENGTH) {
    this.#maxFiles = maxFiles;
    this.#maxLength = maxLength;
  }

  /** The files by path. */
  get files(): ReadonlyMap<string, ListedFile> {
    return this.#files;
  }

  /**
   * Adds a page of the first list.
   *
   * @throws {ProtocolError} If it does not belong to the same complete list.
   */
  begin(page: ListPage): void {
    if (!page.complete || page.revision !== (this.#revision ?? page.revision)) {
      throw new ProtocolError("The server's first list is not whole");
    }
    this.#apply(page);
  }

  /**
   * Applies a page of a change.
   *
   * @throws {ProtocolError} If it is of an earlier revision, or complete.
   */
  change(page: ListPage): void {
    if (page.complete || page.revision < this.#revision!) {
      throw new ProtocolError("The server's list goes backwards");
    }
    this.#apply(page);
  }

  #apply({ revision, files, removed }: ListPage): void {
    this.#revision = revision;
    for (const path of removed) this.#remove(path);
    for (const file of files) {
      this.#remove(file.path);
      this.#files.set(file.path, file);
      this.#length += lengthOf(file);
    }
    if (this.#length > this.#maxLength) throw new ProtocolError("The server's list is too large");
    if (this.#files.size > this.#maxFiles) {
      throw new ProtocolError(`The server lists more than ${this.#maxFiles} files`);
    }
  }

  #remove(path: string): void {
    const file = this.#files.get(path);
    if (!file) return;
    this.#files.delete(path);
    this.#length -= lengthOf(file);
  }
}

function lengthOf({ path, version }: ListedFile): number {
  return path.length + version.length;
}
