/**
 * The list and its changes, sent to one client.
 *
 * The changes that wait for a slow client are those of the catalog, not copies: clients that wait
 * share them, and what they hold together is what the slowest one holds.
 *
 * @module
 */
import { ConnectionLostError } from "../errors.ts";
import type { Connection } from "../protocol/connection.ts";
import { type EncodedPage, listPages } from "../protocol/list_pages.ts";
import { MessageType } from "../protocol/message.ts";
import type { ListedFile } from "../protocol/payloads.ts";
import type { Catalog, CatalogChange } from "./folder/catalog.ts";
import type { ListCache } from "./folder/list_cache.ts";

/** About what one changed file takes while it waits, in bytes. */
const ENTRY_BYTES = 256;
/** Small changes are sent together, up to so many files. */
const MAX_TOGETHER = 1_000;

/** A change, and the list's revision after it. */
interface RevisedChange extends CatalogChange {
  readonly revision: number;
}

/** Sends the list to one client, and each change of it until disposed. */
export class ListSender implements Disposable {
  readonly #connection: Pick<Connection, "send" | "fail">;
  readonly #catalog: Pick<Catalog, "subscribe" | "revision" | "size">;
  readonly #maxBytes: number;
  readonly #subscription: Disposable;
  /** The changes that wait, the oldest first. */
  #waiting: RevisedChange[] = [];
  #waitingFiles = 0;
  #listSent = false;
  #sendingUpdate = false;

  /**
   * @param maxBytes How much memory the waiting changes may take, about: a client for which more
   *   waits, and more files than are listed, is disconnected. It gets the whole list when it
   *   connects again, which is less.
   */
  constructor(
    connection: Pick<Connection, "send" | "fail">,
    catalog: Pick<Catalog, "subscribe" | "revision" | "size">,
    maxBytes: number,
  ) {
    this.#connection = connection;
    this.#catalog = catalog;
    this.#maxBytes = maxBytes;
    this.#subscription = catalog.subscribe((change) => this.#onCatalogChange(change));
  }

  /** Sends the whole list, then the changes since this object was created. */
  async sendAll(list: Pick<ListCache, "pages">): Promise<void> {
    await this.#sendPages(list.pages());
    this.#listSent = true;
    this.#sendUpdates();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
    this.#waiting = [];
    this.#waitingFiles = 0;
  }

  #onCatalogChange(change: CatalogChange): void {
    this.#waiting.push({ ...change, revision: this.#catalog.revision });
    this.#waitingFiles += sizeOf(change);
    this.#sendUpdates();
    // One change alone is no backlog, whatever its size.
    if (this.#waiting.length < 2) return;
    const most = Math.max(this.#maxBytes / ENTRY_BYTES, this.#catalog.size);
    if (this.#waitingFiles <= most) return;
    this[Symbol.dispose]();
    const reason = "The client reads the changes of the list too slowly";
    this.#connection.fail(new ConnectionLostError(reason));
  }

  /** Sends the waiting changes; later ones follow them. */
  async #sendUpdates(): Promise<void> {
    if (!this.#listSent || this.#sendingUpdate) return;
    this.#sendingUpdate = true;
    try {
      while (this.#waiting.length > 0) {
        await this.#sendPages(listPages({ ...this.#takeNext(), complete: false }));
      }
    } catch (error) {
      this.#connection.fail(error as Error);
    }
    this.#sendingUpdate = false;
  }

  /** Takes the next change, with small ones that follow it. */
  #takeNext(): RevisedChange {
    let files = 0;
    const fits = (change: RevisedChange) => (files += sizeOf(change)) <= MAX_TOGETHER;
    const end = this.#waiting.findIndex((change) => !fits(change));
    const taken = this.#waiting.splice(0, end < 0 ? this.#waiting.length : Math.max(1, end));
    this.#waitingFiles -= taken.reduce((sum, change) => sum + sizeOf(change), 0);
    return taken.length === 1 ? taken[0]! : merged(taken);
  }

  async #sendPages(pages: Iterable<EncodedPage>): Promise<void> {
    for (const { payload, more } of pages) {
      await this.#connection.send({ type: MessageType.LIST, payload, more });
    }
  }
}

function sizeOf({ files, removed }: CatalogChange): number {
  return files.length + removed.length;
}

/** Several changes as one: each path as the last of them has it. */
function merged(changes: readonly RevisedChange[]): RevisedChange {
  const news = new Map<string, ListedFile | null>();
  for (const { files, removed } of changes) {
    for (const file of files) news.set(file.path, file);
    for (const path of removed) news.set(path, null);
  }
  return {
    revision: changes.at(-1)!.revision,
    files: [...news.values()].filter((file) => file !== null),
    removed: [...news.keys()].filter((path) => news.get(path) === null),
  };
}
