/**
 * A server's list as it is told, page by page.
 *
 * @module
 */
import { ProtocolError } from "../errors.ts";
import type { ListedFile, ListPage } from "../protocol/payloads.ts";

/** Most files of a list: a server that names more is not believed. */
const MAX_FILES = 5_000_000;

/** The files of a server, kept up to date. */
export class ServerList {
  readonly #files = new Map<string, ListedFile>();
  readonly #maxFiles: number;
  #revision: number | undefined;

  /** @param maxFiles The most files to believe in. @default {5_000_000} */
  constructor(maxFiles: number = MAX_FILES) {
    this.#maxFiles = maxFiles;
  }

  /** By path. */
  get files(): ReadonlyMap<string, ListedFile> {
    return this.#files;
  }

  /**
   * Takes a page of the first list.
   *
   * @throws {ProtocolError} If it does not belong to one whole list.
   */
  begin(page: ListPage): void {
    if (!page.complete || page.revision !== (this.#revision ?? page.revision)) {
      throw new ProtocolError("The server's first list is not whole");
    }
    this.#apply(page);
  }

  /**
   * Takes a page of a change.
   *
   * @throws {ProtocolError} If it is none of a later revision.
   */
  change(page: ListPage): void {
    if (page.complete || page.revision < this.#revision!) {
      throw new ProtocolError("The server's list goes backwards");
    }
    this.#apply(page);
  }

  #apply({ revision, files, removed }: ListPage): void {
    this.#revision = revision;
    for (const path of removed) this.#files.delete(path);
    for (const file of files) this.#files.set(file.path, file);
    if (this.#files.size > this.#maxFiles) {
      throw new ProtocolError(`The server lists more than ${this.#maxFiles} files`);
    }
  }
}
