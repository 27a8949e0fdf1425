/**
 * The whole list as payloads, encoded once for all clients: many may connect at once, and a client
 * that reads slowly holds a list for a long time.
 *
 * @module
 */
import { type EncodedPage, listPages } from "../../protocol/list_pages.ts";
import type { ListedFile } from "../../protocol/payloads.ts";

/** The source of the list. */
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

/** Keeps the pages of a list as long as they are being read. */
export class ListCache {
  readonly #source: ListSource;
  /** The snapshot of the newest revision that was read. */
  #newest: ListSnapshot | undefined;

  constructor(source: ListSource) {
    this.#source = source;
  }

  /** The pages of the present list, each encoded when it is first read. */
  *pages(): Generator<EncodedPage> {
    const snapshot = this.#snapshot();
    snapshot.readers++;
    try {
      for (let at = 0;; at++) {
        const page = snapshot.pages[at] ?? snapshot.rest.next().value;
        if (!page) return;
        snapshot.pages[at] = page;
        yield page;
      }
    } finally {
      snapshot.readers--;
      if (snapshot.readers === 0 && this.#newest === snapshot) this.#newest = undefined;
    }
  }

  #snapshot(): ListSnapshot {
    const { revision } = this.#source;
    if (this.#newest?.revision !== revision) {
      const content = { revision, complete: true, files: this.#source.snapshot(), removed: [] };
      this.#newest = { revision, rest: listPages(content), pages: [], readers: 0 };
    }
    return this.#newest;
  }
}
