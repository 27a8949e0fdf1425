/**
 * The whole list as payloads, made once for all clients that are told it: many may come at once,
 * and a client that reads slowly has one for long.
 *
 * @module
 */
import { type EncodedPage, listPages } from "../../protocol/list_pages.ts";
import type { ListedFile } from "../../protocol/payloads.ts";

/** Where the list comes from. */
export interface ListSource {
  readonly revision: number;
  snapshot(): readonly ListedFile[];
}

interface ListSnapshot {
  readonly revision: number;
  readonly rest: Iterator<EncodedPage>;
  readonly pages: EncodedPage[];
  readers: number;
}

/** The pages of a list, as long as somebody reads them. */
export class ListCache {
  readonly #source: ListSource;
  /** Of the newest revision that was read. */
  #newest: ListSnapshot | undefined;

  constructor(source: ListSource) {
    this.#source = source;
  }

  /** The pages of the present list, each made when it is first wanted. */
  *pages(): Generator<EncodedPage> {
    const edition = this.#edition();
    edition.readers++;
    try {
      for (let at = 0;; at++) {
        const page = edition.pages[at] ?? edition.rest.next().value;
        if (!page) return;
        edition.pages[at] = page;
        yield page;
      }
    } finally {
      edition.readers--;
      if (edition.readers === 0 && this.#newest === edition) this.#newest = undefined;
    }
  }

  #edition(): ListSnapshot {
    const { revision } = this.#source;
    if (this.#newest?.revision !== revision) {
      const content = { revision, complete: true, files: this.#source.snapshot(), removed: [] };
      this.#newest = { revision, rest: listPages(content), pages: [], readers: 0 };
    }
    return this.#newest;
  }
}
